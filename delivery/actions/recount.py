"""Count chunks anew after people moved their messages, and make those due that hold something queued again."""

from collections.abc import Iterable

from connect.core.models import Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql

# The same counts as where a sender lets go of a chunk (`senders/statements.py`); it alone ends a lease.
_RECOUNT = """
WITH counted AS (
    SELECT k.id, min(m.not_before) FILTER (WHERE m.state = 'queued') AS queued,
           coalesce(bool_or(m.state = 'sending'), false) AS is_sending,
           count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')) AS accepted,
           count(*) FILTER (WHERE m.state = 'rejected') AS rejected,
           count(*) FILTER (WHERE m.state IN ('in_doubt', 'written_off')) AS in_doubt,
           count(*) FILTER (WHERE m.state = 'skipped') AS skipped,
           count(*) FILTER (WHERE m.state = 'expired') AS expired,
           count(*) FILTER (WHERE m.state = 'cancelled') AS cancelled
    FROM delivery_chunk k
    JOIN delivery_message m ON m.tenant_id = k.tenant_id AND m.month = k.month AND m.chunk_id = k.id
    WHERE k.tenant_id = %s AND k.id = ANY (%s)
    GROUP BY k.id
)
UPDATE delivery_chunk k
SET next_at = CASE WHEN k.lease_until IS NOT NULL THEN least(k.next_at, c.queued)
                   WHEN c.is_sending THEN least(c.queued, now() + interval '30 seconds') ELSE c.queued END,
    accepted = c.accepted, rejected = c.rejected, in_doubt = c.in_doubt,
    skipped = c.skipped, expired = c.expired, cancelled = c.cancelled
FROM counted c WHERE k.tenant_id = %s AND k.id = c.id
"""


def recount(tenant: Tenant, chunk_ids: Iterable[int]) -> None:
    """Bring chunks in line with their messages. Wants the tenant open."""
    run_sql(Sql(_RECOUNT, (tenant.pk, sorted(set(chunk_ids)), tenant.pk)))
