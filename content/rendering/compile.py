"""From a revision to bytes: parsed, linked and encoded once; for each reader only the slots are filled.

Nothing of HTML is parsed per recipient. A plain field is looked up, a condition runs as compiled sandboxed Jinja2, and
what lies between is encoded quoted-printable beforehand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import nodes

from content.rendering import links as linking
from content.rendering import sandbox
from content.rendering.encoding import encode_fresh, encode_static, encode_value
from content.rendering.footer import Imprint, footer
from content.rendering.sandbox import Kind, escape


class Links(Protocol):
    """What one message's links lead to."""

    unsubscribe: str
    pixel: str

    def click(self, number: int) -> str:
        """Give the tracked address of the link with this number, from 0."""


class Source(Protocol):
    """What is compiled: a revision, saved or not."""

    subject: str
    preheader: str
    html: str
    text: str
    hash: str


Values = Mapping[str, Any]
Slot = Callable[[Values, Links], bytes]
Piece = bytes | Slot


@dataclass(frozen=True)
class Part:
    """Pieces of a part, static ones encoded; `slots` are the places of the others."""

    static: tuple[bytes, ...]
    slots: tuple[tuple[int, Slot], ...]

    def render(self, values: Values, links: Links) -> bytes:
        """Fill the slots."""
        pieces = list(self.static)
        for place, slot in self.slots:
            pieces[place] = slot(values, links)
        return b"".join(pieces)


class Compiled:
    """A revision ready for any number of readers. Made by `compile_content`."""

    def __init__(self, source: Source, imprint: Imprint, language: str) -> None:
        self.links = linking.targets(source.html, source.text)
        numbers = {target: number for number, target in enumerate(self.links)}
        boundary = f"=_connect_{source.hash[:24]}"
        self.content_type = f'multipart/alternative; boundary="{boundary}"'
        self._subject = sandbox.build(list(sandbox.parse(source.subject, "text").body), "text")
        self._preheader = sandbox.build(list(sandbox.parse(source.preheader, "text").body), "text")
        self._html = _part(_html_tokens(source, imprint, language, numbers), "html")
        self._text = _part(_text_tokens(source, imprint, language, numbers), "text")
        head = "--{}\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        self._before = head.format(boundary, "plain").encode()
        self._between = ("\r\n" + head.format(boundary, "html")).encode()
        self._after = f"\r\n--{boundary}--\r\n".encode()

    def subject(self, values: Values) -> str:
        """Write the subject as plain text on one line."""
        return " ".join(self._subject(values).split())

    def preheader(self, values: Values) -> str:
        """Write what mailboxes show behind the subject."""
        return " ".join(self._preheader(values).split())

    def html(self, values: Values, links: Links) -> bytes:
        """Write the HTML part, quoted-printable."""
        return self._html.render(values, links)

    def text(self, values: Values, links: Links) -> bytes:
        """Write the text part, quoted-printable."""
        return self._text.render(values, links)

    def body(self, values: Values, links: Links) -> bytes:
        """Write the whole body, ready for DATA: CRLF, short lines, none that begins with a dot."""
        return b"".join(
            (
                self._before,
                self._text.render(values, links),
                self._between,
                self._html.render(values, links),
                self._after,
            )
        )


def compile_content(source: Source, *, conversation: Imprint, language: str) -> Compiled:
    """Compile a checked revision with its conversation's footer. Once per revision, segment and language.

    Errors: jinja2.TemplateSyntaxError for a template that was never checked.
    """
    return Compiled(source, conversation, language)


#: A token is a string of template source, or a slot that a message's links fill.
Token = str | Slot


def _html_tokens(source: Source, imprint: Imprint, language: str, numbers: Mapping[str, int]) -> list[Token]:
    ending = footer(imprint, language)
    body = source.html
    close = body.lower().rfind("</body>")
    close = len(body) if close < 0 else close
    inside, outside = body[:close], body[close:]
    tokens = _opening(inside, source.preheader)
    linked: list[Token] = []
    for token in tokens:
        linked += _linked(token, linking.in_html(token), numbers) if isinstance(token, str) else [token]
    pixel_before, pixel_after = '<img width="1" height="1" alt="" src="', '">'
    return [
        *linked,
        _raw(ending.html_before), _unsubscribe, _raw(ending.html_after),
        _raw(pixel_before), _pixel, _raw(pixel_after),
        outside,
    ]  # fmt: skip


