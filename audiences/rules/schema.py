"""The door of the rule language: JSON in, a checked tree out, or a refusal that names the node.

The JSON is react-querybuilder's RuleGroupType; `rule.schema.json` describes it for other programs. Its version is 1 and
isn't written down in the rules: a later version will be.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from audiences.rules.fields import Field
from audiences.rules.operators import MAX_DAYS, Takes
from audiences.rules.sources import Vocabulary, vocabulary
from audiences.rules.tree import Group, Leaf, Node, Rule
from audiences.rules.types import BadValue
from connect.core.errors import Invalid
from connect.core.models import Tenant

MAX_DEPTH = 10
MAX_NODES = 200
MAX_VALUES = 500
#: Values of all comparisons together, and the length of the whole as JSON in ASCII. `DATA_UPLOAD_MAX_…` in the settings
#: let the form of such a rule in.
MAX_ALL_VALUES = 5_000
MAX_JSON_CHARACTERS = 200_000
MAX_FAULTS = 20

COMBINATORS = ("and", "or")
GROUP_KEYS = frozenset({"combinator", "not", "rules", "id"})
RULE_KEYS = frozenset({"field", "operator", "value", "id", "valueSource"})

#: What a tree without any rule looks like: everybody.
EVERYBODY: Mapping[str, Any] = {"combinator": "and", "rules": []}


@dataclass(frozen=True)
class Weight:
    """How large one rule is, or several together."""

    parts: int = 0
    values: int = 0
    characters: int = 0

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(self.parts + other.parts, self.values + other.values, self.characters + other.characters)

    def complaint(self, parts: int) -> str:
        """Say what is too much where that may have so many parts; "" where nothing is."""
        if self.parts > parts:
            return _("All rules together may have %(limit)d parts at most; these have %(count)d.") % {
                "limit": parts,
                "count": self.parts,
            }
        if self.values > MAX_ALL_VALUES:
            return _("All lists together may hold %(limit)d values at most; these hold %(count)d.") % {
                "limit": MAX_ALL_VALUES,
                "count": self.values,
            }
        return _("This is too much to keep. Shorten the lists.") if self.characters > MAX_JSON_CHARACTERS else ""


def weigh(rule: Rule) -> Weight:
    """Measure a checked rule."""
    leaves = list(rule.leaves())
    values = sum(len(leaf.raw) for leaf in leaves if isinstance(leaf.raw, list))
    return Weight(_count_groups(rule) + len(leaves), values, len(json.dumps(canonical(rule))))


def _count_groups(rule: Rule) -> int:
    return 1 + sum(_count_groups(node) for node in rule.rules if isinstance(node, Group))


def check_rule(tenant: Tenant, rule: object, *, at: str = "") -> Rule:
    """Check a rule before it is stored.

    Shape: `at` goes before each node's path in the refusal, as in `segments.2.rule.`.
    Errors: Invalid, each bad node named by its path (`rules.1.rules.0.value`).
    """
    return check_in(vocabulary(tenant), rule, at=at)


def check_in(fields: Vocabulary, rule: object, *, at: str = "") -> Rule:
    """Check a rule against a vocabulary that was read already; see `check_rule`."""
    checked = _Reader(fields, at, declared_choices_only=True).read(rule)
    if too_much := weigh(checked).complaint(MAX_NODES):
        raise Invalid({at.removesuffix("."): too_much})
    return checked


def read_rule(fields: Vocabulary, rule: object) -> Rule:
    """Read a stored rule. A choice that is declared no more stays: nobody fits it.

    Errors: Invalid where a field is declared no more.
    """
    return _Reader(fields, "", declared_choices_only=False).read(rule)


def parse_rule(text: str) -> object:
    """Parse JSON text from outside; `check_rule` comes next.

    Errors: Invalid when it is too long, too deep or not JSON.
    """
    if len(text) > MAX_JSON_CHARACTERS:
        raise Invalid({"": _("This rule is too large.")})
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Invalid({"": _too_deep()}) from error
    except ValueError as error:
        raise Invalid({"": _("This is not JSON.")}) from error


def canonical(rule: Rule) -> dict[str, Any]:
    """Write a checked rule as the JSON that is stored."""
    written: dict[str, Any] = {"combinator": rule.combinator}
    if rule.negated:
        written["not"] = True
    written["rules"] = [canonical(node) if isinstance(node, Group) else _canonical_leaf(node) for node in rule.rules]
    return written


def _canonical_leaf(leaf: Leaf) -> dict[str, Any]:
    written = {"field": leaf.field.key, "operator": leaf.operator.name}
    return written if leaf.operator.takes is Takes.NOTHING else {**written, "value": leaf.raw}


def _too_deep() -> str:
    return _("Groups may be nested %(limit)d deep at most.") % {"limit": MAX_DEPTH}


class _Reader:
    """Reads one rule and gathers what is wrong with it."""

    def __init__(self, fields: Vocabulary, at: str, *, declared_choices_only: bool) -> None:
        self.fields = fields
        self.at = at
        self.declared_choices_only = declared_choices_only
        self.faults: dict[str, list[str]] = {}

    def fault(self, path: str, key: str, says: str) -> None:
        name = (self.at + ".".join(part for part in (path, key) if part)).removesuffix(".")
        self.faults.setdefault(name, []).append(says)
        if len(self.faults) >= MAX_FAULTS:
            self.finish()

    def finish(self) -> None:
        if self.faults:
            raise Invalid(self.faults)

    def read(self, rule: object) -> Rule:
        self._measure(rule)
        self.finish()
        tree = self._node(rule, "")
        self.finish()
        if not isinstance(tree, Group):
            raise TypeError("the root was measured to be a group")
        return tree

    def _measure(self, rule: object) -> None:
        """Bound shape, depth and size without recursion: nothing is known of the tree yet."""
        left: list[tuple[object, str, int]] = [(rule, "", 1)]
        seen = 0
        while left:
            node, path, depth = left.pop()
            seen += 1
            if seen > MAX_NODES:
                self.fault("", "", _("A rule may have %(limit)d parts at most.") % {"limit": MAX_NODES})
                return
            if depth > MAX_DEPTH + 1 or (depth > MAX_DEPTH and _is_group(node)):
                self.fault(path, "", _too_deep())
                return
            if _has_shape(node, self.fault, path, root=depth == 1) and _is_group(node):
                rules = node["rules"]  # type: ignore[index]  # it is a group
                if len(rules) > MAX_NODES:
                    self.fault(path, "rules", _("A rule may have %(limit)d parts at most.") % {"limit": MAX_NODES})
                    return
                places = [f"{path}.rules.{place}" if path else f"rules.{place}" for place in range(len(rules))]
                left += [(child, place, depth + 1) for child, place in zip(rules, places, strict=True)][::-1]

    def _node(self, node: Any, path: str) -> Node:
        if not _is_group(node):
            return self._leaf(node, path)
        rules = tuple(
            self._node(child, f"{path}.rules.{place}" if path else f"rules.{place}")
            for place, child in enumerate(node["rules"])
        )
        return Group(path, node["combinator"], node.get("not", False), rules)

    def _leaf(self, node: Mapping[str, Any], path: str) -> Node:
        field = self.fields.get(node["field"]) if isinstance(node["field"], str) else None
        if field is None:
            self.fault(path, "field", _("There is no such field.") if node["field"] else _("Choose a field."))
            return _UNREAD
        name = node["operator"]
        operator = field.type.operators.get(name) if isinstance(name, str) else None
        if operator is None:
            self.fault(path, "operator", _("This field has no such comparison.") if name else _("Choose a comparison."))
            return _UNREAD
        raw = node.get("value")
        if operator.takes is Takes.NOTHING:
            return Leaf(path, field, operator, None, None)
        try:
            value = _VALUES[operator.takes](field, raw)
            if self.declared_choices_only:
                _check_choices(field, operator.takes, value)
            return Leaf(path, field, operator, value, raw)
        except BadValue as error:
            self.fault(path, "value", str(error))
            return _UNREAD


_UNREAD = Group("", "and", False, ())


def _is_group(node: object) -> bool:
    return isinstance(node, Mapping) and "rules" in node


def _has_shape(node: object, fault: Callable[[str, str, str], None], path: str, *, root: bool) -> bool:
    """Tell whether a node has a group's or a rule's keys and nothing else; say what is wrong where it hasn't."""
    if not isinstance(node, Mapping):
        fault(path, "", _("This must be a rule or a group of rules."))
        return False
    is_group = _is_group(node)
    strange = sorted(str(key)[:40] for key in node.keys() - (GROUP_KEYS if is_group else RULE_KEYS))
    if strange:
        fault(path, "", _("Unknown key: %(key)s") % {"key": ", ".join(strange[:3])})
        return False
    return _has_group_shape(node, fault, path, root=root) if is_group else _has_rule_shape(node, fault, path, root=root)


