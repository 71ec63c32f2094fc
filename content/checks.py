"""What a revision must be before it is kept, and what its author should know besides.

Faults stop a save, each at its place; advice doesn't.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from selectolax.lexbor import LexborHTMLParser

from content.rendering import links, sandbox
from content.rendering.sandbox import TemplateFault

MAX_SUBJECT = 250
#: Gmail cuts a mail off behind this size.
CLIPPED_BYTES = 102_000
FORBIDDEN_TAGS = frozenset(
    {"script", "iframe", "object", "embed", "applet", "base", "form", "input", "button", "frame", "svg", "math"}
)
ADDRESS_ATTRIBUTES = frozenset({"href", "src", "action", "background", "poster", "srcset", "xlink:href", "formaction"})
_HEADER_BREAKS = re.compile("[\r\n\x00\u0085\u2028\u2029]")
_REFRESH = re.compile(r"<meta[^>]*http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_BAD_SOURCE = re.compile(r"^\s*(?:javascript|vbscript|data:text|file):", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """What an author wrote in one language."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True)
class Advice:
    """Something that doesn't stop a save. `field` is where it stands."""

    field: str
    says: str


def faults(draft: Draft) -> dict[str, list[TemplateFault]]:
    """Find what stops a save, by field. Empty means that the draft may become a revision."""
    found = {
        "subject": [*_line_faults(draft.subject, required=True), *sandbox.faults(draft.subject, "text")],
        "preheader": [*_line_faults(draft.preheader, required=False), *sandbox.faults(draft.preheader, "html")],
        "html": sandbox.faults(draft.html, "html"),
        "text": sandbox.faults(draft.text, "text"),
    }
    if any(mark in draft.preheader for mark in "<>"):
        found["preheader"].append(TemplateFault(1, 0, _("A preheader is plain text, without < or >.")))
    if not draft.html.strip():
        found["html"].append(TemplateFault(1, 0, _("Write the message.")))
    if not found["html"]:
        found["html"] += _html_faults(draft.html)
    return {field: said for field, said in found.items() if said}


def advice(draft: Draft) -> list[Advice]:
    """Find what the author should know about a draft without faults."""
    tree = LexborHTMLParser(draft.html)
    found = []
    missing = sum(1 for image in tree.css("img") if not (image.attributes.get("alt") or "").strip())
    if missing:
        found.append(
            Advice(
                "html",
                _("%(count)s images say nothing to those who don’t see them: give them an alt text.")
                % {"count": missing},
            )
        )
    if len(draft.html.encode()) > CLIPPED_BYTES:
        found.append(Advice("html", _("Over 102 kB: Gmail cuts the rest off, the unsubscribe link included.")))
    if not links.targets(draft.html, draft.text):
        found.append(Advice("html", _("There is no link that a reader could follow.")))
    if not draft.preheader:
        found.append(Advice("preheader", _("Without a preheader, mailboxes show the first words of the message.")))
    return found


def text_of(html: str) -> str:
    """Suggest a text part from HTML: its words, line by line, links in brackets behind them."""
    tree = LexborHTMLParser(html)
    for node in tree.css("style, script, title, head"):
        node.decompose()
    for node in tree.css("a"):
        target = (node.attributes.get("href") or "").strip()
        if links.allowed(target) and not target.startswith("#"):
            node.insert_after(f" ({target})")
    body = tree.body
    text = body.text(separator="\n") if body is not None else ""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"\n\((\w+:)", r" (\1", "\n".join(line for line in lines if line))).strip()


def _line_faults(line: str, *, required: bool) -> Iterator[TemplateFault]:
    if required and not line.strip():
        yield TemplateFault(1, 0, _("Write a subject."))
    if _HEADER_BREAKS.search(line):
        yield TemplateFault(1, 0, _("Line breaks can't stand here."))
    if len(line) > MAX_SUBJECT:
        yield TemplateFault(1, 0, _("At most 250 characters."))


def _html_faults(html: str) -> list[TemplateFault]:
    found = [
        TemplateFault(
            _line(html, place.start),
            0,
            _("“%(target)s” is no address for a link: use https://, mailto: or #.") % {"target": place.target[:80]},
        )
        for place in links.in_html(html)
        if not links.allowed(place.target)
    ]
    if len(links.targets(html, "")) > links.MAX_LINKS:
        found.append(TemplateFault(1, 0, _("At most 500 links.")))
    if _REFRESH.search(html):
        found.append(TemplateFault(1, 0, _("A mail can't send its reader elsewhere: take the meta refresh out.")))
    # Fields stand for text: what they could add can't be a tag, since values are escaped.
    tree = LexborHTMLParser(_TEMPLATE.sub("", html))
    for node in tree.css("*"):
        tag = (node.tag or "").lower()
        if tag in FORBIDDEN_TAGS:
            found.append(
                TemplateFault(_line_of_tag(html, tag), 0, _("<%(tag)s> can't stand in a mail.") % {"tag": tag})
            )
        found += [
            TemplateFault(_line_of_tag(html, name), 0, _("“%(name)s” can't stand in a mail.") % {"name": name})
            for name, value in node.attributes.items()
            if name.lower().startswith("on") or (_holds_address(tag, name.lower()) and _BAD_SOURCE.match(value or ""))
        ]
    return list(dict.fromkeys(found))


def _holds_address(tag: str, name: str) -> bool:
    return name in ADDRESS_ATTRIBUTES and not (name == "href" and tag in {"a", "area"})


def _line(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def _line_of_tag(source: str, word: str) -> int:
    place = source.lower().find(word)
    return _line(source, max(place, 0))
