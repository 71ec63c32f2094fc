"""What a revision must be before it is kept, and what its author should know besides.

Faults stop a save, each at its place; advice doesn't.
"""

import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from selectolax.lexbor import LexborHTMLParser

from content.fields import DECLARED, ROOTS
from content.rendering import grammar, links, markup, sandbox
from content.rendering.encoding import on_lines
from content.rendering.footer import ending
from content.rendering.grammar import MAX_FAULTS
from content.rendering.markup import Attribute, Markup, Tag
from content.rendering.plaintext import text_of
from content.rendering.sandbox import TemplateFault

MAX_SUBJECT = 250
DECLARED_ROOTS = tuple(f"{root}." for root in DECLARED)
#: Gmail cuts a mail off behind this size.
CLIPPED_BYTES = 102_000
FORBIDDEN_TAGS = frozenset(
    {"script", "iframe", "object", "embed", "applet", "base", "form", "input", "button", "select", "textarea"}
    | {"frame", "frameset", "svg", "math", "template", "noembed", "noframes", "xmp", "plaintext", "portal", "image"}
)
#: Orders to a browser, or to the script that our own pages are made with.
FORBIDDEN_BEGINNINGS = ("on", "hx-", "data-hx-")
FORBIDDEN_ATTRIBUTES = frozenset({"srcdoc", "formaction", "action", "ping", "manifest", "codebase", "archive"})
ADDRESS_ATTRIBUTES = frozenset(
    {"href", "src", "background", "poster", "xlink:href", "data", "longdesc", "lowsrc", "dynsrc"}
)
FORBIDDEN_META = frozenset({"refresh", "set-cookie"})
_HEADER_BREAKS = re.compile("[\r\n\x00\u0085\u2028\u2029]")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SOURCE = re.compile(
    r"^(?:https?://[^/{}\s?#@\\]+(?:[/?#]|$)|cid:|data:image/(?:png|gif|jpeg|webp)[;,])", re.IGNORECASE
)
_BAD_STYLE = re.compile(r"(?:java|vb)script:|expression\s*\(|-moz-binding|behavior\s*:|data:text", re.IGNORECASE)
_STYLE_NOISE = re.compile(r"/\*.*?\*/|[\s\\\x00-\x1f]", re.DOTALL)
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """What an author wrote in one language."""

    subject: str
    preheader: str
    html: str
    text: str

    def tidy(self) -> "Draft":
        """Bring it to how it is kept: no white space around it, one kind of line end."""
        return Draft(self.subject.strip(), self.preheader.strip(), _lines(self.html), _lines(self.text))


@dataclass(frozen=True)
class Advice:
    """Something that doesn't stop a save. `field` is where it stands."""

    field: str
    says: str


def completed(draft: Draft) -> Draft:
    """Bring a draft without faults to how it is kept: with a text part, made from the HTML where none was written."""
    tidy = draft.tidy()
    return tidy if tidy.text.strip() else replace(tidy, text=text_of(tidy.html)).tidy()


def fields_of(draft: Draft) -> list[str]:
    """Name the fields that a draft without faults uses anywhere, links included."""
    html = on_lines(draft.html)
    lines = (draft.subject, draft.preheader, on_lines(draft.text))
    return sorted(sandbox.fields(html, "html").union(*(sandbox.fields(line, "text") for line in lines)))


def faults(draft: Draft) -> dict[str, list[TemplateFault]]:
    """Find what stops a save, by field. Empty means that the draft may become a revision."""
    html, text = on_lines(draft.html), on_lines(draft.text)
    found = {
        "subject": [*_line_faults(draft.subject, required=True), *grammar.faults(draft.subject, "text")],
        "preheader": [*_line_faults(draft.preheader, required=False), *grammar.faults(draft.preheader, "text")],
        "html": grammar.faults(html, "html"),
        "text": grammar.faults(text, "text"),
    }
    if any(mark in _TEMPLATE.sub("", draft.preheader) for mark in "<>"):
        found["preheader"].append(TemplateFault(1, 0, _("A preheader is plain text, without < or >.")))
    if not draft.html.strip():
        found["html"].append(TemplateFault(1, 0, _("Write the message.")))
    if grammar.parses(html, "html"):
        found["html"] += islice(_html_faults(html), MAX_FAULTS)
    if grammar.parses(text, "text"):
        found["text"] += islice(_text_faults(text), MAX_FAULTS)
    return {field: _in_order(said) for field, said in found.items() if said}


def _in_order(said: list[TemplateFault]) -> list[TemplateFault]:
    return sorted(dict.fromkeys(said), key=lambda fault: (fault.line, fault.column))[:MAX_FAULTS]


def advice(draft: Draft, declared: Collection[str]) -> list[Advice]:
    """Find what the author should know about a draft without faults; `declared` names what customers may have."""
    found = [
        Advice("html", _("“%(field)s” isn’t declared: it is empty for everybody.") % {"field": field})
        for field in fields_of(draft)
        if field.startswith(DECLARED_ROOTS) and field not in declared
    ]
    seen = markup.read(on_lines(draft.html))
    missing = sum(1 for tag in seen.tags if tag.name == "img" and not _says_something(tag))
    if missing:
        says = ngettext(
            '%(count)s image says nothing to those who don’t see it: give it an alt text (alt="" if it decorates).',
            '%(count)s images say nothing to those who don’t see them: give them an alt text (alt="" if it decorates).',
            missing,
        )
        found.append(Advice("html", says % {"count": missing}))
    if len(draft.html.encode()) > CLIPPED_BYTES:
        found.append(Advice("html", _("Over 102 kB: Gmail cuts the rest off, the unsubscribe link included.")))
    if not links.targets(on_lines(draft.html), draft.text):
        found.append(Advice("html", _("There is no link that a reader could follow.")))
    if not draft.preheader:
        found.append(Advice("preheader", _("Without a preheader, mailboxes show the first words of the message.")))
    return found


