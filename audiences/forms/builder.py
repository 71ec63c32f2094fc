"""The rule builder's form: a tree of inputs whose names are the paths by which the rule language refuses them.

A group's inputs are `rule.rules.1.combinator` and `.not`; a comparison's are `.field`, `.operator`, `.value` and, for
two ends, `.first` and `.last`; `.was` is the field that the page showed: where it changed, the comparison starts anew.
Buttons change the draft and store nothing: `press` below. Works without script, a form post at a time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.controls import control, join_list, read_number, split_list
from audiences.rules.fields import Field
from audiences.rules.operators import Operator, Takes
from audiences.rules.schema import MAX_DEPTH, MAX_NODES
from audiences.rules.sources import Vocabulary
from connect.core.errors import Invalid

#: Above this many choices a list is searched by typing, below it is looked through.
MAX_SELECTED_FROM = 300
PARTS = frozenset({"combinator", "not", "field", "was", "operator", "value", "first", "last"})
_NAME = re.compile(r"((?:\.rules\.[0-9]{1,3})*)\.([a-z]+)", re.ASCII)


@dataclass
class RuleDraft:
    """One comparison as the page shows it, right or wrong. `typed` is in its inputs; `fresh` asks for the focus."""

    key: str
    operator_name: str
    typed: list[str]
    field: Field | None
    name: str = ""
    fresh: bool = False
    errors: dict[str, list[str]] = attribute(default_factory=dict)

    @property
    def operator(self) -> Operator | None:
        """The comparison, where the field offers it."""
        return self.field.type.operators.get(self.operator_name) if self.field else None

    @property
    def takes(self) -> str:
        """How many values to ask for."""
        return self.operator.takes.value if self.operator else Takes.NOTHING.value

    @property
    def asks(self) -> str:
        """Which input to show for one value."""
        if self.field and self.field.choices is not None and len(self.field.choices) <= MAX_SELECTED_FROM:
            return "select"
        return control(self.field.type.control).input_type if self.field else "text"

    @property
    def offered(self) -> Mapping[str, str]:
        """What to choose from, or to be reminded of while typing."""
        return (self.field.choices or self.field.suggestions or {}) if self.field else {}

    @property
    def chosen(self) -> str:
        """What was chosen of a list, in words."""
        return ", ".join(self.offered.get(value, value) for value in self.typed)

    def one(self, place: int = 0) -> str:
        """The text in an input."""
        return self.typed[place] if place < len(self.typed) else ""

    def listed(self) -> str:
        """Several values in one input."""
        return join_list(self.typed)


@dataclass
class GroupDraft:
    """A group as the page shows it; `fresh` asks for the focus."""

    combinator: str = "and"
    negated: bool = False
    rules: "list[GroupDraft | RuleDraft]" = attribute(default_factory=list)
    name: str = ""
    errors: list[str] = attribute(default_factory=list)
    depth: int = 1
    room: int = MAX_NODES
    fresh: bool = False

    @property
    def may_grow(self) -> bool:
        """Whether another rule fits in."""
        return self.room >= 1

    @property
    def may_nest(self) -> bool:
        """Whether another group, with a rule in it, fits inside."""
        return self.depth < MAX_DEPTH and self.room >= len(("group", "rule"))


Draft = GroupDraft | RuleDraft


class Builder:
    """Turns rules into drafts and back, for one tenant's fields and zone. `name` leads all input names.

    `most` is how many parts the rule may have here: fewer than usual where other rules of the model leave less room.
    """

    def __init__(self, fields: Vocabulary, zone: str, name: str = "rule") -> None:
        self.fields = fields
        self.zone = ZoneInfo(zone)
        self.name = name
        self.most = MAX_NODES

    @cached_property
    def menu(self) -> list[tuple[str, list[Field]]]:
        """The fields to choose from, by the group that they stand in."""
        groups: dict[str, list[Field]] = {}
        for one in self.fields.values():
            groups.setdefault(str(one.group), []).append(one)
        return list(groups.items())

    @property
    def suggesting(self) -> list[Field]:
        """The fields whose inputs suggest values while one types."""
        return [one for one in self.fields.values() if one.suggestions or len(one.choices or ()) > MAX_SELECTED_FROM]

    # --- From JSON ---

    def show(self, rule: Mapping[str, Any]) -> GroupDraft:
        """Make the draft of a stored rule."""
        return self._numbered(self._shown_group(rule))

    def _shown_group(self, rule: Mapping[str, Any]) -> GroupDraft:
        rules = [self._shown_group(node) if "rules" in node else self._shown_rule(node) for node in rule["rules"]]
        return GroupDraft(rule["combinator"], rule.get("not", False), rules)

    def _shown_rule(self, node: Mapping[str, Any]) -> RuleDraft:
        draft = RuleDraft(node["field"], node["operator"], [], self.fields.get(node["field"]))
        value = node.get("value")
        if draft.field and value is not None:
            write = control(draft.field.type.control).write
            values = value if isinstance(value, list) else [value]
            is_days = draft.takes == Takes.DAYS
            draft.typed = [str(one) if is_days else write(one, self.zone) for one in values]
        return draft

    # --- From a form ---

    def read(self, data: QueryDict) -> GroupDraft:
        """Make the draft of what was posted.

        What is somewhat too deep or too large is read all the same: it is refused by its place, and nothing is lost.
        Errors: Invalid where input names are not this form's own, or the tree is far too deep or too large.
        """
        nodes: dict[tuple[int, ...], dict[str, list[str]]] = {(): {}}
        for name in data:
            if name != self.name and not name.startswith(f"{self.name}."):
                continue
            path, part = self._parse(name)
            nodes.setdefault(path, {})[part] = data.getlist(name)
            if len(nodes) > READ_NODES:
                raise Invalid({self.name: _("A rule may have %(limit)d parts at most.") % {"limit": MAX_NODES}})
        return self._numbered(self._assemble(nodes))

    def _parse(self, name: str) -> tuple[tuple[int, ...], str]:
        """Take an input's name apart, whose length bounds the work."""
        if len(name) > len(self.name) + MAX_NAME_CHARACTERS:
            raise Invalid({self.name: _("Groups may be nested %(limit)d deep at most.") % {"limit": MAX_DEPTH}})
        match = _NAME.fullmatch(name[len(self.name) :])
        if match is None or match[2] not in PARTS:
            raise Invalid({name[:80]: _("This form has no such field.")})
        path = tuple(int(place) for place in match[1].split(".")[2::2])
        if len(path) > READ_DEPTH:
            raise Invalid({self.name: _("Groups may be nested %(limit)d deep at most.") % {"limit": MAX_DEPTH}})
        return path, match[2]

    def _assemble(self, nodes: dict[tuple[int, ...], dict[str, list[str]]]) -> GroupDraft:
        for path in list(nodes):
            for length in range(len(path)):
                nodes.setdefault(path[:length], {})
        drafts: dict[tuple[int, ...], Draft] = {}
        for path in sorted(nodes):  # parents come before their children, siblings in order
            parts = nodes[path]
            is_group = path == () or "combinator" in parts or not parts
            draft = drafts[path] = _read_group(parts) if is_group else self._read_rule(parts)
            if path == ():
                continue
            parent = drafts[path[:-1]]
            if not isinstance(parent, GroupDraft):
                raise Invalid({self.name: _("A comparison holds no other rules.")})
            parent.rules.append(draft)
        root = drafts[()]
        assert isinstance(root, GroupDraft)
        return root

    def _read_rule(self, parts: Mapping[str, list[str]]) -> RuleDraft:
        key, operator = _first(parts, "field"), _first(parts, "operator")
        draft = RuleDraft(key, operator, [], self.fields.get(key))
        if draft.field and key != _first(parts, "was") != "":
            draft.operator_name = next(iter(draft.field.type.operators))
            return draft
        values = parts.get("value", [])
        if draft.takes == Takes.TWO:
            draft.typed = [_first(parts, "first"), _first(parts, "last")]
        elif draft.takes == Takes.MANY and draft.asks != "select":
            draft.typed = [one for value in values for one in split_list(value)]
        elif draft.takes == Takes.MANY:
            draft.typed = [value for value in values if value]
        else:
            draft.typed = values[:1]
        return draft

    # --- To JSON ---

    def to_json(self, draft: GroupDraft) -> dict[str, Any]:
        """Write the draft as the JSON that the rule language checks."""
        written: dict[str, Any] = {"combinator": draft.combinator}
        if draft.negated:
            written["not"] = True
        written["rules"] = [
            self.to_json(node) if isinstance(node, GroupDraft) else self._rule_json(node) for node in draft.rules
        ]
        return written

    def _rule_json(self, draft: RuleDraft) -> dict[str, Any]:
        written: dict[str, Any] = {"field": draft.key, "operator": draft.operator_name}
        if draft.field is None or draft.takes == Takes.NOTHING:
            return written
        if draft.takes == Takes.DAYS:
            return {**written, "value": read_number(draft.one())}
        read = control(draft.field.type.control).read
        values = [read(typed, self.zone) for typed in draft.typed]
        if draft.takes == Takes.ONE:
            return {**written, "value": values[0] if values else None}
        return {**written, "value": values}

    # --- Changes that store nothing ---

    def press(self, draft: GroupDraft, buttons: Sequence[str]) -> None:
        """Press buttons in order: `add-rule:<group>`, `add-group:<group>`, `remove:<node>`; others change nothing.

        All name their nodes as they stood before the first was pressed: as on the page on which somebody pressed them.
        """
        named = {node.name: node for node in walk(draft)}
        for button in buttons:
            verb, _sep, name = button.partition(":")
            target = named.get(name)
            if target is None:
                continue
            for node in walk(draft):
                node.fresh = False
            self._press(draft, verb, target)
            self._numbered(draft)

    def _press(self, draft: GroupDraft, verb: str, target: "Draft") -> None:
        if verb == "remove":
            _remove(draft, target)
        elif isinstance(target, GroupDraft) and verb == "add-rule" and target.may_grow:
            target.rules.append(self.empty_rule())
        elif isinstance(target, GroupDraft) and verb == "add-group" and target.may_nest:
            target.rules.append(GroupDraft("or" if target.combinator == "and" else "and", rules=[self.empty_rule()]))

    def empty_rule(self) -> RuleDraft:
        """Begin a comparison with the first field."""
        first = next(iter(self.fields.values()))
        return RuleDraft(first.key, next(iter(first.type.operators)), [], first, fresh=True)

    def put(self, draft: GroupDraft, fields: Mapping[str, list[str]]) -> None:
        """Show each refusal at its node."""
        for node in walk(draft):
            if isinstance(node, GroupDraft):
                for part in ("", ".combinator", ".not", ".rules"):
                    node.errors += fields.get(node.name + part, [])
            else:
                node.errors = {
                    part: fields[f"{node.name}.{part}".rstrip(".")]
                    for part in ("", "field", "operator", "value")
                    if f"{node.name}.{part}".rstrip(".") in fields
                }

    def rename(self, draft: GroupDraft, name: str) -> None:
        """Lead all input names with another one, where the rule found a new place on the page."""
        self.name = name
        self._numbered(draft)

    def _numbered(self, draft: GroupDraft) -> GroupDraft:
        room = self.most - count_parts(draft)
        _number(draft, self.name, 1, room)
        return draft


