"""Make the rounds: find what is due, by whatever was left undone, and ring for it. Rung every few seconds."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from django.db import connection

from campaigns.actions.runs import do_finish
from campaigns.models import Run
from campaigns.states import RunState
from connect.core import fence
from connect.core.errors import WrongState
from connect.core.handoff import Bell, ring
from connect.core.models import Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import in_tenant
from delivery.actions.breakers import check_breakers
from delivery.actions.places import free_places, taken_places
from delivery.models import Chunk

CANCELLED_CHUNKS = 1_000

# Chunks under a lease are left to their senders, who find the run cancelled with the next tick.
_CANCEL = """
WITH left_over AS (
    SELECT k.id, k.month FROM delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
    WHERE k.tenant_id = %s AND k.next_at IS NOT NULL AND k.lease_until IS NULL AND r.state = 'cancelled'
    ORDER BY k.id LIMIT %s
    FOR UPDATE OF k SKIP LOCKED
), cancelled AS (
    UPDATE delivery_message m SET state = 'cancelled', settled_at = now()
    FROM left_over l
    WHERE m.tenant_id = %s AND m.month = l.month AND m.chunk_id = l.id AND m.state = 'queued'
    RETURNING m.chunk_id
)
UPDATE delivery_chunk k
SET next_at = NULL, released_at = now(), cancelled = (SELECT count(*) FROM cancelled c WHERE c.chunk_id = k.id)
FROM left_over l WHERE k.tenant_id = %s AND k.id = l.id
"""


def make_rounds(*, now: datetime) -> None:
    """Ring for runs to plan and messages to hand over, end what was cancelled, and finish what is done.

    While the restore fence is closed nothing is rung for and no run ends.
    """
    if not fence.holds():
        return
    for tenant in _tenants("SELECT tenants_with_open_runs()"):
        look_after_runs(tenant, now=now)
    taken = taken_places()
    for tenant in _tenants("SELECT tenants_with_due_chunks(now())"):
        for _ in range(free_places(tenant, taken)):
            ring(Bell.SEND_DUE, tenant.pk, 0)


@in_tenant
def look_after_runs(tenant: Tenant, *, now: datetime) -> None:
    """Bring a tenant's runs on: plan, cancel the rest, stop what passes a limit, finish."""
    while cancel_rest(tenant) == CANCELLED_CHUNKS:
        pass
    for run_id in Run.objects.of(tenant).filter(state=RunState.PLANNING).values_list("pk", flat=True):
        ring(Bell.RUN_STARTED, tenant.pk, run_id)
    check_breakers(tenant, Run.objects.of(tenant).open().values_list("pk", flat=True), now=now)
    finish_runs(tenant, now=now)


@in_tenant
def cancel_rest(tenant: Tenant) -> int:
    """End what still waits in cancelled runs; count the chunks."""
    return run_sql(Sql(_CANCEL, (tenant.pk, CANCELLED_CHUNKS, tenant.pk, tenant.pk)))


@in_tenant
def finish_runs(tenant: Tenant, *, now: datetime) -> None:
    """Finish the runs in which nothing is left to do."""
    for run in Run.objects.of(tenant).filter(state=RunState.SENDING, planned_at__isnull=False):
        if not Chunk.objects.of(tenant).filter(run_id=run.pk).open().exists():
            with suppress(WrongState):  # somebody paused or cancelled it at this moment
                do_finish(tenant, run.pk, now=now)


def _tenants(sql: str) -> Iterator[Tenant]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found = [tenant_id for (tenant_id,) in cursor.fetchall()]
    yield from Tenant.objects.filter(pk__in=found).order_by("pk")
