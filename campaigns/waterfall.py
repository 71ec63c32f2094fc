"""The plan, aggregated: where a conversation's members go, before anything is launched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.frozen import Frozen
from campaigns.plan import counted, planned, sharing
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
    """Write the aggregate: everybody in groups, beside those of the same groups who only share an address.

    A shared address goes to the member with the lowest id. Only members whose address several customers of the tenant
    have are planned one by one.
    """
    return (
        "WITH "
        + sharing(tenant)
        + """, placed AS (
            SELECT p.*, row_number() OVER (PARTITION BY p.address ORDER BY p.customer_id) AS place
            FROM ("""
        + planned(tenant, frozen, at=at, among=Sql("SELECT id FROM sharing"))
        + """) p WHERE p.reason IS NULL
        ), grouped AS (
            SELECT reason, segment_id, tag, language, zone, people, 0 AS duplicates FROM ("""
        + counted(tenant, frozen, at=at)
        + """) everybody
            UNION ALL
            SELECT NULL, segment_id, tag, language, zone, 0, count(*) FROM placed WHERE place > 1 GROUP BY 2, 3, 4, 5
        )
        SELECT reason, segment_id, tag, language, zone, sum(people)::bigint, sum(duplicates)::bigint
        FROM grouped GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
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
