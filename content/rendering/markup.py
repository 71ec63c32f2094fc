"""Reads the HTML of a template as a mail program will: tags, attributes and their places, whatever the conditions.

Branches of a condition must begin and end in the same place of the markup, and a field may stand in text or in a quoted
value alone. So what is seen here is what every reader gets: a value can't become markup, a tag can't be put together
from pieces, and nothing swallows the footer.
Source: WHATWG HTML, section 13.2.5 (tokenization).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from html import unescape
from html.entities import html5

from django.utils.translation import gettext as _
from jinja2 import TemplateSyntaxError

from content.rendering.sandbox import ENVIRONMENTS

MAX_TAGS = 20_000
#: Elements whose content is text up to their own end tag.
RAW_TEXT = frozenset({"style", "title", "script", "textarea", "xmp", "iframe", "noembed", "noframes"})
_SPACES = re.compile(r"[\t\n\f\r /]*")
_TAG_NAME = re.compile(r"</?([a-zA-Z][^\t\n\f\r />]*)")
_ATTRIBUTE = re.compile(r"(=?[^\t\n\f\r />=]*)([\t\n\f\r ]*=[\t\n\f\r ]*)?")
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*")
_OUTLOOK = re.compile(r"<!--\[if[^\]]*\]>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(?P<number>[0-9]+|[xX][0-9a-fA-F]+);?|(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<end>;?))")
_COMMENT_END = re.compile(r"--!?>")
#: What may be the first half of something, at the end of a piece.
_HALF = re.compile(r"<(?:/|!-?)?\Z")
_HALF_COMMENT = re.compile(r"[-!<]\Z")
_HALF_RAW = re.compile(r"</?[a-zA-Z]*\Z")
_OPENS, _ELSES, _CLOSES = frozenset({"if", "for"}), frozenset({"elif", "else"}), frozenset({"endif", "endfor"})


class Context(Enum):
    """Where in the markup one stands."""

    TEXT = auto()
    TAG = auto()
    VALUE = auto()
    COMMENT = auto()
    BOGUS = auto()
    RAW = auto()


@dataclass(frozen=True)
class Attribute:
    """One attribute: its value with entities read, fields as written, and the value's place in the source."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Tag:
    """One tag. `blocks` counts the conditions and loops around it; `outlook`: seen by old Outlook alone."""

    name: str
    closes: bool
    start: int
    end: int
    attributes: tuple[Attribute, ...]
    blocks: int
    outlook: bool


