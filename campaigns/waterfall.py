"""The plan, aggregated in one pass: where a conversation's members go, before anything is launched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.frozen import Frozen
from campaigns.plan import planned
from campaigns.states import ExclusionReason
from connect.core.models import Tenant
from connect.core.sql import Sql, rows


@dataclass(frozen=True)
class Group:
    """Recipients alike: segment (None: Leftovers or everybody), the tag that fits them, what they get, their zone."""

    segment: int | None
    tag: str
    language: str
    zone: str
    people: int


@dataclass(frozen=True)
class Waterfall:
    """Where the members go: `members` = the sum of `out` + `recipients`, and `recipients` = the sum of `groups`.

    `late` are those who would get it after the expiry, by zone; `bare` those without content, by segment.
    """

    as_of: datetime
    members: int
    out: dict[ExclusionReason, int]
    recipients: int
    groups: tuple[Group, ...]
    late: dict[str, int]
    bare: tuple[tuple[int | None, int], ...] = ()

    def without_content(self, segment: int | None) -> int:
        """Count the people of a segment for whom there is no content."""
        return sum(people for one, people in self.bare if one == segment)

    def of_segment(self, segment: int | None, language: str | None = None) -> int:
        """Count the recipients of a segment, or of those who get it in a language."""
        return sum(
            group.people
            for group in self.groups
            if group.segment == segment and (language is None or group.language == language)
        )

    def reading(self, segment: int | None, tag: str) -> int:
        """Count the recipients of a segment whose own language is best served by content in `tag`."""
        return sum(group.people for group in self.groups if group.segment == segment and group.tag == tag)


def waterfall(tenant: Tenant, frozen: Frozen, *, at: datetime) -> Waterfall:
    """Count where everybody would go if the run started at `at`.

    Errors: Invalid where a rule asks about a field that is declared no more; ValueError without a conversation.
    """
    return _collect(rows(_aggregate(tenant, frozen, at=at)), at)


def _aggregate(tenant: Tenant, frozen: Frozen, *, at: datetime) -> Sql:
    """Write the aggregate.

    A shared address goes to the member with the lowest id. Only addresses that several customers of the tenant have
    (read off the index, in its order) keep groups of their own; all others fall into the few groups that pages show.
    """
    return (
        """
        WITH shared AS MATERIALIZED (
            SELECT email_key FROM conversations_customer
            WHERE tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::bigint) AND email_key <> ''
            GROUP BY email_key HAVING count(*) > 1
        ), counted AS (
            SELECT p.reason, p.segment_id, p.tag, p.language, p.zone, shared.email_key AS address,
                   count(*) AS people, min(p.customer_id) AS first
            FROM ("""
        + planned(tenant, frozen, at=at)
        + """) p LEFT JOIN shared ON p.reason IS NULL AND shared.email_key = p.address
            GROUP BY 1, 2, 3, 4, 5, 6
        ), settled AS (
            SELECT reason, segment_id, tag, language, zone, people,
                   CASE WHEN address IS NULL THEN 0
                        WHEN row_number() OVER (PARTITION BY reason, address ORDER BY first) = 1 THEN people - 1
                        ELSE people END AS duplicates
            FROM counted
        )
        SELECT reason, segment_id, tag, language, zone, sum(people)::bigint, sum(duplicates)::bigint
        FROM settled GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        """
    )


def _collect(found: Iterable[tuple[Any, ...]], at: datetime) -> Waterfall:
    out = dict.fromkeys(ExclusionReason, 0)
    groups, late, bare = [], dict[str, int](), dict[int | None, int]()
    for reason, segment, tag, language, zone, people, duplicates in found:
        if reason is None:
            out[ExclusionReason.DUPLICATE] += duplicates
            if people > duplicates:
                groups.append(Group(segment, tag, language, zone, people - duplicates))
            continue
        out[ExclusionReason(reason)] += people
        if reason == ExclusionReason.EXPIRED:
            late[zone] = late.get(zone, 0) + people
        elif reason == ExclusionReason.NO_CONTENT:
            bare[segment] = bare.get(segment, 0) + people
    recipients = sum(group.people for group in groups)
    members = recipients + sum(out.values())
    return Waterfall(at, members, out, recipients, tuple(groups), late, tuple(bare.items()))
