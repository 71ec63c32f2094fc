"""Whether this installation is ready: the right role, migrations applied, the fence open, messages moving."""

from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from connect.core import fence
from connect.core.rowsecurity import faults
from delivery.overall import stalled


def problems() -> list[str]:
    """List what keeps this process from being ready, each as one line; empty means ready.

    Errors: OperationalError where the database is away.
    """
    missing = unapplied()
    if missing:
        return [f"migrations: {len(missing)} not applied, first {missing[0]}"]
    return [*(f"{fault.what}: {fault.fact}" for fault in faults()), *_fence(), *_progress()]


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


def _progress() -> list[str]:
    found = stalled(settings.STALLED_SECONDS)
    if not found.tenants:
        return []
    return [f"progress: something has been due for {found.seconds:.0f} s, and nothing came to an end meanwhile"]


@lru_cache(maxsize=1)
def _ours() -> list[tuple[str, str]]:
    return sorted(MigrationLoader(None).graph.nodes)