@dataclass(frozen=True)
class MarkupFault:
    """One thing wrong with the markup, at its offset."""

    place: int
    says: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a template: `word` is "" for text, "{{" for a field, "{#" for a remark, else its first word."""

    word: str
    text: str
    start: int
    end: int


@dataclass
class Markup:
    """What was found. `doctype_end` is 0 where there is none; `styles` are the texts of style sheets.

    `texts` are what readers read, with the fields and blocks between.
    """

    tags: list[Tag] = field(default_factory=list)
    texts: list[Piece] = field(default_factory=list)
    faults: list[MarkupFault] = field(default_factory=list)
    styles: list[Piece] = field(default_factory=list)
    doctype_end: int = 0


def read(source: str) -> Markup:
    """Read the HTML of a template that `grammar.faults` found nothing wrong with."""
    return _Reader(source).read()


def line_and_column(source: str, place: int) -> tuple[int, int]:
    """Tell the line and the column of an offset, both from 1."""
    return source.count("\n", 0, place) + 1, place - source.rfind("\n", 0, place)


def pieces(source: str) -> Iterator[Piece]:
    """Take a template apart into text, fields and blocks, as Jinja2 reads it, white space taken off as it will be."""
    at, begun, inside = 0, 0, ""
    for kind, value in _lexed(source):
        start = at = _place(source, value, at)
        at += len(value)
        if kind == "data":
            yield Piece("", value, start, at)
        elif kind in {"variable_begin", "block_begin", "comment_begin", "raw_begin"}:
            begun, inside = start, {"variable_begin": "{{", "comment_begin": "{#", "raw_begin": "raw"}.get(kind, "")
        elif kind == "name" and not inside:
            inside = value
        if kind in {"variable_end", "block_end", "comment_end", "raw_begin"}:
            yield Piece(inside or "%", source[begun:at], begun, at)


def _lexed(source: str) -> Iterator[tuple[str, str]]:
    try:
        for _line, kind, value in ENVIRONMENTS["html"].lex(source):
            yield kind, value
    except TemplateSyntaxError:
        return  # what stands before the fault is all that can be read


def _place(source: str, value: str, at: int) -> int:
    """Find where a token stands: right here, or behind the white space that a `-` took off."""
    while not source.startswith(value, at) and at < len(source):
        at += 1
    return at


def _unescape(value: str) -> str:
    """Read the entities of an attribute as a browser does: `?a=1&section=2` holds none."""

    def meant(found: re.Match[str]) -> str:
        if found["number"]:
            return unescape(f"&#{found['number']};")
        if not found["end"] and value[found.end() : found.end() + 1] == "=":
            return found[0]
        return html5.get(found["name"] + found["end"], found[0])

    return _ENTITY.sub(meant, value)


@dataclass
class _Open:
    """The attribute whose value is being read."""

    name: str
    quote: str
    start: int
    value: str = ""


class _Reader:
    """A tokenizer that stops between pieces only where it can't be misled."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found = Markup()
        self.context = Context.TEXT
        self.since = 0
        self.half = False
        self.outlook = -1
        self.raw = ""
        self.ends = ("", -1)
        self.tag_name, self.closes, self.tag_start = "", False, 0
        self.attributes: list[Attribute] = []
        self.open: _Open | None = None
        self.blocks: list[tuple[object, ...]] = []

    def read(self) -> Markup:
        steps = {
            Context.TEXT: self._text,
            Context.TAG: self._tag,
            Context.VALUE: self._value,
            Context.COMMENT: self._comment,
            Context.BOGUS: self._bogus,
            Context.RAW: self._raw,
        }
        for piece in pieces(self.source):
            if piece.word:
                self._between(piece)
                continue
            self.half = False
            place = 0
            while place < len(piece.text) and len(self.found.tags) < MAX_TAGS:
                place = steps[self.context](piece.text, place, piece.start)
        if len(self.found.tags) == MAX_TAGS:
            self._fault(0, _("A mail has fewer than 20,000 tags."))
        if self.context != Context.TEXT or self.outlook >= 0:
            self._fault(
                self.since if self.context != Context.TEXT else self.outlook,
                _("What begins here is never closed: the footer below would not be seen."),
            )
        return self.found

    def _fault(self, place: int, says: str) -> None:
        self.found.faults.append(MarkupFault(place, says))

    def _enter(self, context: Context, since: int) -> None:
        self.context, self.since = context, since

    # Between two stretches of text

    def _between(self, piece: Piece) -> None:
        if piece.word == "raw":
            self._fault(piece.start, _('“raw” can\'t be used here: write {{ "{{" }} for two braces.'))
        elif self.half:
            self._fault(
                piece.start,
                _("Within a tag, put a space before a condition, and a field only into a quoted value."),
            )
        elif piece.word == "{{":
            self._field(piece)
        elif piece.word in _OPENS:
            self.blocks.append(self._where())
        elif piece.word in _ELSES | _CLOSES and self.blocks:
            if self.blocks[-1] != self._where():
                self._fault(piece.start, _("A branch must end in the same place of the markup in which it begins."))
            if piece.word in _CLOSES:
                self.blocks.pop()
        if self.context == Context.TEXT and self.outlook < 0 and piece.word != "{#":
            self.found.texts.append(piece)
        if self.open is not None and piece.word != "{#":
            self.open.value += piece.text

    def _field(self, piece: Piece) -> None:
        if self.context == Context.TAG:
            self._fault(piece.start, _('A field can stand in a tag only within a quoted value, as in alt="{{ … }}".'))
        elif self.context == Context.RAW and self.raw != "title":
            self._fault(piece.start, _("A field can't stand in a style sheet."))
        elif self.context == Context.BOGUS:
            self._fault(piece.start, _("A field can't stand here."))

    def _where(self) -> tuple[object, ...]:
        return (self.context, self.since if self.context != Context.TEXT else 0, self.outlook)

    # Steps: each reads on from a place and gives the next one

    def _text(self, text: str, place: int, base: int) -> int:
        found = text.find("<", place)
        if self.outlook >= 0:
            end = self._outlook_end(text, place)
            if end >= 0 and (found < 0 or end < found):
                self.outlook = -1
                return end + 3
        elif found != place:
            end = found if found >= 0 else len(text)
            self.found.texts.append(Piece("", text[place:end], base + place, base + end))
        if found < 0:
            self.half = self.outlook >= 0 and text.endswith("-")
            return len(text)
        return self._opening(text, found, base)

    def _outlook_end(self, text: str, place: int) -> int:
        """Find where the part for Outlook ends, once for each of its tags."""
        known, end = self.ends
        if known is not text or 0 <= end < place:
            self.ends = (text, text.find("-->", place))
        return self.ends[1]

    def _opening(self, text: str, place: int, base: int) -> int:
        if _HALF.match(text, place):
            self.half = True
            return len(text)
        if self.outlook >= 0 and text.startswith("<!-->", place):
            self.outlook = -1
            return place + 5
        outlook = _OUTLOOK.match(text, place) if self.outlook < 0 else None
        if outlook:
            self.outlook = base + place
            return outlook.end()
        if text.startswith("<!--", place):
            self._enter(Context.COMMENT, base + place)
            self.half = place + 4 == len(text)
            # Such a comment ends at once.
            short = next((sign for sign in ("<!-->", "<!--->") if text.startswith(sign, place)), "")
            if short:
                self._enter(Context.TEXT, 0)
            return place + (len(short) or 4)
        name = _TAG_NAME.match(text, place)
        if name:
            self.tag_name, self.closes, self.tag_start = name[1].lower(), name[0][1] == "/", base + place
            self.attributes = []
            self.half = name.end() == len(text)
            self._enter(Context.TAG, base + place)
            return name.end()
        if text[place + 1] in "!?/":
            self._enter(Context.BOGUS, base + place)
        else:
            self.found.texts.append(Piece("", "<", base + place, base + place + 1))
        return place + 1

    def _tag(self, text: str, place: int, base: int) -> int:
        spaces = _SPACES.match(text, place)
        place = spaces.end() if spaces else place
        if place == len(text):
            return place
        if text[place] == ">":
            self._close_tag(base + place + 1)
            return place + 1
        found = _ATTRIBUTE.match(text, place)
        assert found is not None
        name, equals, end = found[1].lower(), found[2], found.end()
        if any(sign in name for sign in "\"'<="):
            self._fault(base + place, _("A quotation mark is missing or too many here."))
        self.half = end == len(text)
        if equals is None:
            self.attributes.append(Attribute(name, "", base + end, base + end))
            return end
        if self.half:
            return end
        if text[end] in "\"'":
            self.open = _Open(name, text[end], base + end + 1)
            self._enter(Context.VALUE, base + end + 1)
            return end + 1
        value = _UNQUOTED.match(text, end)
        assert value is not None
        self.half = value.end() == len(text)
        self.attributes.append(Attribute(name, _unescape(value[0]), base + end, base + value.end()))
        return value.end()

    def _value(self, text: str, place: int, base: int) -> int:
        assert self.open is not None
        end = text.find(self.open.quote, place)
        self.open.value += _unescape(text[place : end if end >= 0 else len(text)])
        if end < 0:
            return len(text)
        self.attributes.append(Attribute(self.open.name, self.open.value, self.open.start, base + end))
        self.open = None
        self._enter(Context.TAG, self.tag_start)
        return end + 1

    def _close_tag(self, end: int) -> None:
        tag = Tag(
            name=self.tag_name,
            closes=self.closes,
            start=self.tag_start,
            end=end,
            attributes=tuple(self.attributes),
            blocks=len(self.blocks),
            outlook=self.outlook >= 0,
        )
        self.found.tags.append(tag)
        if tag.outlook and "-->" in self.source[tag.start : tag.end]:
            self._fault(tag.start, _("“-->” ends the part for Outlook in the middle of a tag."))
        if tag.blocks and tag.name in {"html", "head", "body"}:
            self._fault(tag.start, _("<%(tag)s> can't stand inside a condition or a loop.") % {"tag": tag.name})
        self._enter(Context.TEXT, 0)
        if tag.name in RAW_TEXT and not tag.closes:
            self.raw = tag.name
            self._enter(Context.RAW, tag.start)

    def _comment(self, text: str, place: int, base: int) -> int:
        found = _COMMENT_END.search(text, place)
        if not found:
            self.half = bool(_HALF_COMMENT.search(text))
            return len(text)
        self.outlook = -1
        self._enter(Context.TEXT, 0)
        return found.end()

    def _bogus(self, text: str, place: int, base: int) -> int:
        end = text.find(">", place)
        if end < 0:
            return len(text)
        if self.outlook >= 0 and text.endswith("--", 0, end):
            self.outlook = -1
        if not self.found.doctype_end and self.source[self.since : self.since + 9].lower() == "<!doctype":
            self.found.doctype_end = base + end + 1
        self._enter(Context.TEXT, 0)
        return end + 1

    def _raw(self, text: str, place: int, base: int) -> int:
        found = re.compile(rf"</{self.raw}(?=[\t\n\f\r />])", re.IGNORECASE).search(text, place)
        end = found.start() if found else len(text)
        self.found.styles += [Piece(self.raw, text[place:end], base + place, base + end)] if end > place else []
        if not found:
            self.half = bool(_HALF_RAW.search(text))
            return len(text)
        if self.outlook >= 0 and "-->" in text[place:end]:
            self._fault(base + place, _("“-->” ends the part for Outlook in the middle of a style sheet."))
        self._enter(Context.TEXT, 0)
        return end