def _opening(body: str, preheader: str) -> list[Token]:
    """Put the preheader, unseen in the mail itself, right behind `<body>`."""
    if not preheader:
        return [body]
    start = body.lower().find("<body")
    place = body.find(">", start) + 1 if start >= 0 else 0
    hidden = "display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px"
    return [body[:place], f'<div style="{hidden}">{preheader}</div>', body[place:]]


def _text_tokens(source: Source, imprint: Imprint, language: str, numbers: Mapping[str, int]) -> list[Token]:
    ending = footer(imprint, language)
    linked = _linked(source.text.rstrip(), linking.in_text(source.text.rstrip()), numbers)
    return [*linked, _raw(ending.text_before), _unsubscribe, "\n"]


def _linked(source: str, places: Iterable[linking.Place], numbers: Mapping[str, int]) -> list[Token]:
    tokens: list[Token] = []
    done = 0
    for place in places:
        if place.tracked and place.target in numbers:
            tokens += [source[done : place.start], _click(numbers[place.target])]
            done = place.end
    return [*tokens, source[done:]]


def _part(tokens: list[Token], kind: Kind) -> Part:
    """Parse the tokens as one template, so that conditions may span links, then encode what is static."""
    slots: dict[str, Slot] = {}
    source = ""
    for token in tokens:
        if isinstance(token, str):
            source += token
        else:
            name = f"\ue000{len(slots)}\ue001"
            slots[name] = token
            source += name
    return _encode(list(_pieces(sandbox.parse(source, kind), kind, slots)))


def _pieces(tree: nodes.Template, kind: Kind, slots: Mapping[str, Slot]) -> Iterator[str | Slot]:
    for node in tree.body:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                if isinstance(child, nodes.TemplateData):
                    yield from _split(child.data, slots)
                else:
                    yield _dynamic(nodes.Output([child], lineno=child.lineno), kind, slots)
        else:
            yield _dynamic(node, kind, slots)


def _split(data: str, slots: Mapping[str, Slot]) -> Iterator[str | Slot]:
    before, mark, rest = data.partition("\ue000")
    yield before
    while mark:
        number, _, after = rest.partition("\ue001")
        # A reader's own value may hold these signs: it then names no slot, and they vanish.
        yield slots.get(f"\ue000{number}\ue001", "")
        before, mark, rest = after.partition("\ue000")
        yield before


def _dynamic(node: nodes.Node, kind: Kind, slots: Mapping[str, Slot]) -> Slot:
    plain = _plain_field(node)
    if plain:
        return _lookup(*plain, escaped=kind == "html")
    render = sandbox.build([node], kind)

    def slot(values: Values, links: Links) -> bytes:
        text = render(values)
        if "\ue000" not in text:
            return encode_value(text)
        pieces = _split(text, slots)
        return b"".join(encode_fresh(piece) if isinstance(piece, str) else piece(values, links) for piece in pieces)

    return slot


def _plain_field(node: nodes.Node) -> tuple[str, str] | None:
    """Name root and field of `{{ attributes.tier }}` and its like, which need no template to run."""
    if isinstance(node, nodes.Output) and len(node.nodes) == 1:
        child = node.nodes[0]
        if isinstance(child, nodes.Getattr) and isinstance(child.node, nodes.Name) and child.node.name != "interests":
            return str(child.node.name), str(child.attr)
    return None


def _lookup(root: str, name: str, *, escaped: bool) -> Slot:
    def slot(values: Values, links: Links) -> bytes:
        value = values.get(root, {}).get(name)
        if value is None:
            return b""
        return encode_value(str(escape(str(value))) if escaped else str(value))

    return slot


def _encode(pieces: list[str | Slot]) -> Part:
    merged: list[str | Slot] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    last = len(merged) - 1
    static = tuple(
        encode_static(piece, last=place == last) if isinstance(piece, str) else b""
        for place, piece in enumerate(merged)
    )
    return Part(static, tuple((place, piece) for place, piece in enumerate(merged) if not isinstance(piece, str)))


def _raw(text: str) -> Slot:
    """Keep text of ours out of the template language: a footer may hold braces."""
    encoded = encode_value(text)
    return lambda values, links: encoded


def _click(number: int) -> Slot:
    return lambda values, links: encode_fresh(links.click(number))


def _unsubscribe(values: Values, links: Links) -> bytes:
    return encode_fresh(links.unsubscribe)


def _pixel(values: Values, links: Links) -> bytes:
    return encode_fresh(links.pixel)
