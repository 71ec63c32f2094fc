"""Behind the restore fence: what may have left since the backup is in doubt, and what was due waits for a person."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connections
from django.utils.translation import gettext as _

from campaigns.actions.launch import do_hold_due
from campaigns.actions.runs import do_cancel
from campaigns.models import Run
from campaigns.states import RunState
from connect.core import fence
from connect.core.audit import audit
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from delivery.actions.recount import recount
from delivery.did import Did

#: What a lost future may have given out: no later message, chunk or lease gets the same number, as links name them.
SKIPPED_NUMBERS = 10_000_000
_SEQUENCES = ("delivery_lease_seq", "delivery_chunk_id_seq", "delivery_message_id_seq")

# A queued message that wasn't due yet can't have left, whatever the database has forgotten.
_FREE = """
UPDATE delivery_chunk k SET lease_until = NULL, lease_token = nextval('delivery_lease_seq')
WHERE k.tenant_id = %s AND k.run_id = %s AND (k.next_at IS NOT NULL OR k.lease_until IS NOT NULL)
RETURNING k.id
"""
_DOUBT = """
UPDATE delivery_message m SET state = 'in_doubt', reason = 'restore', settled_at = now()
WHERE m.tenant_id = %s AND m.month = %s AND m.chunk_id = ANY (%s)
  AND (m.state = 'sending' OR %s AND m.state = 'queued' AND m.not_before <= now())
RETURNING m.id
"""


@dataclass(frozen=True)
class Fenced:
    """What became of a tenant, or of all, when the fence was counted up."""

    messages: int = 0
    runs: int = 0
    held: int = 0

    def __add__(self, other: "Fenced") -> "Fenced":
        return Fenced(self.messages + other.messages, self.runs + other.runs, self.held + other.held)


def count_up(*, at_least: int = 0, now: datetime) -> int:
    """Count the inner number up, as the owner of the database: from here on nothing leaves; tell the new number."""
    with connections["owner"].cursor() as cursor:
        epoch = max(fence.inside(), fence.outside(), at_least) + 1
        cursor.execute("INSERT INTO core_fence (epoch, at) VALUES (%s, %s)", [epoch, now])
        for sequence in _SEQUENCES:
            cursor.execute(f"SELECT setval('{sequence}', last_value + {SKIPPED_NUMBERS}) FROM {sequence}")
    return epoch


def doubt_everything(*, now: datetime) -> Fenced:
    """Put in doubt whatever of any tenant may have left. The fence must be closed."""
    total = Fenced()
    for tenant in Tenant.objects.order_by("pk"):
        total += doubt_unfinished(tenant, now=now)
    return total


@in_tenant
def doubt_unfinished(tenant: Tenant, *, now: datetime) -> Fenced:
    """Put a tenant's unfinished messages in doubt, end runs that aren't planned, and hold campaigns that are due.

    An unplanned run may have gone to everybody: nobody can tell to whom, so it is cancelled.
    """
    total = Fenced(held=do_hold_due(tenant, now=now))
    for run_id in Run.objects.of(tenant).exclude(state=RunState.FINISHED).order_by("pk").values_list("pk", flat=True):
        total += _doubt_run(tenant, Run.objects.of(tenant).select_for_update().get(pk=run_id), now)
    return total


def _doubt_run(tenant: Tenant, run: Run, now: datetime) -> Fenced:
    chunks = [chunk for (chunk,) in rows(Sql(_FREE, (tenant.pk, run.pk)))]
    may_have_gone = run.state != RunState.CANCELLED
    moved = len(rows(Sql(_DOUBT, (tenant.pk, run.month, chunks, may_have_gone))))
    recount(tenant, chunks)
    unplanned = may_have_gone and run.planned_at is None
    if unplanned:
        reason = _("The database was restored from a backup while it was being planned; it may have gone.")
        do_cancel(tenant, run.pk, reason=reason, now=now)
    if not moved and not unplanned:
        return Fenced()
    audit(tenant, None, Did.FENCED_RUN, run.public_id, now=now, campaign=run.campaign.name, messages=moved)
    return Fenced(messages=moved, runs=1)
