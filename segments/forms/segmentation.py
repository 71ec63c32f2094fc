"""The form of one segmentation model: its segments in order, each with a rule, as typed, and what is wrong with them.

Inputs are `segments.2.name`, `segments.2.id` and those of the rule builder below `segments.2.rule`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.builder import Builder, GroupDraft, count_parts
from audiences.forms.model import ModelForm, heading_of, read_heading, read_id
from audiences.rules.fields import Field
from audiences.rules.schema import EVERYBODY, MAX_NODES
from audiences.rules.sources import Vocabulary
from connect.core.errors import Invalid
from segments.actions.models import MAX_PARTS, MAX_SEGMENTS, SegmentationOf, SegmentOf
from segments.models import Segment, SegmentationModel

#: How many segments a form still reads, so that what was typed is shown again with the refusal.
READ_SEGMENTS = 2 * MAX_SEGMENTS
#: What a new segment begins with: a group and a rule in it.
PARTS_OF_NEW = 2
_PLACE = re.compile(r"segments\.([0-9]{1,3})\.(name|id|rule(?:\..*)?)", re.ASCII)


@dataclass(eq=False)
class SegmentDraft:
    """One segment as the page shows it. `id` is "" for a new one."""

    builder: Builder
    rule: GroupDraft
    title: str = ""
    id: str = ""
    place: int = 0

    @property
    def name(self) -> str:
        """What leads its inputs' names."""
        return f"segments.{self.place}"


@dataclass(kw_only=True)
class SegmentationForm(ModelForm):
    """A model as the page shows it, right or wrong."""

    fields: Vocabulary
    zone: str
    segments: list[SegmentDraft] = field(default_factory=list)
    leftovers_get_content: bool = True
    #: Whether another segment, with a rule in it, fits in.
    may_grow: bool = True
    #: The id of the element where a person goes on after a button was pressed.
    focus: str = ""

    @classmethod
    def empty(cls, fields: Vocabulary, zone: str, department: str) -> "SegmentationForm":
        """Begin a model with one segment to fill in."""
        form = cls(fields=fields, zone=zone, department=department)
        form.press(["add-segment"])
        return form

    @classmethod
    def of(
        cls, fields: Vocabulary, zone: str, model: SegmentationModel, segments: Sequence[Segment]
    ) -> "SegmentationForm":
        """Show a stored model."""
        leftovers = model.leftovers_get_content
        form = cls(fields=fields, zone=zone, leftovers_get_content=leftovers, **heading_of(model))
        for one in segments:
            builder = form._builder()
            form.segments.append(SegmentDraft(builder, builder.show(one.rule), one.name, str(one.public_id)))
        return form._numbered()

    @classmethod
    def read(cls, fields: Vocabulary, zone: str, data: QueryDict) -> "SegmentationForm":
        """Read what was posted.

        Errors: Invalid where inputs aren't this form's own.
        """
        leftovers = data.get("leftovers", "") == "1"
        form = cls(fields=fields, zone=zone, leftovers_get_content=leftovers, **read_heading(data))
        for place, parts in _by_place(data).items():
            at = f"segments.{place}"
            builder = form._builder(f"{at}.rule")
            title, known = data.get(f"{at}.name", ""), data.get(f"{at}.id", "")
            form.segments.append(SegmentDraft(builder, builder.read(parts), title, known))
        return form._numbered()

    def press(self, buttons: Sequence[str]) -> None:
        """Press buttons in order: `add-segment`, `up:1`, `down:1`, `drop:1`, or those of a rule.

        All name their segments as they stood before the first was pressed: as on the page on which somebody pressed.
        """
        shown = {str(one.place): one for one in self.segments}
        for one in self.segments:
            mine = [button for button in buttons if _is_below(button.partition(":")[2], one.builder.name)]
            one.builder.press(one.rule, mine)
            self._numbered()
        for button in buttons:
            verb, _sep, target = button.partition(":")
            if verb == "add-segment" and self.may_grow:
                builder = self._builder()
                draft = builder.show(EVERYBODY)
                builder.press(draft, ["add-rule:rule"])
                self.segments.append(SegmentDraft(builder, draft))
                self.focus = f"segments.{len(self.segments) - 1}.name"
            elif verb in _MOVES and shown.get(target) in self.segments:
                self.focus = _MOVES[verb](self.segments, self.segments.index(shown[target]))
            self._numbered()

    def wanted(self) -> SegmentationOf:
        """Write what the form asks for, right or wrong."""
        segments = [SegmentOf(one.title, one.builder.to_json(one.rule), read_id(one.id)) for one in self.segments]
        return SegmentationOf(self.name, segments, self.leftovers_get_content, self.description)

    @property
    def meaning(self) -> object:
        """Who falls where; names aren't part of it."""
        return self.leftovers_get_content, [(one.id, one.rule) for one in self.wanted().segments]

    def place(self, fields: Mapping[str, list[str]]) -> None:
        """Show refusals at the nodes of each segment's rule."""
        for one in self.segments:
            one.builder.put(one.rule, fields)

    def drafts(self) -> list[tuple[str, GroupDraft]]:
        """List the rules, each by its segment's name."""
        return [(self._title(one), one.rule) for one in self.segments]

    @property
    def suggesting(self) -> list[Field]:
        """The fields whose inputs suggest values while one types."""
        return self._builder().suggesting

    def label(self, name: str) -> str:
        """Name what is refused: the segment, or what its rule asks about, or a field of the form."""
        found = next((one for one in self.segments if name == f"{one.name}.name"), None)
        return self._title(found) if found else _("Segments") if name == "segments" else super().label(name)

    def _title(self, one: SegmentDraft) -> str:
        return one.title or _("Segment %(place)s") % {"place": one.place + 1}

    def _builder(self, name: str = "rule") -> Builder:
        return Builder(self.fields, self.zone, name)

    def _numbered(self) -> "SegmentationForm":
        parts = [count_parts(one.rule) for one in self.segments]
        room = MAX_PARTS - sum(parts)
        self.may_grow = len(self.segments) < MAX_SEGMENTS and room >= PARTS_OF_NEW
        for place, one in enumerate(self.segments):
            one.place = place
            one.builder.most = min(MAX_NODES, parts[place] + room)
            one.builder.rename(one.rule, f"{one.name}.rule")
        return self


def _by_place(data: QueryDict) -> dict[int, QueryDict]:
    """Share the inputs out among the segments, so that each looks at its own alone."""
    found: dict[int, QueryDict] = {}
    for name in data:
        if name != "segments" and not name.startswith("segments."):
            continue
        match = _PLACE.fullmatch(name)
        if match is None:
            raise Invalid({name[:80]: _("This form has no such field.")})
        found.setdefault(int(match[1]), QueryDict(mutable=True)).setlist(name, data.getlist(name))
    if len(found) > READ_SEGMENTS:
        raise Invalid({"segments": _("A model has %(most)d segments at most.") % {"most": MAX_SEGMENTS}})
    return dict(sorted(found.items()))


def _is_below(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root}.")


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
