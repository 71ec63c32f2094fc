"""Whether this installation is ready: the right role, migrations applied, the fence open."""

from functools import lru_cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from connect.core import fence
from connect.core.rowsecurity import faults


def problems() -> list[str]:
    """List what keeps this process from being ready, each as one line; empty means ready.

    Errors: OperationalError where the database is away.
    """
    missing = unapplied()
    if missing:
        return [f"migrations: {len(missing)} not applied, first {missing[0]}"]
    return [*(f"{fault.what}: {fault.fact}" for fault in faults()), *_fence()]


def unapplied() -> list[str]:
    """Name the migrations of this code that the database doesn't know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = {(app, name) for app, name in cursor.fetchall()}
    return [f"{app}.{name}" for app, name in _ours() if (app, name) not in applied]


def _fence() -> list[str]:
    try:
        inside, outside = fence.inside(), fence.outside()
    except fence.NoNumber as error:
        return [f"fence: {error}"]
    if inside == outside:
        return []
    return [f"fence: the database is at {inside}, this process at {outside}; see manage.py fence"]


@lru_cache(maxsize=1)
def _ours() -> list[tuple[str, str]]:
    return sorted(MigrationLoader(None).graph.nodes)
