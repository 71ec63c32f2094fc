"""The places for senders that a tenant has: advisory locks, which a killed process gives back by dying."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from connect.core.models import Tenant

#: The first half of a lock's key, plus the number of the place: nobody else uses these. The second is the tenant.
PLACES = 0x5E4D00

_TAKEN = """
SELECT objid::bigint, count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint BETWEEN %s AND %s
GROUP BY objid
"""


@contextmanager
def place(tenant: Tenant) -> Iterator[bool]:
    """Hold one of the tenant's places, if one is free; tell whether it was."""
    with connection.cursor() as cursor:
        for number in range(settings.SENDERS_PER_TENANT):
            key = (PLACES + number, _half(tenant.pk))
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            if cursor.fetchone()[0]:
                break
        else:
            yield False
            return
    try:
        yield True
    finally:
        _give_back(key)


def taken_places() -> dict[int, int]:
    """Count the places that are taken, by the half of a tenant's id that locks know (`free_places` reads it)."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [PLACES, PLACES + settings.SENDERS_PER_TENANT])
        return {int(half): int(count) for half, count in cursor.fetchall()}


def free_places(tenant: Tenant, taken: dict[int, int]) -> int:
    """Count the places that a tenant has left."""
    return max(0, int(settings.SENDERS_PER_TENANT) - taken.get(_half(tenant.pk), 0))


def _half(tenant_id: int) -> int:
    return tenant_id % 2**31


def _give_back(key: tuple[int, int]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
    except (OperationalError, InterfaceError):
        connection.close()  # the lock has gone with its connection
