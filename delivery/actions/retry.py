"""Try again what a run's receiving sides turned away, where they may say yes today."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.edit import access
from campaigns.actions.runs import do_reopen
from campaigns.models import Campaign, Run
from campaigns.states import RunState
from connect.core.audit import audit
from connect.core.errors import Conflict, WrongState
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from delivery.actions.recount import recount
from delivery.did import Did

#: What may be tried again: refused for another reason than its address, or put off until we gave up. Consent and
#: suppression are asked once more before each leaves.
RETRYABLE = (
    "(m.state = 'rejected' AND m.reason = '' OR m.state = 'expired' AND m.reason = 'deferred')"
    " AND m.kind = 'main' AND (m.not_after IS NULL OR m.not_after > now())"
)
# Its tries begin anew: otherwise one that was put off too often would be given up at the first refusal.
_RETRY = f"""
UPDATE delivery_message m
SET state = 'queued', reason = '', attempt_no = 0, not_before = greatest(m.not_before, now())
FROM delivery_chunk k
WHERE m.tenant_id = %s AND m.month = %s AND {RETRYABLE}
  AND k.tenant_id = m.tenant_id AND k.id = m.chunk_id AND k.run_id = %s AND k.rejected + k.expired > 0
RETURNING m.chunk_id
"""
_COUNT = f"""
SELECT k.run_id, count(*) FILTER (WHERE m.state = 'rejected'), count(*) FILTER (WHERE m.state = 'expired')
FROM delivery_chunk k
JOIN delivery_message m ON m.tenant_id = k.tenant_id AND m.month = k.month AND m.chunk_id = k.id
WHERE k.tenant_id = %s AND k.run_id = ANY (%s) AND k.rejected + k.expired > 0 AND {RETRYABLE}
GROUP BY k.run_id
"""
#: The states of a run of which something may be tried again.
STATES = (RunState.SENDING, RunState.PAUSED, RunState.FINISHED)


@dataclass(frozen=True)
class Failed:
    """Messages of a run that may be tried again."""

    rejected: int = 0
    put_off: int = 0

    @property
    def total(self) -> int:
        """Both."""
        return self.rejected + self.put_off


@in_tenant
def retry_failed(tenant: Tenant, run_id: UUID, *, by: Member, now: datetime) -> int:
    """Queue a run's failed messages again, and let it send; count them.

    Errors: Run.DoesNotExist; Forbidden; WrongState where the run was cancelled or isn't planned; Conflict where its
    campaign has expired, an approval was withdrawn, or nothing may be tried again.
    """
    run = Run.objects.of(tenant).select_related("campaign").get(public_id=run_id)
    try:
        campaign = access(tenant, run.campaign.public_id, Role.MARKETER, by)
    except Campaign.DoesNotExist as error:
        raise Run.DoesNotExist from error
    if run.state not in STATES or run.planned_at is None:
        raise WrongState(_("The run can’t send: nothing of it may be tried again."))
    do_reopen(tenant, run.pk, by=by, now=now)
    moved = rows(Sql(_RETRY, (tenant.pk, run.month, run.pk)))
    if not moved:
        raise Conflict(_("Nothing of it may be tried again."))
    recount(tenant, [chunk for (chunk,) in moved])
    audit(tenant, by, Did.RETRIED_RUN, run.public_id, now=now, campaign=campaign.name, messages=len(moved))
    return len(moved)


def failed(tenant: Tenant, run_ids: list[int]) -> dict[int, Failed]:
    """Count what may be tried again, by run; a run without any is left out. Wants the tenant open."""
    found = rows(Sql(_COUNT, (tenant.pk, run_ids)))
    return {run_id: Failed(rejected, put_off) for run_id, rejected, put_off in found}
