"""Write down the clicks and opens that wait in the stream, one tenant at a time, in batches.

An entry leaves the stream after its transaction has committed. Who dies in between leaves it to be read again, and then
it is the same press within ten seconds of itself: it counts nothing twice, nor does it for two flushers at once.

Source: docs/decisions/0018-clicks-wait-in-redis.md
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import structlog
from redis.exceptions import RedisError

from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.tracking import EVIDENCE, SAME_SECONDS
from delivery.tracking.stream import Came, stream

log = structlog.get_logger(__name__)

BATCH = 10_000

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('delivery flush'), %s)"
# What is there already is looked up event by event, by its person: OFFSET keeps it from becoming a join, and the range
# makes that index the best even for a month without statistics, where the planner would read all of the tenant's.
_FLUSH = f"""
WITH came AS MATERIALIZED (
    SELECT (v.one ->> 1)::date AS month, (v.one ->> 2)::bigint AS message_id, v.one ->> 3 AS kind,
           (v.one ->> 4)::smallint AS link, to_timestamp((v.one ->> 5)::float8) AS at,
           v.one ->> 6 AS machine, v.one ->> 7 AS agent, v.place
    FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS v (one, place)
), found AS MATERIALIZED (
    SELECT c.*, m.run_id, m.customer_id, m.state
    FROM came c JOIN delivery_message m ON m.tenant_id = %s AND m.month = c.month AND m.id = c.message_id
    WHERE m.kind <> 'seed'
), resolved AS (
    UPDATE delivery_message m SET state = 'accepted', reason = '', reply = '{EVIDENCE} ' || f.kind
    FROM (SELECT DISTINCT ON (month, message_id) month, message_id, kind FROM found
          WHERE state = 'in_doubt' ORDER BY month, message_id, place) f
    WHERE m.tenant_id = %s AND m.month = f.month AND m.id = f.message_id AND m.state = 'in_doubt'
)
INSERT INTO delivery_event (tenant_id, month, message_id, run_id, customer_id, kind, at, link, machine, details)
SELECT %s, f.month, f.message_id, f.run_id, f.customer_id, f.kind, f.at, f.link, f.machine,
       CASE WHEN f.agent = '' THEN '{{}}' ELSE jsonb_build_object('agent', f.agent) END
FROM found f
WHERE NOT EXISTS (
    SELECT FROM delivery_event e
    WHERE e.tenant_id = %s
      AND e.customer_id = f.customer_id AND e.customer_id BETWEEN f.customer_id AND f.customer_id
      AND e.month = f.month AND e.message_id = f.message_id AND e.kind = f.kind
      AND e.link IS NOT DISTINCT FROM f.link AND e.machine = f.machine
      AND e.at > f.at - interval '{SAME_SECONDS} seconds' AND e.at < f.at + interval '{SAME_SECONDS} seconds'
    OFFSET 0)
ORDER BY f.place
"""


def flush(*, until: float | None = None) -> int:
    """Write down what waits, until nothing does or the clock (`time.monotonic`) says `until`; count what came.

    A Redis that is away, or another flusher at work, ends it early: what waits is left for the next time.
    """
    waiting, done = stream(), 0
    try:
        while until is None or time.monotonic() < until:
            last, came = waiting.first(BATCH)
            if not came or not _write(came):
                break
            waiting.drop(last)
            done += len(came)
    except RedisError as error:
        log.warning("tracking_stream_away", error=type(error).__name__)
    return done


def _write(came: Sequence[Came]) -> bool:
    of_tenants: dict[int, list[Came]] = defaultdict(list)
    for one in came:
        of_tenants[one.tenant_id].append(one)
    return all(_write_tenant(tenant_id, of_tenant) for tenant_id, of_tenant in of_tenants.items())


def _write_tenant(tenant_id: int, came: Sequence[Came]) -> bool:
    """Write one tenant's; False where another flusher is at it."""
    with open_tenant(tenant_id):
        [(ours,)] = rows(Sql(_LOCK, (tenant_id,)))
        if ours:
            run_sql(Sql(_FLUSH, (json.dumps(list(_different(came))), tenant_id, tenant_id, tenant_id, tenant_id)))
    return bool(ours)


def _different(came: Sequence[Came]) -> Iterator[Came]:
    """Leave out the same press within seconds of one that is kept."""
    last: dict[tuple[object, ...], float] = {}
    for one in sorted(came, key=lambda one: one.at):
        key = (one.month, one.message_id, one.kind, one.link, one.machine)
        if one.at - last.get(key, 0.0) >= SAME_SECONDS:
            last[key] = one.at
            yield one
