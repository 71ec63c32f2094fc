"""The SQL of the sender. `$1` is the tenant and `$2` the month in each; times are PostgreSQL's own.

The guard against a second copy is the move of the single message from `queued` to `sending`: it names its chunk's
lease, and each later move names the attempt. Leases only decide who looks after a chunk.
"""

from campaigns.predicates import may_send
from connect.core.predicates import is_open
from conversations.predicates import subscribed
from suppression.predicates import suppressed

LEASE_SECONDS = 30
#: A lease is reaped only so long after its end: a tick that began within it is over by then.
REAP_AFTER_SECONDS = 5
#: An attempt of an earlier lease that nobody settled for so long is in doubt.
STRAY_SECONDS = 60
#: Proven refusals of one message before we give up.
MOST_ATTEMPTS = 12

_LEASE = f"interval '{LEASE_SECONDS} seconds'"

#: The keys of one kind that pause.
_PAUSED = (
    "ARRAY(SELECT z.key FROM delivery_pace z"
    " WHERE z.tenant_id = $1::bigint AND z.kind = '{kind}' AND z.slow_until > now())"
)
_NO_PAUSE = f"k.lane <> ALL ({_PAUSED.format(kind='domain')})"

#: The runs with a chunk to claim, the longest waiting first, each with its conversation and its campaign's priority.
DUE = f"""
SELECT k.run_id, min(r.conversation_id), min(g.priority)
FROM delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
JOIN campaigns_campaign g ON g.tenant_id = r.tenant_id AND g.id = r.campaign_id
WHERE k.tenant_id = $1::bigint AND k.month = $2::date AND k.next_at <= now() AND k.lease_until IS NULL
  AND {may_send("r.id")} AND {is_open("$1::bigint")} AND {_NO_PAUSE}
  AND r.id::text <> ALL ({_PAUSED.format(kind="run")})
  AND r.conversation_id::text <> ALL ({_PAUSED.format(kind="conversation")})
GROUP BY k.run_id ORDER BY min(k.next_at), k.run_id
"""

#: Take up to $4 chunks of the run $3 in other lanes than $5, and fetch what may go now. A chunk without any is one row
#: without a message. `needs_care` tells that something in it must be looked after before it is released: see
#: `actions/care.py`.
CLAIM = f"""
WITH picked AS (
    SELECT k.id FROM delivery_chunk k
    WHERE k.tenant_id = $1::bigint AND k.run_id = $3::bigint AND k.month = $2::date
      AND k.next_at <= now() AND k.lease_until IS NULL AND {may_send("$3::bigint")}
      AND {is_open("$1::bigint")} AND {_NO_PAUSE} AND k.lane <> ALL ($5::text[])
    ORDER BY k.next_at, k.id LIMIT $4::int
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE delivery_chunk k SET lease_until = now() + {_LEASE}, lease_token = nextval('delivery_lease_seq')
    FROM picked WHERE k.tenant_id = $1::bigint AND k.id = picked.id
    RETURNING k.id, k.lease_token, k.lane
), taken AS MATERIALIZED (
    -- Asked once a chunk: beside the messages it would be asked for each of them, and each time read them all.
    SELECT l.id, l.lease_token, l.lane,
           EXISTS (SELECT FROM delivery_message b
                   WHERE b.tenant_id = $1::bigint AND b.month = $2::date AND b.chunk_id = l.id
                   AND (b.state = 'rejected' AND b.reason = 'no_mailbox'
                        OR b.state = 'queued' AND (b.quiet_at <= now() OR b.not_after <= now()))) AS needs_care
    FROM leased l
)
SELECT l.id, l.lease_token, l.lane, l.needs_care,
       m.id, m.public_id, m.kind, m.language, m.revision_id, m.address,
       m.attempt_no, m.values
FROM taken l
LEFT JOIN delivery_message m ON m.tenant_id = $1::bigint AND m.month = $2::date AND m.chunk_id = l.id
     AND m.state = 'queued' AND m.not_before <= now()
     AND (m.quiet_at IS NULL OR m.quiet_at > now()) AND (m.not_after IS NULL OR m.not_after > now())
ORDER BY l.id, m.id
"""