#: How much of a rule that is too large or too deep a form still reads, so that what was typed is shown again.
READ_NODES = 2 * MAX_NODES
READ_DEPTH = 2 * MAX_DEPTH
#: `.rules.199` for each level, and the longest part.
MAX_NAME_CHARACTERS = 10 * (READ_DEPTH + 1) + 12


def walk(draft: Draft) -> Iterator[Draft]:
    """Walk all nodes, the root first. A draft's depth is bounded by whoever made it."""
    yield draft
    if isinstance(draft, GroupDraft):
        for node in draft.rules:
            yield from walk(node)


def count_parts(draft: Draft) -> int:
    """Count the groups and comparisons of a draft, itself included."""
    return sum(1 for _node in walk(draft))


def _number(draft: Draft, name: str, depth: int, room: int) -> None:
    draft.name = name
    if isinstance(draft, GroupDraft):
        draft.depth, draft.room = depth, room
        for place, node in enumerate(draft.rules):
            _number(node, f"{name}.rules.{place}", depth + 1, room)


def _remove(draft: GroupDraft, target: Draft) -> None:
    left = [node for node in draft.rules if node is not target]
    draft.fresh = len(left) < len(draft.rules)
    draft.rules = left
    for node in draft.rules:
        if isinstance(node, GroupDraft):
            _remove(node, target)


def _read_group(parts: Mapping[str, list[str]]) -> GroupDraft:
    return GroupDraft(_first(parts, "combinator") or "and", _first(parts, "not") == "1")


def _first(parts: Mapping[str, list[str]], name: str) -> str:
    return next(iter(parts.get(name, [])), "")
