"""What the delivery pages read: chunks added up, which are few, and messages only where few are looked for.

Every function wants its tenant open and takes a scope: the runs that the member may see.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from connect.core.models import Member, Tenant
from connect.core.sql import Sql, rows

#: Up to so many messages a run is counted message by message, so that it moves before a chunk is done.
EXACT_MESSAGES = 20_000
#: Domains are told from the messages of so many chunks, the latest ones.
LATEST_CHUNKS = 250
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Doubt is resolved later, message by message: chunks that had some are counted anew.
_PROGRESS = """
WITH chunks AS (
    SELECT k.* FROM delivery_chunk k WHERE k.tenant_id = %s AND k.run_id = ANY (%s) AND NOT k.is_seed
), doubted AS (
    SELECT k.run_id, count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')) AS accepted,
           count(*) FILTER (WHERE m.state = 'rejected') AS rejected,
           count(*) FILTER (WHERE m.state IN ('in_doubt', 'written_off')) AS in_doubt
    FROM chunks k JOIN delivery_message m ON m.tenant_id = k.tenant_id AND m.month = k.month AND m.chunk_id = k.id
    WHERE k.in_doubt > 0 GROUP BY k.run_id
)
SELECT k.run_id, min(k.month), sum(k.total),
       coalesce(sum(k.accepted) FILTER (WHERE k.in_doubt = 0), 0) + coalesce(min(d.accepted), 0),
       coalesce(sum(k.rejected) FILTER (WHERE k.in_doubt = 0), 0) + coalesce(min(d.rejected), 0),
       coalesce(min(d.in_doubt), 0), sum(k.skipped), sum(k.expired), sum(k.cancelled),
       coalesce(sum(k.accepted) FILTER (WHERE k.released_at > %s), 0),
       min(k.next_at) FILTER (WHERE k.lease_until IS NULL), count(k.lease_until)
FROM chunks k LEFT JOIN doubted d ON d.run_id = k.run_id
GROUP BY k.run_id
"""

_EXACT = """
SELECT m.run_id, count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')),
       count(*) FILTER (WHERE m.state = 'rejected'), count(*) FILTER (WHERE m.state IN ('in_doubt', 'written_off')),
       count(*) FILTER (WHERE m.state = 'skipped'), count(*) FILTER (WHERE m.state = 'expired'),
       count(*) FILTER (WHERE m.state = 'cancelled')
FROM delivery_message m
WHERE m.tenant_id = %s AND m.month = %s AND m.run_id = %s AND m.trigger = 0 AND m.kind = 'main' AND m.channel = 'email'
GROUP BY m.run_id
"""


@dataclass(frozen=True)
class Progress:
    """How far a run is. The counts and `waiting` add up to `total`."""

    total: int
    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    skipped: int = 0
    expired: int = 0
    cancelled: int = 0
    last_minute: int = 0
    next_at: datetime | None = None
    senders: int = 0

    @property
    def waiting(self) -> int:
        """Messages that haven't come to an end."""
        return self.total - self.ended

    @property
    def ended(self) -> int:
        """Messages that have."""
        return self.accepted + self.rejected + self.in_doubt + self.skipped + self.expired + self.cancelled


def progress(tenant: Tenant, run_ids: Sequence[int], *, now: datetime) -> dict[int, Progress]:
    """Tell how far runs are; one that isn't planned yet is left out."""
    found = {}
    for run_id, month, total, *ended, last_minute, next_at, senders in rows(
        Sql(_PROGRESS, (tenant.pk, list(run_ids), now - timedelta(minutes=1)))
    ):
        if senders and total <= EXACT_MESSAGES:
            [(_, *ended)] = rows(Sql(_EXACT, (tenant.pk, month, run_id)))
        accepted, rejected, in_doubt, skipped, expired, cancelled = ended
        found[run_id] = Progress(
            total=total,
            accepted=accepted,
            rejected=rejected,
            in_doubt=in_doubt,
            skipped=skipped,
            expired=expired,
            cancelled=cancelled,
            last_minute=last_minute,
            next_at=next_at,
            senders=senders,
        )
    return found


def scope_of(member: Member, departments: set[int] | None) -> Sql:
    """Write the condition on `k.run_id` that keeps the runs of these departments; None keeps all."""
    if departments is None:
        return Sql("true")
    return Sql(
        "k.run_id IN (SELECT r.id FROM campaigns_run r JOIN campaigns_campaign c ON c.tenant_id = r.tenant_id"
        " AND c.id = r.campaign_id WHERE c.tenant_id = %s AND c.department_id = ANY (%s))",
        (member.tenant_id, sorted(departments)),
    )