#: Settle outcomes ($3 message, $4 attempt, $5 state, $6 code, $7 reply, $8 delay in seconds, $9 whether the server was
#: asked, $10 reason) and give permits ($11 message, $12 chunk, $13 lease) in the runs $14.
TICK = f"""
WITH settled AS (
    UPDATE delivery_message m
    SET state = CASE WHEN o.state <> 'queued' THEN o.state
                     WHEN m.attempt_no >= {MOST_ATTEMPTS} OR m.not_after <= now() + o.delay * interval '1 second'
                     THEN 'expired' ELSE 'queued' END,
        reason = CASE WHEN o.state = 'queued' AND (m.attempt_no >= {MOST_ATTEMPTS}
                           OR m.not_after <= now() + o.delay * interval '1 second')
                      THEN 'deferred' ELSE o.reason END,
        not_before = CASE WHEN o.state = 'queued' THEN now() + o.delay * interval '1 second' ELSE m.not_before END,
        attempt_no = CASE WHEN o.asked THEN m.attempt_no ELSE m.attempt_no - 1 END,
        code = o.code, reply = o.reply, settled_at = now()
    FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::bool[], $10::text[])
         AS o (id, attempt, state, code, reply, delay, asked, reason)
    WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.id = o.id AND m.attempt_id = o.attempt
      AND (m.state = 'sending' OR m.state = 'in_doubt' AND o.state IN ('accepted', 'rejected'))
    RETURNING m.id, m.run_id, m.customer_id, m.kind, o.state, o.code, o.reply, o.asked
), deferred AS (
    INSERT INTO delivery_event (tenant_id, month, message_id, run_id, customer_id, at, kind, details)
    SELECT $1::bigint, $2::date, s.id, s.run_id, s.customer_id, now(), 'deferred',
           jsonb_build_object('code', s.code, 'reply', s.reply)
    FROM settled s WHERE s.state = 'queued' AND s.asked AND s.kind = 'main'
)
UPDATE delivery_message m
SET state = 'sending', attempt_no = m.attempt_no + 1, attempt_id = p.lease, sending_at = now()
FROM unnest($11::bigint[], $12::bigint[], $13::bigint[]) AS p (id, chunk, lease)
JOIN delivery_chunk k ON k.tenant_id = $1::bigint AND k.id = p.chunk AND k.lease_token = p.lease
JOIN campaigns_run r ON r.tenant_id = $1::bigint AND r.id = k.run_id
WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.id = p.id AND m.chunk_id = k.id AND m.state = 'queued'
  AND k.lease_until > now() AND m.not_before <= now()
  AND (m.not_after IS NULL OR m.not_after > now()) AND (m.quiet_at IS NULL OR m.quiet_at > now())
  AND r.id = ANY (ARRAY(SELECT u.run FROM unnest($14::bigint[]) AS u (run) WHERE {may_send("u.run")}))
  AND {is_open("$1::bigint")}
  AND NOT {suppressed("m.address", "r.conversation_id")}
  AND (m.kind = 'seed' OR {subscribed("m.customer_id", "r.conversation_id")})
RETURNING m.id
"""

#: Say why messages got no permit ($3 message, $4 chunk, $5 lease, $6 our own reason or ''); end those that never will.
#: Shape: (message, why); why is NULL for what only waits: a pause, a lost lease.
EXPLAIN = f"""
WITH why AS (
    SELECT m.id, CASE
        WHEN m.not_after <= now() THEN 'expired'
        WHEN r.state = 'cancelled' THEN 'cancelled'
        WHEN p.reason <> '' THEN p.reason
        WHEN {suppressed("m.address", "r.conversation_id")} THEN 'suppressed'
        WHEN m.kind = 'main' AND NOT {subscribed("m.customer_id", "r.conversation_id")} THEN 'unsubscribed'
        WHEN m.quiet_at <= now() THEN 'quiet' END AS what
    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) AS p (id, chunk, lease, reason)
    JOIN delivery_chunk k ON k.tenant_id = $1::bigint AND k.id = p.chunk AND k.lease_token = p.lease
    JOIN campaigns_run r ON r.tenant_id = $1::bigint AND r.id = k.run_id
    JOIN delivery_message m ON m.tenant_id = $1::bigint AND m.month = $2::date AND m.id = p.id AND m.chunk_id = k.id
    WHERE m.state = 'queued'
), ended AS (
    UPDATE delivery_message m
    SET state = CASE WHEN w.what IN ('expired', 'cancelled') THEN w.what ELSE 'skipped' END,
        reason = CASE w.what WHEN 'cancelled' THEN '' WHEN 'expired' THEN 'too_late' ELSE w.what END,
        settled_at = now()
    FROM why w
    WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.id = w.id AND m.state = 'queued' AND w.what <> 'quiet'
)
SELECT w.id, w.what FROM why w
"""

