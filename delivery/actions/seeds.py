"""Write the copies for seeds: one for each segment × language and address, filled from a real customer's message."""

from campaigns.frozen import Seeds
from campaigns.models import Run
from connect.core.models import Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql

# A cell's copies leave with its first messages. Statistics and consent don't know them; suppression does.
_PLAN = """
WITH sample AS (
    SELECT DISTINCT ON (m.segment_id, m.language) m.*
    FROM delivery_message m
    WHERE m.tenant_id = %s AND m.month = %s AND m.run_id = %s AND m.trigger = 0 AND m.kind = 'main'
      AND m.channel = 'email' AND m.customer_id > %s AND m.customer_id <= %s
    ORDER BY m.segment_id, m.language, m.not_before, m.customer_id
), wanted AS (
    SELECT s.*, seed.address AS seed_address
    FROM sample s CROSS JOIN unnest(%s::text[]) AS seed (address)
    WHERE NOT EXISTS (
        SELECT FROM delivery_message x
        WHERE x.tenant_id = s.tenant_id AND x.month = s.month AND x.run_id = s.run_id AND x.trigger = 0
          AND x.channel = s.channel AND x.segment_id IS NOT DISTINCT FROM s.segment_id AND x.language = s.language
          AND x.address = seed.address AND x.kind = 'seed')
), chunk AS (
    INSERT INTO delivery_chunk (tenant_id, run_id, month, next_at, total, lease_token, is_seed,
                                accepted, rejected, in_doubt, skipped, expired, cancelled)
    SELECT tenant_id, run_id, month, min(not_before), count(*), 0, true, 0, 0, 0, 0, 0, 0
    FROM wanted GROUP BY tenant_id, run_id, month
    RETURNING id
)
INSERT INTO delivery_message (tenant_id, month, run_id, chunk_id, kind, customer_id, segment_id, language, revision_id,
                              address, domain, not_before, not_after, quiet_at, values)
SELECT w.tenant_id, w.month, w.run_id, chunk.id, 'seed', w.customer_id, w.segment_id, w.language, w.revision_id,
       w.seed_address, split_part(w.seed_address, '@', 2), w.not_before, w.not_after, w.quiet_at, w.values
FROM wanted w CROSS JOIN chunk
ON CONFLICT DO NOTHING
"""


def plan_seeds(tenant: Tenant, run: Run, seeds: Seeds | None, *, last: int) -> int:
    """Write the copies for cells that came up first in the page that ends with the customer `last`; count them."""
    if seeds is None or not seeds.seeds:
        return 0
    addresses = sorted({seed.email_key for seed in seeds.seeds})
    return run_sql(Sql(_PLAN, (tenant.pk, run.month, run.pk, run.plan_cursor, last, addresses)))
