"""From a revision to bytes: parsed, linked and encoded once; for each reader only the slots are filled.

Nothing of HTML is parsed per recipient. A plain field is looked up, all conditions of a part run as one piece of
compiled sandboxed Jinja2, and what lies between is encoded quoted-printable beforehand (`skeleton.py`).
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Protocol

from jinja2 import nodes
from markupsafe import escape

from content.rendering import links as linking
from content.rendering import sandbox
from content.rendering.encoding import clean, on_lines
from content.rendering.footer import Footer, Imprint, ending, footer, opening
from content.rendering.markup import pieces, read
from content.rendering.sandbox import Kind
from content.rendering.skeleton import (
    PIXEL,
    UNSUBSCRIBE,
    Field,
    Line,
    Links,
    Logic,
    Skeleton,
    Slot,
    Step,
    Token,
    Values,
)

HIDDEN = "display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px"
PIXEL_BEFORE, PIXEL_AFTER = '<img width="1" height="1" alt="" src="', '">'


class Source(Protocol):
    """What is compiled: a revision, saved or not. `links` are its tracked targets, by their number."""

    subject: str
    preheader: str
    html: str
    text: str
    hash: str
    links: list[str]


class Compiled:
    """A revision ready for any number of readers. Made by `compile_content`."""

    def __init__(self, source: Source, imprint: Imprint, language: str) -> None:
        self.links = list(source.links)
        boundary = f"=_connect_{source.hash[:24]}"
        self.content_type = f'multipart/alternative; boundary="{boundary}"'
        self._subject = _line(source.subject)
        self._preheader = _line(source.preheader)
        numbers = {target: number for number, target in enumerate(self.links)}
        end = footer(imprint, language)
        self._html = Skeleton(*_Marks("html").take_apart(_html_tokens(source, end, numbers)))
        self._text = Skeleton(*_Marks("text").take_apart(_text_tokens(source, end, numbers)))
        head = "--{}\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        self._body = Skeleton.joined(
            head.format(boundary, "plain").encode(),
            self._text,
            ("\r\n" + head.format(boundary, "html")).encode(),
            self._html,
            f"\r\n--{boundary}--\r\n".encode(),
        )

    def subject(self, values: Values) -> str:
        """Write the subject as plain text on one line."""
        return self._subject.fill(values)

    def preheader(self, values: Values) -> str:
        """Write what mailboxes show behind the subject."""
        return self._preheader.fill(values)

    def html(self, values: Values, links: Links) -> bytes:
        """Write the HTML part, quoted-printable."""
        return self._html.fill(values, links)

    def text(self, values: Values, links: Links) -> bytes:
        """Write the text part, quoted-printable."""
        return self._text.fill(values, links)

    def body(self, values: Values, links: Links) -> bytes:
        """Write the whole body, ready for DATA: CRLF, short lines, none that begins with a dot."""
        return self._body.fill(values, links)


def compile_content(source: Source, *, conversation: Imprint, language: str) -> Compiled:
    """Compile a checked revision with its conversation's footer. Once per revision, segment and language.

    Errors: jinja2.TemplateSyntaxError for a template that was never checked.
    """
    return Compiled(source, conversation, language)


class Raw(str):
    """Text of ours, kept out of the template language: a footer may hold braces."""

    __slots__ = ()


#: A piece of template source, text of ours, or a slot that a message's links fill.
Written = str | Raw | Slot


def _html_tokens(source: Source, end: Footer, numbers: Mapping[str, int]) -> list[Written]:
    html = on_lines(source.html)
    markup = read(html)
    added: dict[int, list[Written]] = {
        ending(markup, len(html)): [
            *(Raw(end.html_before), UNSUBSCRIBE, Raw(end.html_after)),
            *(Raw(PIXEL_BEFORE), PIXEL, Raw(PIXEL_AFTER)),
        ]
    }
    if source.preheader:
        hidden = [Raw(f'<div style="{HIDDEN}">'), _escaped(source.preheader), Raw("</div>")]
        added.setdefault(opening(markup), [])[:0] = hidden
    return _with(html, linking.in_html(markup), added, numbers)


def _text_tokens(source: Source, end: Footer, numbers: Mapping[str, int]) -> list[Written]:
    text = on_lines(source.text).rstrip()
    return _with(text, linking.in_text(text), {len(text): [Raw(end.text_before), UNSUBSCRIBE, Raw("\n")]}, numbers)


def _with(
    source: str, places: Iterable[linking.Place], added: Mapping[int, list[Written]], numbers: Mapping[str, int]
) -> list[Written]:
    """Cut a source where links are replaced and where something is added."""
    cuts: list[tuple[int, int, list[Written]]] = [(place, place, tokens) for place, tokens in added.items()]
    cuts += [(place.start, place.end, [numbers[place.target]]) for place in places if place.target in numbers]
    tokens: list[Written] = []
    done = 0
    for start, end, put in sorted(cuts, key=lambda cut: cut[:2]):
        tokens += [source[done:start], *put]
        done = end
    return [*tokens, source[done:]]


def _escaped(preheader: str) -> str:
    """Make the words of a line fit for HTML; its fields are escaped as they are filled in."""
    return "".join(piece.text if piece.word else str(escape(piece.text)) for piece in pieces(preheader))


def _line(source: str) -> Line:
    return Line(*_Marks("text").take_apart([source]))


class _Marks:
    """Takes source with slots in it apart as one template, so that a condition may span links.

    Each slot stands in the source as a mark, which nobody can write into a value: it can't be guessed.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.secret = secrets.token_hex(8)
        self.mark = re.compile(f"\ue000{self.secret}([0-9]+)\ue001")
        self.marked: list[Slot | Raw] = []

    def take_apart(self, written: Iterable[Written]) -> tuple[list[Token], Logic | None]:
        """Parse it and list its texts, slots, fields and steps of logic."""
        source = "".join([self._marked(one) for one in written])
        tokens: list[Token] = []
        steps: list[nodes.Node] = []
        for part in sandbox.outermost(sandbox.parse(source, self.kind)):
            if isinstance(part, nodes.TemplateData):
                tokens += self._apart(part.data)
            elif field := self._plain_field(part):
                tokens.append(field)
            else:
                tokens.append(Step(len(steps), self._apart))
                steps.append(part)
        return tokens, Logic(steps, self.kind) if steps else None

    def _marked(self, one: Written) -> str:
        if isinstance(one, str) and not isinstance(one, Raw):
            return clean(one)
        self.marked.append(one)
        return f"\ue000{self.secret}{len(self.marked) - 1}\ue001"

    def _apart(self, text: str) -> list[str | Slot]:
        if self.secret not in text:
            return [text]
        found = self.mark.split(text)
        return [self._meant(int(one)) if place % 2 else one for place, one in enumerate(found)]

    def _meant(self, number: int) -> str | Slot:
        meant = self.marked[number]
        return str(meant) if isinstance(meant, Raw) else meant

    def _plain_field(self, part: nodes.Node) -> Field | None:
        """Find the field in `{{ attributes.tier }}`, with or without a `default`: no template need run for it."""
        node = part.nodes[0] if isinstance(part, nodes.Output) else part
        instead, loosely = "", False
        if isinstance(node, nodes.Filter) and node.name in {"default", "d"} and not node.kwargs:
            given = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
            if len(given) != len(node.args) or self.secret in str(given):
                return None
            instead = str(given[0]) if given else ""
            loosely = bool(given[1]) if len(given) > 1 else False
            node = node.node or node
        name = sandbox.field_of(node)
        root, _, name = name.partition(".")
        return Field(root, name, self.kind, instead, loosely) if name else None