#: Keep chunks ($3) under their leases ($4); those that don't come back are lost.
RENEW = f"""
UPDATE delivery_chunk k SET lease_until = now() + {_LEASE}
FROM unnest($3::bigint[], $4::bigint[]) AS p (id, lease)
WHERE k.tenant_id = $1::bigint AND k.id = p.id AND k.lease_token = p.lease AND k.lease_until IS NOT NULL
  AND $2::date IS NOT NULL
RETURNING k.id
"""

#: Let go of chunks ($3) under their leases ($4): closed where nothing is queued or sending,
#: else due again with the first of them.
RELEASE = f"""
WITH stray AS (
    UPDATE delivery_message m SET state = 'in_doubt', settled_at = now(), reply = 'nobody settled this attempt'
    FROM unnest($3::bigint[], $4::bigint[]) AS p (id, lease)
    WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.chunk_id = p.id AND m.state = 'sending'
      AND m.attempt_id <> p.lease AND m.sending_at < now() - interval '{STRAY_SECONDS} seconds'
), left_over AS (
    SELECT p.id, p.lease, min(m.not_before) FILTER (WHERE m.state = 'queued') AS queued,
           coalesce(bool_or(m.state = 'sending'), false) AS is_sending,
           count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')) AS accepted,
           count(*) FILTER (WHERE m.state = 'rejected') AS rejected,
           count(*) FILTER (WHERE m.state IN ('in_doubt', 'written_off')) AS in_doubt,
           count(*) FILTER (WHERE m.state = 'skipped') AS skipped,
           count(*) FILTER (WHERE m.state = 'expired') AS expired,
           count(*) FILTER (WHERE m.state = 'cancelled') AS cancelled
    FROM unnest($3::bigint[], $4::bigint[]) AS p (id, lease)
    LEFT JOIN delivery_message m ON m.tenant_id = $1::bigint AND m.month = $2::date AND m.chunk_id = p.id
    GROUP BY p.id, p.lease
)
UPDATE delivery_chunk k
SET lease_until = NULL, released_at = now(),
    next_at = CASE WHEN l.is_sending THEN least(l.queued, now() + {_LEASE}) ELSE l.queued END,
    accepted = l.accepted, rejected = l.rejected, in_doubt = l.in_doubt,
    skipped = l.skipped, expired = l.expired, cancelled = l.cancelled
FROM left_over l
WHERE k.tenant_id = $1::bigint AND k.id = l.id AND k.lease_token = l.lease
RETURNING k.id
"""

#: Take over from who is gone: its messages under way are in doubt and never go again; the rest is free
#: for the next claim.
REAP = f"""
WITH dead AS (
    SELECT k.id FROM delivery_chunk k
    WHERE k.tenant_id = $1::bigint AND k.month = $2::date
      AND k.lease_until < now() - interval '{REAP_AFTER_SECONDS} seconds'
    ORDER BY k.id LIMIT 200
    FOR UPDATE SKIP LOCKED
), doubted AS (
    UPDATE delivery_message m
    SET state = 'in_doubt', settled_at = now(), reply = 'the sender stopped after handing over'
    FROM dead WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.chunk_id = dead.id AND m.state = 'sending'
    RETURNING m.chunk_id
)
UPDATE delivery_chunk k
SET lease_until = NULL, lease_token = nextval('delivery_lease_seq'),
    in_doubt = k.in_doubt + (SELECT count(*) FROM doubted d WHERE d.chunk_id = k.id)
FROM dead WHERE k.tenant_id = $1::bigint AND k.id = dead.id
RETURNING k.id
"""

#: Every limit, and every pause that isn't over.
LIMITS = """
SELECT z.kind, z.key, z.per_minute, z.connections, z.daily_first IS NOT NULL,
       greatest(coalesce(extract(epoch FROM z.slow_until - now()), 0), 0)::float8, z.level
FROM delivery_pace z
WHERE z.tenant_id = $1::bigint AND $2::date IS NOT NULL
  AND (z.per_minute IS NOT NULL OR z.connections IS NOT NULL OR z.daily_first IS NOT NULL OR z.slow_until > now())
"""

