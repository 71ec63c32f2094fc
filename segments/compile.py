"""From a segmentation model to the one SQL expression that says into which segment a customer falls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audiences.rules.compile import compile_tree
from audiences.rules.operators import Moment
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from audiences.rules.tree import Rule
from connect.core.models import Tenant
from connect.core.sql import Sql, join


def segment_case(tenant: Tenant, frozen: Mapping[str, Any], *, now: datetime) -> Sql:
    """Write the id of the first segment whose rule fits; NULL is Leftovers.

    Shape: a bigint expression over `c` and `s`, as `compile_rule`; `frozen["segments"]` lists mappings in order, with
    `id` (an integer) and `rule` (JSON), and may come from a model or from a run.
    Errors: Invalid naming the node, where a field that a rule asks about is declared no more.
    """
    fields = vocabulary(tenant)
    rules = [(int(segment["id"]), read_rule(fields, segment["rule"])) for segment in frozen["segments"]]
    return case_of(rules, Moment.at(now, tenant.default_zone))


def case_of(rules: Sequence[tuple[int, Rule]], at: Moment) -> Sql:
    """Write the number of the first checked rule that fits, or NULL; see `segment_case`."""
    if not rules:
        return Sql("NULL::bigint")
    branches = ["WHEN " + compile_tree(rule, at) + Sql(" THEN %s::bigint", (number,)) for number, rule in rules]
    return "(CASE " + join(" ", branches) + " END)"