def by_minute(tenant: Tenant, scope: Sql, *, now: datetime) -> list[int]:
    """Count what was handed over in each of the last 60 minutes, the present one last."""
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    sql = (
        "SELECT floor(extract(epoch FROM %s - k.released_at) / 60)::int, sum(k.accepted) FROM delivery_chunk k"
        " WHERE k.tenant_id = %s AND k.released_at > %s AND NOT k.is_seed AND "
    )
    asked = Sql(sql, (until, tenant.pk, until - HOUR)) + scope + " GROUP BY 1"
    minutes = [0] * 60
    for ago, count in rows(asked):
        minutes[59 - min(max(int(ago), 0), 59)] += int(count)
    return minutes


@dataclass(frozen=True)
class DomainCount:
    """What became of the latest messages to one domain."""

    domain: str
    accepted: int
    waiting: int
    rejected: int
    in_doubt: int


def domains(tenant: Tenant, scope: Sql, *, now: datetime, most: int = 12) -> list[DomainCount]:
    """Tell of the domains of the latest chunks, the largest first. Waiting ones were put off by the domain."""
    sql = (
        "WITH latest AS (SELECT k.id, k.month FROM delivery_chunk k"
        " WHERE k.tenant_id = %s AND k.released_at > %s AND NOT k.is_seed AND "
    )
    rest = (
        " ORDER BY k.released_at DESC LIMIT %s)"
        " SELECT m.domain, count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')),"
        " count(*) FILTER (WHERE m.state = 'queued' AND m.attempt_no > 0),"
        " count(*) FILTER (WHERE m.state = 'rejected'),"
        " count(*) FILTER (WHERE m.state = 'in_doubt')"
        " FROM latest l JOIN delivery_message m ON m.tenant_id = %s AND m.month = l.month AND m.chunk_id = l.id"
        " GROUP BY m.domain ORDER BY count(*) DESC, m.domain LIMIT %s"
    )
    asked = Sql(sql, (tenant.pk, now - HOUR)) + scope + Sql(rest, (LATEST_CHUNKS, tenant.pk, most))
    return [DomainCount(*row) for row in rows(asked)]


@dataclass(frozen=True)
class Receiver:
    """Where one receiver stands: what of its chunks is due and in senders' hands, and why it pauses, if it does."""

    lane: str
    due: int
    oldest_due: datetime | None
    leases: int
    slow_until: datetime | None
    said: str


# As the sender claims: only of runs that send. A receiver that pauses is shown whether something waits for it or not.
_RECEIVERS = """
WITH chunks AS (
    SELECT k.lane, count(*) FILTER (WHERE k.lease_until IS NULL AND k.next_at <= now()) AS due,
           min(k.next_at) FILTER (WHERE k.lease_until IS NULL AND k.next_at <= now()) AS oldest,
           count(*) FILTER (WHERE k.lease_until > now()) AS leases
    FROM delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
    WHERE k.tenant_id = %s AND (k.next_at <= now() OR k.lease_until > now()) AND r.state = 'sending' AND """
_PAUSES = """
    GROUP BY k.lane
), pauses AS (
    SELECT z.key AS lane, z.slow_until, z.said FROM delivery_pace z
    WHERE z.tenant_id = %s AND z.kind = 'domain' AND z.slow_until > now()
)
SELECT lane, coalesce(c.due, 0), c.oldest, coalesce(c.leases, 0), p.slow_until, coalesce(p.said, '')
FROM chunks c FULL JOIN pauses p USING (lane)
ORDER BY p.slow_until IS NULL, c.oldest NULLS LAST, lane LIMIT %s
"""


def receivers(tenant: Tenant, scope: Sql, *, most: int = 12) -> list[Receiver]:
    """Tell of the receivers with something due or in hand, and of those that pause; these come first."""
    asked = Sql(_RECEIVERS, (tenant.pk,)) + scope + Sql(_PAUSES, (tenant.pk, most))
    return [Receiver(*row) for row in rows(asked)]


@dataclass(frozen=True)
class CodeCount:
    """How often a code was the end of a message, with one of the replies that came with it."""

    code: str
    reason: str
    reply: str
    count: int


def refusals(tenant: Tenant, scope: Sql, *, now: datetime, most: int = 20) -> list[CodeCount]:
    """Count the rejections of the last day by code, the most frequent first."""
    rest = (
        " SELECT m.code, m.reason, min(m.reply), count(*) FROM chosen l JOIN delivery_message m"
        " ON m.tenant_id = %s AND m.month = l.month AND m.chunk_id = l.id"
        " WHERE m.state = 'rejected' AND m.kind = 'main' GROUP BY m.code, m.reason ORDER BY 4 DESC, 1 LIMIT %s"
    )
    return [CodeCount(*row) for row in rows(_rejecting(tenant, scope, now) + Sql(rest, (tenant.pk, most)))]