def _has_group_shape(node: Mapping[Any, Any], fault: Callable[[str, str, str], None], path: str, *, root: bool) -> bool:
    if node.get("combinator") not in COMBINATORS:
        fault(path, "combinator", _("Choose all or any."))
    elif not isinstance(node.get("not", False), bool):
        fault(path, "not", _("This must be true or false."))
    elif not isinstance(node["rules"], list):
        fault(path, "rules", _("This must be a list of rules."))
    elif not node["rules"] and not root:
        fault(path, "", _("This group is empty. Add a rule to it, or remove it."))
    else:
        return True
    return False


def _has_rule_shape(node: Mapping[Any, Any], fault: Callable[[str, str, str], None], path: str, *, root: bool) -> bool:
    if root:
        fault("", "", _("A rule begins with a group."))
    elif node.get("valueSource", "value") != "value":
        fault(path, "valueSource", _("A value must be given; fields can’t be compared with fields."))
    elif missing := [key for key in ("field", "operator") if key not in node]:
        fault(path, missing[0], _("This is missing."))
    else:
        return True
    return False


# --- Values by what the operator takes -----------------------------------------------------------------------------


def _one(field: Field, raw: object) -> Any:
    return field.type.read(raw)


def _many(field: Field, raw: object) -> tuple[Any, ...]:
    if not isinstance(raw, list) or not raw:
        raise BadValue(_("Give at least one value."))
    if len(raw) > MAX_VALUES:
        raise BadValue(_("Give at most %(limit)d values.") % {"limit": MAX_VALUES})
    return tuple(dict.fromkeys(field.type.read(value) for value in raw))


def _two(field: Field, raw: object) -> tuple[Any, Any]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise BadValue(_("Give both ends."))
    first, last = (field.type.read(value) for value in raw)
    if first > last:
        raise BadValue(_("The first end lies behind the second one."))
    return first, last


def _days(_field: Field, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= MAX_DAYS:
        raise BadValue(_("Enter a number of days from 1 to %(limit)d.") % {"limit": MAX_DAYS})
    return raw


def _check_choices(field: Field, takes: Takes, value: Any) -> None:
    chosen = value if takes is Takes.MANY else [value] if takes is Takes.ONE else []
    if field.choices is not None and any(one not in field.choices for one in chosen):
        raise BadValue(_("Choose from the list."))


_VALUES: Mapping[Takes, Callable[[Field, object], Any]] = {
    Takes.ONE: _one,
    Takes.MANY: _many,
    Takes.TWO: _two,
    Takes.DAYS: _days,
}
