"""The form of one segmentation model: its segments in order, each with a rule, as typed, and what is wrong with them.

Inputs are `segments.2.name`, `segments.2.id` and those of the rule builder below `segments.2.rule`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.audience import anchor_of, label_of, read_id, read_version
from audiences.forms.builder import Builder, GroupDraft
from audiences.rules.fields import Field
from audiences.rules.schema import EVERYBODY
from audiences.rules.sources import Vocabulary
from connect.core.errors import Invalid
from connect.core.models import Department
from segments.actions.models import MAX_SEGMENTS, SegmentationOf, SegmentOf
from segments.models import Segment, SegmentationModel

_PLACE = re.compile(r"segments\.([0-9]{1,3})\.(name|id|rule(?:\..*)?)", re.ASCII)


@dataclass
class SegmentDraft:
    """One segment as the page shows it. `id` is "" for a new one."""

    builder: Builder
    rule: GroupDraft
    title: str = ""
    id: str = ""
    place: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What leads its inputs' names."""
        return f"segments.{self.place}"


@dataclass
class SegmentationForm:
    """A model as the page shows it, right or wrong."""

    fields: Vocabulary
    zone: str
    segments: list[SegmentDraft]
    name: str = ""
    description: str = ""
    department: str = ""
    leftovers_get_content: bool = True
    version: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)
    #: The id of the element where a person goes on after a button was pressed.
    focus: str = ""

    @classmethod
    def empty(cls, fields: Vocabulary, zone: str, department: str) -> "SegmentationForm":
        """Begin a model with one segment to fill in."""
        form = cls(fields, zone, [], department=department)
        return form.edit("add-segment")

    @classmethod
    def of(
        cls, fields: Vocabulary, zone: str, model: SegmentationModel, segments: Sequence[Segment]
    ) -> "SegmentationForm":
        """Show a stored model."""
        form = cls(
            fields,
            zone,
            [],
            model.name,
            model.description,
            leftovers_get_content=model.leftovers_get_content,
            version=model.version,
        )
        for one in segments:
            builder = Builder(fields, zone)
            form.segments.append(SegmentDraft(builder, builder.show(one.rule), one.name, str(one.public_id)))
        return form._numbered()

    @classmethod
    def read(cls, fields: Vocabulary, zone: str, data: QueryDict) -> "SegmentationForm":
        """Read what was posted.

        Errors: Invalid where inputs aren't this form's own.
        """
        form = cls(
            fields,
            zone,
            [],
            data.get("name", ""),
            data.get("description", ""),
            data.get("department", ""),
            leftovers_get_content=data.get("leftovers", "") == "1",
            version=read_version(data),
        )
        for place in _places(data):
            at = f"segments.{place}"
            builder = Builder(fields, zone, f"{at}.rule")
            rule, title, known = builder.read(data), data.get(f"{at}.name", ""), data.get(f"{at}.id", "")
            form.segments.append(SegmentDraft(builder, rule, title, known))
        return form._numbered()

    def edit(self, do: str) -> "SegmentationForm":
        """Press a button: `add-segment`, `up:1`, `down:1`, `drop:1`, or one of a rule's; nothing is stored."""
        verb, _sep, target = do.partition(":")
        if verb == "add-segment" and len(self.segments) < MAX_SEGMENTS:
            builder = Builder(self.fields, self.zone)
            rule = builder.edit(builder.show(EVERYBODY), "add-rule:rule")
            self.segments.append(SegmentDraft(builder, rule))
            self.focus = f"segments.{len(self.segments) - 1}.name"
        elif verb in _MOVES and target.isascii() and target.isdigit() and int(target) < len(self.segments):
            self.focus = _MOVES[verb](self.segments, int(target))
        else:
            for one in self.segments:
                if target == one.builder.name or target.startswith(f"{one.builder.name}."):
                    one.rule = one.builder.edit(one.rule, do)
        return self._numbered()

    def wanted(self) -> SegmentationOf:
        """Write what the form asks for, right or wrong."""
        segments = [SegmentOf(one.title, one.builder.to_json(one.rule), read_id(one.id)) for one in self.segments]
        return SegmentationOf(self.name, segments, self.leftovers_get_content, self.description)

    def meaning(self) -> tuple[Any, ...]:
        """Write what approvals rest on: who falls where. Names aren't part of it."""
        return self.leftovers_get_content, [(one.id, one.rule) for one in self.wanted().segments]

    def put(self, fields: Mapping[str, list[str]]) -> None:
        """Show a refusal at its fields and nodes."""
        self.errors = dict(fields)
        for one in self.segments:
            one.errors = {name: says for name, says in fields.items() if name.startswith(f"{one.name}.")}
            one.builder.put(one.rule, fields)

    @property
    def suggesting(self) -> list[Field]:
        """The fields whose inputs suggest values while one types."""
        return Builder(self.fields, self.zone).suggesting

    def anchor(self, name: str) -> str:
        """Tell which element of the page a refusal leads to."""
        return anchor_of(name)

    def label(self, name: str) -> str:
        """Name what is refused: the field of the form, or the segment and what its rule asks about."""
        for one in self.segments:
            if name.startswith(f"{one.name}."):
                title = one.title or _("Segment %(place)s") % {"place": one.place + 1}
                inside = one.builder.label(one.rule, name)
                return f"{title}, {inside}" if inside else title
        return _("Segments") if name == "segments" else label_of(name)

    def department_options(self, departments: Sequence[Department]) -> list[tuple[str, str]]:
        """Write the departments for a list to choose from."""
        return [(str(one.public_id), one.name) for one in departments]

    def _numbered(self) -> "SegmentationForm":
        for place, one in enumerate(self.segments):
            one.place = place
            one.builder.rename(one.rule, f"{one.name}.rule")
        return self


def _places(data: QueryDict) -> list[int]:
    places: set[int] = set()
    for name in data:
        if name != "segments" and not name.startswith("segments."):
            continue
        match = _PLACE.fullmatch(name)
        if match is None:
            raise Invalid({name[:80]: _("This form has no such field.")})
        places.add(int(match[1]))
    if len(places) > MAX_SEGMENTS:
        raise Invalid({"segments": _("A model has %(most)d segments at most.") % {"most": MAX_SEGMENTS}})
    return sorted(places)


def _raise(segments: list[SegmentDraft], place: int) -> str:
    if place > 0:
        segments.insert(place - 1, segments.pop(place))
    return f"segments.{place - 1}.up" if place > 1 else "segments.0.down"


def _lower(segments: list[SegmentDraft], place: int) -> str:
    last = len(segments) - 1
    if place < last:
        segments.insert(place + 1, segments.pop(place))
    return f"segments.{place + 1}.down" if place + 1 < last else f"segments.{last}.up"


def _drop(segments: list[SegmentDraft], place: int) -> str:
    del segments[place]
    return "add-segment"


#: Each changes the order and tells where the focus goes.
_MOVES: Mapping[str, Callable[[list[SegmentDraft], int], str]] = {"up": _raise, "down": _lower, "drop": _drop}
