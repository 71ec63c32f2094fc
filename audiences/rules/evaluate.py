"""From a rule and one customer to yes or no, in memory, with the same meaning as the SQL."""

from datetime import datetime

from audiences.rules.fields import Facts
from audiences.rules.operators import Moment
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from audiences.rules.tree import Group, Leaf, Rule
from connect.core.models import Tenant
from conversations.models import Customer, Subscription


def matches(
    tenant: Tenant, rule: object, customer: Customer, subscription: Subscription | None = None, *, now: datetime
) -> bool:
    """Tell whether a customer, with their email subscription to the conversation, fits a rule's JSON.

    Errors: Invalid naming the node, where a field that it asks about is declared no more.
    """
    tree = read_rule(vocabulary(tenant), rule)
    return fits(tree, Facts(customer, subscription), Moment.at(now, tenant.default_zone))


def fits(rule: Rule, facts: Facts, at: Moment) -> bool:
    """Tell whether a checked rule fits what is known of one person."""
    answers = (fits(node, facts, at) if isinstance(node, Group) else leaf_fits(node, facts, at) for node in rule.rules)
    if not rule.rules:
        return not rule.negated
    return (all(answers) if rule.combinator == "and" else any(answers)) != rule.negated


def leaf_fits(leaf: Leaf, facts: Facts, at: Moment) -> bool:
    """Tell whether one comparison fits."""
    seen = leaf.field.see(facts)
    return (seen is not None and leaf.operator.test(seen, leaf.value, at)) != leaf.operator.negated
