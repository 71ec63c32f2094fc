"""What metrics and readiness read over all tenants: numbers by a tenant's public id and receiver, never a name.

By chunks, which are few; by messages only of chunks in hand, just released, or with doubt.
"""

from django.db import migrations

from connect.core.rowsecurity import DefinerFunction

# As the sender claims (`senders/statements.py`), approvals apart: withdrawing one pauses the run.
MAY_GO = """
k.tenant_id = t.id AND k.next_at <= now() AND k.lease_until IS NULL AND r.state = 'sending' AND t.suspended_at IS NULL
AND NOT EXISTS (
    SELECT FROM delivery_pace z WHERE z.tenant_id = t.id AND z.slow_until > now()
    AND (z.kind = 'domain' AND z.key = k.lane OR z.kind = 'run' AND z.key = r.id::text
         OR z.kind = 'conversation' AND z.key = r.conversation_id::text))
"""
OF_RUNS = "delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id"
OF_MESSAGES = (
    "delivery_chunk k"
    " JOIN delivery_message m ON m.tenant_id = k.tenant_id AND m.month = k.month AND m.chunk_id = k.id"
)

FIGURES = f"""
SELECT t.public_id, x.lane, x.what, x.value FROM core_tenant t CROSS JOIN LATERAL (
    SELECT k.lane,
           CASE WHEN m.state = 'queued' THEN 'put_off' WHEN m.state IN ('delivered', 'bounced') THEN 'accepted'
                ELSE m.state END AS what, count(*)::float8 AS value
    FROM {OF_MESSAGES}
    WHERE k.tenant_id = t.id AND (k.released_at > now() - interval '1 minute' OR k.lease_until > now())
      AND m.settled_at > now() - interval '1 minute' AND m.state <> 'sending'
      AND (m.state <> 'queued' OR m.code <> '')
    GROUP BY 1, 2
    UNION ALL
    SELECT k.lane, y.what, CASE y.what WHEN 'due_chunks' THEN count(*)
                           ELSE extract(epoch FROM now() - min(k.next_at)) END::float8
    FROM {OF_RUNS} CROSS JOIN (VALUES ('due_chunks'), ('oldest_due_seconds')) AS y (what)
    WHERE {MAY_GO} GROUP BY 1, 2
    UNION ALL
    SELECT k.lane, 'leases', count(*)::float8 FROM delivery_chunk k
    WHERE k.tenant_id = t.id AND k.lease_until > now() GROUP BY 1
    UNION ALL
    SELECT k.lane, 'in_doubt_now', count(*)::float8 FROM {OF_MESSAGES}
    WHERE k.tenant_id = t.id AND k.in_doubt > 0 AND m.state = 'in_doubt' GROUP BY 1
) x
"""
STALLED = f"""
SELECT count(*), coalesce(max(x.waited), 0)::float8
FROM core_tenant t CROSS JOIN LATERAL (
    SELECT extract(epoch FROM now() - min(k.next_at)) AS waited FROM {OF_RUNS} WHERE {MAY_GO}
) x
WHERE x.waited > longest AND NOT EXISTS (
    SELECT FROM {OF_MESSAGES}
    WHERE k.tenant_id = t.id
      AND (k.released_at > now() - longest * interval '1 second' OR k.lease_until > now())
      AND m.settled_at > now() - longest * interval '1 second' AND m.state NOT IN ('queued', 'sending', 'in_doubt'))
"""
READS = ["delivery_chunk", "delivery_message", "delivery_pace", "campaigns_run"]


class Migration(migrations.Migration):
    dependencies = [("core", "0006_fence"), ("campaigns", "0001_initial"), ("delivery", "0008_statistics")]

    operations = [
        DefinerFunction(
            "delivery_figures()",
            returns="TABLE (tenant uuid, lane text, what text, value double precision)",
            body=FIGURES,
            reads=READS,
        ),
        DefinerFunction(
            "delivery_stalled(longest integer)",
            returns="TABLE (tenants bigint, seconds double precision)",
            body=STALLED,
            reads=READS,
        ),
    ]
