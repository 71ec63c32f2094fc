"""What a report reads: one pass over a run's messages for all its groups, and the people behind each number.

Shape: every function wants its tenant open. Only main messages count; seeds stand apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from connect.core.sql import Sql, rows
from reports.rates import Counts

#: The states of a message that the next hop took.
TAKEN = ("accepted", "delivered", "bounced")
#: After so long without a bounce, an accepted message is presumed delivered.
PRESUMED_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class RunKey:
    """Where a run's messages lie."""

    tenant_id: int
    month: date
    run_id: int


@dataclass(frozen=True)
class StateCount:
    """Messages in one state, for one reason."""

    state: str
    reason: str
    count: int


@dataclass(frozen=True)
class Group:
    """One value of a dimension with its counts. `value` is a segment id, a language, a domain …."""

    value: Any
    counts: Counts


@dataclass(frozen=True)
class HourCount:
    """What happened in one hour (its start, UTC)."""

    hour: datetime
    handed_over: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class LinkCount:
    """People who clicked one link of one revision, each counted once; machines apart."""

    revision_id: int
    link: int
    people: int
    clicks: int
    machines: int


ENGAGED = """
WITH engaged AS (
    SELECT message_id,
           bool_or(kind = 'opened') AS opened, bool_or(kind = 'clicked') AS clicked,
           bool_or(kind = 'unsubscribed') AS unsubscribed
    FROM delivery_event
    WHERE tenant_id = %s AND month = %s AND run_id = %s AND machine = ''
    GROUP BY message_id
)
"""

COUNTS = """
    count(*), count(*) FILTER (WHERE m.state IN ('accepted', 'delivered', 'bounced')),
    count(*) FILTER (WHERE m.state = 'bounced'), count(*) FILTER (WHERE e.opened), count(*) FILTER (WHERE e.clicked),
    count(*) FILTER (WHERE e.unsubscribed)
"""

MESSAGES = """
    FROM delivery_message m LEFT JOIN engaged e ON e.message_id = m.id
"""

OF_RUN = " WHERE m.tenant_id = %s AND m.month = %s AND m.run_id = %s AND m.kind = 'main' "


def totals_of(keys: Sequence[RunKey]) -> dict[int, Counts]:
    """Count several runs of one tenant in one pass, by run; one without messages is all zeros."""
    if not keys:
        return {}
    where = (keys[0].tenant_id, sorted({key.month for key in keys}), [key.run_id for key in keys])
    sql = f"""
    WITH engaged AS (
        SELECT month, message_id,
               bool_or(kind = 'opened') AS opened, bool_or(kind = 'clicked') AS clicked,
               bool_or(kind = 'unsubscribed') AS unsubscribed
        FROM delivery_event
        WHERE tenant_id = %s AND month = ANY (%s) AND run_id = ANY (%s) AND machine = ''
        GROUP BY 1, 2
    )
    SELECT m.run_id, {COUNTS}
    FROM delivery_message m LEFT JOIN engaged e ON e.message_id = m.id AND e.month = m.month
    WHERE m.tenant_id = %s AND m.month = ANY (%s) AND m.run_id = ANY (%s) AND m.kind = 'main'
    GROUP BY 1
    """
    found = {run_id: Counts(*counts) for run_id, *counts in rows(Sql(sql, where + where))}
    return {key.run_id: found.get(key.run_id, Counts()) for key in keys}


def states(key: RunKey) -> list[StateCount]:
    """Count messages by state and reason."""
    sql = f"SELECT m.state, m.reason, count(*) FROM delivery_message m {OF_RUN} GROUP BY 1, 2 ORDER BY 1, 2"
    return [StateCount(*row) for row in rows(Sql(sql, _once(key)))]


def seeds(key: RunKey) -> list[StateCount]:
    """Count seed copies by state."""
    sql = (
        "SELECT state, '', count(*) FROM delivery_message"
        " WHERE tenant_id = %s AND month = %s AND run_id = %s AND kind = 'seed' GROUP BY 1 ORDER BY 1"
    )
    return [StateCount(*row) for row in rows(Sql(sql, _once(key)))]


def exclusions(key: RunKey) -> dict[str, int]:
    """Count the members of the conversation who got no message, by reason."""
    sql = "SELECT reason, count(*) FROM campaigns_exclusion WHERE tenant_id = %s AND run_id = %s GROUP BY 1"
    return dict(rows(Sql(sql, (key.tenant_id, key.run_id))))


