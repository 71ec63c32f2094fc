"""What is in doubt, run by run and message by message, and what members have proposed about it.

Every function wants its tenant open and takes a scope: the runs that the member may see.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Run
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from delivery import figures
from delivery.figures import Letter
from delivery.models import DoubtProposal
from delivery.states import ProposalState

#: So long evidence is waited for: an open, a click, a bounce, the log of the next hop.
OVERDUE = timedelta(hours=72)

_CHUNKS = "SELECT k.id, k.month, k.run_id FROM delivery_chunk k WHERE k.tenant_id = %s AND k.in_doubt > 0 AND "
_MESSAGES = (
    " delivery_message m ON m.tenant_id = %s AND m.month = l.month AND m.chunk_id = l.id AND m.state = 'in_doubt'"
)


@dataclass(frozen=True)
class Doubtful:
    """A run with messages in doubt: how many, since when, and how many of them for longer than anybody waits."""

    run_id: int
    count: int
    since: datetime
    overdue: int


def by_run(tenant: Tenant, scope: Sql, *, now: datetime) -> list[Doubtful]:
    """List the runs with messages in doubt, the longest waiting first."""
    select = (
        ") SELECT l.run_id, count(*), min(coalesce(m.settled_at, m.sending_at, %s)),"
        " count(*) FILTER (WHERE coalesce(m.settled_at, m.sending_at) < %s) FROM chosen l JOIN"
    )
    asked = (
        Sql("WITH chosen AS (" + _CHUNKS, (tenant.pk,))
        + scope
        + Sql(select, (now, now - OVERDUE))
        + Sql(_MESSAGES + " GROUP BY l.run_id ORDER BY 3, 1", (tenant.pk,))
    )
    return [Doubtful(*row) for row in rows(asked)]


def in_doubt(tenant: Tenant, scope: Sql, *, before: int, limit: int) -> list[Letter]:
    """List what is in doubt, the newest first."""
    where = " WHERE m.state = 'in_doubt' AND (%s = 0 OR m.id < %s)"
    return figures.letters(_chosen(tenant, scope), tenant, Sql(where, (before, before)), limit)


def one(tenant: Tenant, run: Run, message_id: int) -> Letter | None:
    """Read one message in doubt of a run."""
    where = Sql(" WHERE m.state = 'in_doubt' AND m.id = %s", (message_id,))
    return next(iter(figures.letters(_chosen(tenant, Sql("k.run_id = %s", (run.pk,))), tenant, where, 1)), None)


def open_proposals(tenant: Tenant, run_ids: set[int]) -> list[DoubtProposal]:
    """List what waits for a decision about these runs, the oldest first."""
    proposed = DoubtProposal.objects.of(tenant).filter(state=ProposalState.PROPOSED, run_id__in=run_ids)
    return list(proposed.select_related("proposed_by").order_by("id"))


def decided_proposals(tenant: Tenant, run_ids: set[int] | None, most: int = 10) -> list[DoubtProposal]:
    """List what was decided last; None keeps all runs."""
    decided = DoubtProposal.objects.of(tenant).exclude(state=ProposalState.PROPOSED)
    if run_ids is not None:
        decided = decided.filter(run_id__in=run_ids)
    return list(decided.select_related("proposed_by", "decided_by").order_by("-decided_at", "-id")[:most])


def _chosen(tenant: Tenant, scope: Sql) -> Sql:
    return Sql("WITH chosen AS (" + _CHUNKS, (tenant.pk,)) + scope + ")"
