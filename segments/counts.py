"""How many members of a conversation fall into each segment, in one pass over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiences.counts import bounded, members_of
from audiences.rules.compile import compile_tree
from audiences.rules.operators import Moment
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from conversations.models import Conversation
from segments.compile import case_of


@dataclass(frozen=True)
class SegmentCounts:
    """`people` by segment, in order, and the rest; together they are the conversation's members."""

    people: tuple[int, ...]
    leftovers: int
    members: int
    as_of: datetime


@in_tenant
def count_segments(
    tenant: Tenant, conversation: Conversation, rules: Sequence[object], *, among: object = None, now: datetime
) -> SegmentCounts:
    """Count a conversation's members by the first of these rules (JSON) that fits; `among` is a rule that all must fit.

    Errors: Invalid naming a node; TooSlow, as `audiences.counts.count`.
    """
    fields, at = vocabulary(tenant), Moment.at(now, tenant.default_zone)
    case = case_of([(place, read_rule(fields, rule)) for place, rule in enumerate(rules)], at)
    where = " WHERE " + compile_tree(read_rule(fields, among), at) if among is not None else Sql("")
    with bounded():
        found = dict(
            rows("SELECT " + case + ", count(*) FROM " + members_of(tenant, conversation) + where + " GROUP BY 1")
        )
    people = tuple(found.get(place, 0) for place in range(len(rules)))
    return SegmentCounts(people, found.get(None, 0), sum(found.values()), now)