#: Dimension → the SQL expression over `m` (message) and `c` (customer) that it groups by. Attributes are added by name.
DIMENSIONS: dict[str, str] = {
    "segment": "m.segment_id",
    "language": "m.language",
    "domain": "m.domain",
    "country": "c.country",
    "region": "c.region",
    "zone": "c.zone",
}


def groups(key: RunKey, dimension: str, *, limit: int) -> list[Group]:
    """Count a run by one dimension of `DIMENSIONS`, the largest groups first.

    Errors: KeyError for an unknown dimension.
    """
    return _groups(key, Sql(DIMENSIONS[dimension]), limit, customers=DIMENSIONS[dimension].startswith("c."))


def attribute_groups(key: RunKey, attribute: str, *, limit: int) -> list[Group]:
    """Count a run by the values of one customer attribute as they are now; "" stands for not set."""
    return _groups(key, Sql("coalesce(c.attributes ->> %s, '')", (attribute,)), limit, customers=True)


def _groups(key: RunKey, expression: Sql, limit: int, *, customers: bool) -> list[Group]:
    join = " JOIN conversations_customer c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id" if customers else ""
    sql = (
        Sql(ENGAGED, _once(key))
        + Sql("SELECT ")
        + expression
        + Sql(f" AS value, {COUNTS} {MESSAGES}{join}")
        + Sql(OF_RUN, _once(key))
        + Sql(" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s", (limit,))
    )
    return [Group(value, Counts(*counts)) for value, *counts in rows(sql)]


def hours(key: RunKey, *, limit: int) -> list[HourCount]:
    """Count handed over messages, first opens and first clicks by the hour, the first `limit` hours, in order."""
    sql = """
    WITH firsts AS (
        SELECT date_trunc('hour', min(at), 'UTC') AS hour, kind FROM delivery_event
        WHERE tenant_id = %s AND month = %s AND run_id = %s AND machine = '' AND kind IN ('opened', 'clicked')
        GROUP BY message_id, kind
    ), happened AS (
        SELECT date_trunc('hour', settled_at, 'UTC') AS hour, 'handed' AS kind FROM delivery_message
        WHERE tenant_id = %s AND month = %s AND run_id = %s AND kind = 'main'
          AND state IN ('accepted', 'delivered', 'bounced')
        UNION ALL SELECT hour, kind FROM firsts
    )
    SELECT hour, count(*) FILTER (WHERE kind = 'handed'), count(*) FILTER (WHERE kind = 'opened'),
           count(*) FILTER (WHERE kind = 'clicked')
    FROM happened WHERE hour IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT %s
    """
    return [HourCount(*row) for row in rows(Sql(sql, (*_twice(key), limit)))]


def links(key: RunKey, *, limit: int) -> list[LinkCount]:
    """Count clicks by link, the most clicked first."""
    sql = """
    SELECT m.revision_id, e.link, count(DISTINCT e.message_id) FILTER (WHERE e.machine = ''),
           count(*) FILTER (WHERE e.machine = ''), count(*) FILTER (WHERE e.machine <> '')
    FROM delivery_event e
    JOIN delivery_message m ON m.tenant_id = e.tenant_id AND m.month = e.month AND m.id = e.message_id
    WHERE e.tenant_id = %s AND e.month = %s AND e.run_id = %s AND e.kind = 'clicked' AND m.kind = 'main'
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %s
    """
    return [LinkCount(*row) for row in rows(Sql(sql, (*_once(key), limit)))]


def machines(key: RunKey) -> dict[str, int]:
    """Count hits that a rule marked as a machine's, by kind of event."""
    sql = (
        "SELECT kind, count(*) FROM delivery_event"
        " WHERE tenant_id = %s AND month = %s AND run_id = %s AND machine <> '' GROUP BY 1"
    )
    return dict(rows(Sql(sql, _once(key))))


@dataclass(frozen=True)
class PersonRow:
    """One person behind a number. `state` is "" for a person who was left out; `reason` then says why."""

    cursor: int
    customer_public_id: Any
    external_id: str
    address: str
    language: str
    segment_id: int | None
    state: str
    reason: str
    code: str
    reply: str
    settled_at: datetime | None