@dataclass(frozen=True)
class Letter:
    """One message as a list shows it."""

    message_id: int
    run_id: int
    customer_id: int
    address: str
    state: str
    code: str
    reason: str
    reply: str
    attempts: int
    at: datetime | None
    seen: int
    public_id: UUID
    handed_at: datetime | None


def rejected(tenant: Tenant, scope: Sql, code: str, *, before: int, limit: int, now: datetime) -> list[Letter]:
    """List the rejections of the last day with one code, or with any (""), the newest first."""
    where = " WHERE m.state = 'rejected' AND m.kind = 'main' AND %s IN ('', m.code) AND (%s = 0 OR m.id < %s)"
    return letters(_rejecting(tenant, scope, now), tenant, Sql(where, (code, before, before)), limit)


def count_in_doubt(tenant: Tenant, scope: Sql) -> int:
    """Count what is in doubt."""
    sql = (
        "SELECT count(*) FROM delivery_chunk k JOIN delivery_message m ON m.tenant_id = k.tenant_id"
        " AND m.month = k.month AND m.chunk_id = k.id AND m.state = 'in_doubt'"
        " WHERE k.tenant_id = %s AND k.in_doubt > 0 AND "
    )
    return int(rows(Sql(sql, (tenant.pk,)) + scope)[0][0])


def _rejecting(tenant: Tenant, scope: Sql, now: datetime) -> Sql:
    chosen = (
        "WITH chosen AS (SELECT k.id, k.month FROM delivery_chunk k"
        " WHERE k.tenant_id = %s AND k.rejected > 0 AND k.released_at > %s AND "
    )
    return Sql(chosen, (tenant.pk, now - DAY)) + scope + " ORDER BY k.released_at DESC LIMIT 2000)"


def letters(chosen: Sql, tenant: Tenant, where: Sql, limit: int) -> list[Letter]:
    """List the messages of `chosen` chunks, a CTE with `id` and `month`, that `where` keeps, the newest first."""
    select = (
        " SELECT m.id, m.run_id, m.customer_id, m.address, m.state, m.code, m.reason, m.reply, m.attempt_no,"
        " coalesce(m.settled_at, m.sending_at), (SELECT count(*) FROM delivery_event e WHERE e.tenant_id = m.tenant_id"
        " AND e.customer_id = m.customer_id AND e.month = m.month AND e.message_id = m.id AND e.kind <> 'deferred'),"
        " m.public_id, m.sending_at"
        " FROM chosen l JOIN delivery_message m ON m.tenant_id = %s AND m.month = l.month AND m.chunk_id = l.id"
    )
    asked = chosen + Sql(select, (tenant.pk,)) + where + Sql(" ORDER BY m.id DESC LIMIT %s", (limit,))
    return [Letter(*row) for row in rows(asked)]


@dataclass(frozen=True)
class Moment:
    """One thing that happened between a customer and us."""

    at: datetime
    kind: str
    run_id: int
    link: str
    machine: str
    details: dict[str, Any]


_TIMELINE = """
SELECT * FROM (
    SELECT coalesce(m.settled_at, m.sending_at, m.not_before), m.state, m.run_id, '', '',
           jsonb_build_object('code', m.code, 'reply', m.reply, 'reason', m.reason, 'address', m.address)
    FROM delivery_message m WHERE m.tenant_id = %s AND m.customer_id = %s AND m.kind = 'main'
    ORDER BY 1 DESC LIMIT %s) messages
UNION ALL
SELECT * FROM (
    SELECT e.at, e.kind, e.run_id, coalesce(v.links ->> e.link, ''), e.machine, e.details
    FROM delivery_event e
    LEFT JOIN delivery_message m ON m.tenant_id = e.tenant_id AND m.month = e.month AND m.id = e.message_id
    LEFT JOIN content_revision v ON v.tenant_id = m.tenant_id AND v.id = m.revision_id
    WHERE e.tenant_id = %s AND e.customer_id = %s
    ORDER BY 1 DESC LIMIT %s) events
ORDER BY 1 DESC LIMIT %s
"""


def timeline(tenant: Tenant, customer_id: int, *, most: int = 50) -> list[Moment]:
    """List what happened with one customer, the newest first."""
    key = (tenant.pk, customer_id, most)
    found = rows(Sql(_TIMELINE, (*key, *key, most)))
    return [
        Moment(at, kind, run_id, link, machine, json.loads(said)) for at, kind, run_id, link, machine, said in found
    ]
