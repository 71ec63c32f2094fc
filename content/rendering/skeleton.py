"""A part of a message with everything encoded that is the same for everybody, and slots for what isn't.

This is the hot path of sending: for one message a list is copied, its slots are filled, and the list is joined.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import nodes
from markupsafe import escape

from content.rendering import sandbox
from content.rendering.encoding import encode_fresh, encode_html_value, encode_static, encode_value, one_line
from content.rendering.sandbox import UNFIT, Kind

Values = Mapping[str, Any]

#: Slots that a message's links fill: from 0 the link with this number.
Slot = int
UNSUBSCRIBE, PIXEL = -1, -2


class Links(Protocol):
    """What one message's links lead to."""

    unsubscribe: str
    pixel: str

    def click(self, number: int) -> str:
        """Give the tracked address of the link with this number, from 0."""


@dataclass(frozen=True)
class Field:
    """A field that is looked up. `instead` stands where there is no value, with `loosely` also for 0, "" and False."""

    root: str
    name: str
    kind: Kind
    instead: str = ""
    loosely: bool = False

    def written(self, values: Values) -> str:
        """Write its value as plain text."""
        value = values.get(self.root, {}).get(self.name)
        return self.instead if value is None or (self.loosely and not value) else str(value)


class Logic:
    """All conditions, loops and filters of one part: run together, since starting costs more than running."""

    def __init__(self, steps: Sequence[nodes.Node], kind: Kind) -> None:
        self._steps, self._kind = steps, kind
        # Nobody can write it into a value: it can't be guessed.
        self._border = f"\ue000{secrets.token_hex(8)}\ue001"
        border = nodes.Output([nodes.TemplateData(self._border)])
        self._pieces = sandbox.build([one for step in steps for one in (border, step)], kind)
        self._each: list[Callable[[Values], str]] = []

    def run(self, values: Values) -> list[str]:
        """Give what each step shows, in order."""
        shown: list[list[str]] = []
        try:
            for piece in self._pieces(values):
                if piece == self._border:
                    shown.append([])
                else:
                    shown[-1].append(piece)
        except UNFIT:
            return self._run_each(values)
        return ["".join(pieces) for pieces in shown]

    def _run_each(self, values: Values) -> list[str]:
        """Run each step for itself, so that one which a value doesn't fit shows nothing and the others what they do."""
        if not self._each:
            self._each = [sandbox.build_or_nothing([step], self._kind) for step in self._steps]
        return [step(values) for step in self._each]


@dataclass(frozen=True)
class Step:
    """One step of the part's logic. What it shows may hold links; `apart` finds them."""

    number: int
    apart: Callable[[str], Sequence[str | Slot]]


Token = str | Slot | Field | Step


class Skeleton:
    """A part of a body, ready to be filled."""

    def __init__(self, tokens: Iterable[Token], logic: Logic | None) -> None:
        merged = _merged(tokens)
        last = len(merged) - 1
        self._static = [
            encode_static(token, last=place == last) if isinstance(token, str) else b""
            for place, token in enumerate(merged)
        ]
        self._slots: dict[Slot, list[int]] = {}
        self._fields: dict[Field, list[int]] = {}
        self._steps: list[tuple[int, Step]] = []
        for place, token in enumerate(merged):
            if isinstance(token, Slot):
                self._slots.setdefault(token, []).append(place)
            elif isinstance(token, Field):
                self._fields.setdefault(token, []).append(place)
            elif isinstance(token, Step):
                self._steps.append((place, token))
        self._logics = [(logic, self._steps)] if logic is not None and self._steps else []
        self._prepare()

    @classmethod
    def joined(cls, *parts: "bytes | Skeleton") -> "Skeleton":
        """Put parts and encoded text between them into one skeleton."""
        whole = cls([], None)
        for part in parts:
            base = len(whole._static)
            if isinstance(part, bytes):
                whole._static.append(part)
                continue
            whole._static += part._static
            for slot, places in part._slots.items():
                whole._slots.setdefault(slot, []).extend(base + place for place in places)
            for field, places in part._fields.items():
                whole._fields.setdefault(field, []).extend(base + place for place in places)
            whole._logics += [(logic, [(base + place, step) for place, step in steps]) for logic, steps in part._logics]
        whole._prepare()
        return whole

    def _prepare(self) -> None:
        self._lookups = [
            (
                field.root,
                field.name,
                encode_html_value if field.kind == "html" else encode_value,
                _instead(field),
                field.loosely,
                tuple(places),
            )
            for field, places in self._fields.items()
        ]
        clicks = [(slot, places) for slot, places in self._slots.items() if slot >= 0]
        self._clicks = [(slot, places[0]) for slot, places in clicks]
        self._again = [(places[0], place) for _, places in clicks for place in places[1:]]
        self._unsubscribe = self._slots.get(UNSUBSCRIBE, [])
        self._pixel = self._slots.get(PIXEL, [])

    def fill(self, values: Values, links: Links) -> bytes:
        """Write it for one reader."""
        out = self._static.copy()
        for root, name, encode, instead, loosely, places in self._lookups:
            group = values.get(root)
            value = group.get(name) if group else None
            encoded = instead if value is None or (loosely and not value) else encode(value)
            for place in places:
                out[place] = encoded
        click = links.click
        for number, place in self._clicks:
            out[place] = encode_fresh(click(number))
        for first, place in self._again:
            out[place] = out[first]
        if self._unsubscribe:
            encoded = encode_fresh(links.unsubscribe)
            for place in self._unsubscribe:
                out[place] = encoded
        for place in self._pixel:
            out[place] = encode_fresh(links.pixel)
        for logic, steps in self._logics:
            shown = logic.run(values)
            for place, step in steps:
                text = shown[step.number]
                out[place] = _encode_step(step.apart(text), links) if "\ue000" in text else encode_value(text)
        return b"".join(out)


class Line:
    """A line of plain text, ready to be filled: a subject or a preheader."""

    def __init__(self, tokens: Iterable[Token], logic: Logic | None) -> None:
        self._tokens, self._logic = _merged(tokens), logic

    def fill(self, values: Values) -> str:
        """Write it for one reader, on one line."""
        shown = self._logic.run(values) if self._logic else []
        return one_line("".join([_plain(token, values, shown) for token in self._tokens]))


def _plain(token: Token, values: Values, shown: Sequence[str]) -> str:
    if isinstance(token, str):
        return token
    if isinstance(token, Field):
        return token.written(values)
    return shown[token.number] if isinstance(token, Step) else ""


def _instead(field: Field) -> bytes:
    return encode_value(str(escape(field.instead)) if field.kind == "html" else field.instead)


def _encode_step(parts: Sequence[str | Slot], links: Links) -> bytes:
    return b"".join(encode_fresh(part if isinstance(part, str) else links.click(part)) for part in parts)


def _merged(tokens: Iterable[Token]) -> list[Token]:
    merged: list[Token] = []
    for token in tokens:
        if isinstance(token, str) and merged and isinstance(merged[-1], str):
            merged[-1] += token
        else:
            merged.append(token)
    return merged