def people(key: RunKey, wanted: Mapping[str, str], *, after: int, limit: int) -> list[PersonRow]:
    """List the messages behind a number, by keyset.

    `wanted` may hold state, reason, segment ("" is Leftovers), language, domain, country, region, zone, event, link
    ("revision.link", several with commas between), attribute and value. Unknown names are left out of account.
    """
    conditions = [Sql(OF_RUN, _once(key)), Sql(" AND m.id > %s", (after,))]
    conditions += [condition for name, value in wanted.items() if (condition := _condition(key, name, value, wanted))]
    sql = Sql(
        "SELECT m.id, c.public_id, c.external_id, m.address, m.language, m.segment_id, m.state, m.reason, m.code,"
        " m.reply, m.settled_at FROM delivery_message m"
        " JOIN conversations_customer c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id"
    )
    for condition in conditions:
        sql = sql + condition
    return [PersonRow(*row) for row in rows(sql + Sql(" ORDER BY m.id LIMIT %s", (limit,)))]


def excluded(key: RunKey, reason: str, *, after: int, limit: int) -> list[PersonRow]:
    """List the people left out for one reason, by keyset."""
    sql = """
    SELECT x.customer_id, c.public_id, c.external_id, c.email, c.language, NULL, '', x.reason, '', '', NULL
    FROM campaigns_exclusion x JOIN conversations_customer c ON c.tenant_id = x.tenant_id AND c.id = x.customer_id
    WHERE x.tenant_id = %s AND x.run_id = %s AND x.reason = %s AND x.customer_id > %s
    ORDER BY x.customer_id LIMIT %s
    """
    return [PersonRow(*row) for row in rows(Sql(sql, (key.tenant_id, key.run_id, reason, after, limit)))]


EQUALS = {"state": "m.state", "reason": "m.reason", "language": "m.language", "domain": "m.domain"}
OF_CUSTOMER = {"country": "c.country", "region": "c.region", "zone": "c.zone"}


def _condition(key: RunKey, name: str, value: str, wanted: Mapping[str, str]) -> Sql | None:
    if name == "state" and value == "handed_over":
        return Sql(" AND m.state = ANY (%s)", (list(TAKEN),))
    if name in EQUALS or name in OF_CUSTOMER:
        return Sql(f" AND {(EQUALS | OF_CUSTOMER)[name]} = %s", (value,))
    if name == "segment":
        return Sql(" AND m.segment_id = %s", (int(value),)) if value.isdigit() else Sql(" AND m.segment_id IS NULL")
    if name == "event":
        return _with_event(key, Sql(" AND e.kind = %s AND e.machine = ''", (value,)))
    if name == "link":
        return _clicked_one_of(key, [place.split(".") for place in value.split(",")])
    if name == "attribute":
        return Sql(" AND coalesce(c.attributes ->> %s, '') = %s", (value, wanted.get("value", "")))
    return None


def _clicked_one_of(key: RunKey, places: Sequence[Sequence[str]]) -> Sql:
    """Keep those who clicked one of these links, each named by (revision key, number)."""
    one_of = "(m.revision_id, e.link) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))"
    numbers = ([int(place[0]) for place in places], [int(place[1]) for place in places])
    return _with_event(key, Sql(f" AND e.kind = 'clicked' AND e.machine = '' AND {one_of}", numbers))


def _with_event(key: RunKey, condition: Sql) -> Sql:
    of_run = Sql(
        " AND EXISTS (SELECT FROM delivery_event e"
        " WHERE e.tenant_id = %s AND e.month = %s AND e.run_id = %s AND e.message_id = m.id",
        _once(key),
    )
    return of_run + condition + Sql(")")


def _once(key: RunKey) -> tuple[Any, ...]:
    return (key.tenant_id, key.month, key.run_id)


def _twice(key: RunKey) -> tuple[Any, ...]:
    return _once(key) + _once(key)


def presumed_delivered(key: RunKey, *, now: datetime) -> int:
    """Count delivered messages, and accepted ones without a bounce for 24 hours."""
    sql = (
        "SELECT count(*) FROM delivery_message WHERE tenant_id = %s AND month = %s AND run_id = %s AND kind = 'main'"
        " AND (state = 'delivered' OR (state = 'accepted' AND settled_at <= %s))"
    )
    found: Sequence[tuple[Any, ...]] = rows(Sql(sql, (*_once(key), now - PRESUMED_AFTER)))
    return int(found[0][0])