def _says_something(image: Tag) -> bool:
    """Tell whether an image has an alt text, be it empty on purpose."""
    return any(attribute.name == "alt" for attribute in image.attributes)


def _lines(text: str) -> str:
    return on_lines(text).strip() + "\n"


def _line_faults(line: str, *, required: bool) -> Iterator[TemplateFault]:
    if required and not line.strip():
        yield TemplateFault(1, 0, _("Write a subject."))
    if _HEADER_BREAKS.search(line):
        yield TemplateFault(1, 0, _("Line breaks can't stand here."))
    if len(line) > MAX_SUBJECT:
        yield TemplateFault(1, 0, _("At most 250 characters."))


def _text_faults(text: str) -> Iterator[TemplateFault]:
    for place in links.in_text(text):
        for wrong in _fields_of_loops(place.target):
            yield _at(text, place.start, wrong)


def _html_faults(html: str) -> Iterator[TemplateFault]:
    seen = markup.read(html)
    for fault in seen.faults:
        yield _at(html, fault.place, fault.says)
    for tag in seen.tags:
        forbidden = tag.name in FORBIDDEN_TAGS or (tag.name == "noscript" and not tag.outlook)
        if forbidden and not tag.closes:
            yield _at(html, tag.start, _("<%(tag)s> can't stand in a mail.") % {"tag": tag.name})
        for attribute in tag.attributes:
            for says in _attribute_faults(tag, attribute):
                yield _at(html, attribute.start, says)
    for style in seen.styles:
        if _BAD_STYLE.search(_STYLE_NOISE.sub("", style.text)):
            yield _at(html, style.start, _("A style sheet can't run anything."))
    if len(dict.fromkeys(place.target for place in links.in_html(seen) if place.tracked)) > links.MAX_LINKS:
        yield TemplateFault(1, 0, _("At most 500 links."))
    if not seen.faults:
        yield from _hidden_footer(html, seen)


def _attribute_faults(tag: Tag, attribute: Attribute) -> Iterator[str]:
    name, value = attribute.name, attribute.value.strip()
    if name.startswith(FORBIDDEN_BEGINNINGS) or name in FORBIDDEN_ATTRIBUTES:
        yield _("“%(name)s” can't stand in a mail.") % {"name": name}
    elif name == "href" and links.leads_on(tag):
        if not links.allowed(value):
            yield _("“%(target)s” is no address for a link: use https://, mailto: or #.") % {"target": value[:80]}
        yield from _fields_of_loops(value)
    elif (name in ADDRESS_ATTRIBUTES and not _SOURCE.match(value)) or (
        name == "srcset" and not all(_SOURCE.match(part.strip()) for part in value.split(", "))
    ):
        yield _("“%(target)s” is no full address: a mail shows only what stands at https://.") % {"target": value[:80]}
    elif name == "style" and _BAD_STYLE.search(_STYLE_NOISE.sub("", value)):
        yield _("A style can't run anything.")
    elif tag.name == "meta" and name == "http-equiv" and value.lower() in FORBIDDEN_META:
        yield _("A mail can't send its reader elsewhere: take the meta refresh out.")


def _fields_of_loops(target: str) -> Iterator[str]:
    """Find what a click couldn't fill in later: then nothing is known of the loop that the link stood in."""
    for expression in links.fields_in(target):
        names = sandbox.names(expression) if grammar.parses(expression, "text") else set()
        for name in sorted(names - ROOTS):
            yield _("A link can't hold “%(name)s”: a click knows the customer's fields, not the loop.") % {"name": name}


def _hidden_footer(html: str, seen: Markup) -> Iterator[TemplateFault]:
    """Find out whether the footer with the unsubscribe link would be seen where it will stand."""
    place = ending(seen, len(html))
    name = f"footer-{secrets.token_hex(8)}"
    tree = LexborHTMLParser(f'{_markup_alone(html[:place])}<i id="{name}"></i>{_markup_alone(html[place:])}')
    node = tree.css_first(f"#{name}")
    around = node.parent if node is not None else None
    while around is not None:
        if _HIDDEN.search(_STYLE_NOISE.sub("", around.attributes.get("style") or "")) or "hidden" in around.attributes:
            says = _("What is hidden here is never closed, and so would be the footer: <%(tag)s>.")
            yield _at(html, html.lower().find(f"<{around.tag}"), says % {"tag": around.tag})
        around = around.parent
    if node is None:
        yield _at(html, place, _("The footer would not be seen here."))


def _markup_alone(html: str) -> str:
    return "".join(piece.text for piece in markup.pieces(html) if not piece.word)


def _at(source: str, place: int, says: str) -> TemplateFault:
    place = max(place, 0)
    return TemplateFault(*markup.line_and_column(source, place), says)
