"""From a rule to one SQL predicate over `c` and `s`. Text is ours; whatever a person typed is a parameter."""

from datetime import datetime

from audiences.rules.operators import Moment
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from audiences.rules.tree import Group, Leaf, Rule
from connect.core.models import Tenant
from connect.core.sql import Sql, join


def compile_rule(tenant: Tenant, rule: object, *, now: datetime) -> Sql:
    """Turn a rule's JSON into a boolean SQL expression.

    Shape: over the aliases `c` = conversations_customer and `s` = conversations_subscription, which may be
    outer-joined; true or false, never NULL, so that it may stand in WHERE, after NOT and in CASE. Empty: `true`.
    Errors: Invalid naming the node, where a field that it asks about is declared no more.
    """
    return compile_tree(read_rule(vocabulary(tenant), rule), Moment.at(now, tenant.default_zone))


def compile_tree(rule: Rule, at: Moment) -> Sql:
    """Turn a checked rule into a boolean SQL expression; see `compile_rule`."""
    if not rule.rules:
        whole = Sql("true")
    else:
        pieces = [compile_tree(node, at) if isinstance(node, Group) else _compile_leaf(node, at) for node in rule.rules]
        whole = "(" + join(" AND " if rule.combinator == "and" else " OR ", pieces) + ")"
    return "(NOT " + whole + ")" if rule.negated else whole


def _compile_leaf(leaf: Leaf, at: Moment) -> Sql:
    field = leaf.field
    fits = leaf.operator.sql(field.expr, leaf.value, at)
    if field.guard:
        fits = fits + " AND " + field.guard
    if field.nullable:
        return "((" + fits + (") IS NOT TRUE)" if leaf.operator.negated else ") IS TRUE)")
    return ("(NOT (" if leaf.operator.negated else "((") + fits + "))"