#: Take $5 slots of the limit of kind $3 and key $4: seconds until the first, seconds between them, how many. Nobody
#: takes what begins later than in five seconds. When the day's share is used up, the key pauses until the next day.
TAKE = """
WITH today AS (
    SELECT z.id, (now() AT TIME ZONE 'UTC')::date AS day,
           CASE WHEN z.daily_first IS NOT NULL
                THEN greatest(least(z.daily_first * 2.0 ^ greatest((now() AT TIME ZONE 'UTC')::date - z.daily_since, 0),
                                    coalesce(z.daily_most, 2147483647)), 0)::bigint
                     - CASE WHEN z.day = (now() AT TIME ZONE 'UTC')::date THEN z.day_count ELSE 0 END
                ELSE 2147483647 END AS left_over
    FROM delivery_pace z
    WHERE z.tenant_id = $1::bigint AND z.kind = $3 AND z.key = $4 AND $2::date IS NOT NULL
      AND (z.next_at IS NULL OR z.next_at < now() + interval '5 seconds')
    FOR UPDATE
)
UPDATE delivery_pace z
SET next_at = CASE WHEN z.per_minute IS NULL THEN z.next_at
                   ELSE greatest(z.next_at, now())
                        + least($5::bigint, t.left_over) * (interval '1 minute' / z.per_minute) END,
    day = t.day,
    day_count = CASE WHEN z.day = t.day THEN z.day_count ELSE 0 END + greatest(least($5::bigint, t.left_over), 0),
    slow_until = CASE WHEN t.left_over <= 0 THEN (t.day + 1)::timestamp AT TIME ZONE 'UTC' ELSE z.slow_until END,
    said = CASE WHEN t.left_over <= 0 THEN 'the day''s share of the warm-up is used up' ELSE z.said END
FROM today t
WHERE z.tenant_id = $1::bigint AND z.id = t.id
RETURNING CASE WHEN t.left_over <= 0 THEN extract(epoch FROM (t.day + 1)::timestamp AT TIME ZONE 'UTC' - now())
               WHEN z.per_minute IS NULL THEN 0
               ELSE extract(epoch FROM greatest(old.next_at, now()) - now()) END::float8,
          coalesce(60.0 / z.per_minute, 0)::float8, greatest(least($5::bigint, t.left_over), 0)
"""

#: Lanes ($3) pause for so many seconds ($4), at a level ($5), because of an answer ($6).
SLOW = """
INSERT INTO delivery_pace (tenant_id, kind, key, day_count, slow_until, level, said)
SELECT $1::bigint, 'domain', s.lane, 0, now() + s.seconds * interval '1 second', s.level, s.said
FROM unnest($3::text[], $4::float8[], $5::smallint[], $6::text[]) AS s (lane, seconds, level, said)
WHERE $2::date IS NOT NULL
ON CONFLICT (tenant_id, kind, key) DO UPDATE
SET slow_until = greatest(delivery_pace.slow_until, excluded.slow_until),
    level = greatest(delivery_pace.level, excluded.level), said = excluded.said
"""

#: Lanes ($3) whose receivers take messages again.
EASE = """
UPDATE delivery_pace z SET slow_until = NULL, level = 0, said = ''
WHERE z.tenant_id = $1::bigint AND $2::date IS NOT NULL AND z.kind = 'domain' AND z.key = ANY ($3::text[])
"""

#: Messages ($3) of chunks under our lease ($4, $5) wait for so many seconds ($6): their receiver pauses.
PUT_OFF = """
UPDATE delivery_message m SET not_before = greatest(m.not_before, now() + p.seconds * interval '1 second')
FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::float8[]) AS p (id, chunk, lease, seconds)
JOIN delivery_chunk k ON k.tenant_id = $1::bigint AND k.id = p.chunk AND k.lease_token = p.lease
WHERE m.tenant_id = $1::bigint AND m.month = $2::date AND m.id = p.id AND m.chunk_id = k.id AND m.state = 'queued'
"""

STATEMENTS = {
    "due": DUE,
    "claim": CLAIM,
    "tick": TICK,
    "explain": EXPLAIN,
    "renew": RENEW,
    "release": RELEASE,
    "reap": REAP,
    "limits": LIMITS,
    "take": TAKE,
    "slow": SLOW,
    "ease": EASE,
    "put_off": PUT_OFF,
}
