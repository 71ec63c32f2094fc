"""A text part suggested from HTML: its words, paragraph by paragraph, links in brackets behind them, fields kept."""

import re
from collections.abc import Iterator
from html import unescape

from content.rendering.links import allowed, leads_on
from content.rendering.markup import Markup, Piece, Tag, read

PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre", "section", "article"}
    | {"header", "footer", "main", "figure", "dl", "hr"}
)
LINES = frozenset({"br", "div", "tr", "td", "th", "li", "dt", "dd", "center", "address", "body", "html", "head"})
VOID = frozenset({"br", "hr", "img", "meta", "link", "area", "col", "wbr", "source", "track"})
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
#: Pads a preheader, so that mailboxes show nothing behind it.
_PADDING = re.compile("(?:[\u00ad\u034f\u200b\u200c\ufeff][ \u00a0\n]*){3,}")


def text_of(html: str) -> str:
    """Write the text part that an HTML part suggests. "" where it says nothing."""
    text = _PADDING.sub(" ", "".join(_words(read(html))))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _words(markup: Markup) -> Iterator[str]:
    hidden: list[str] = []
    target = ""
    found: list[Tag | Piece] = [*markup.tags, *markup.texts]
    for one in sorted(found, key=lambda part: part.start):
        if isinstance(one, Piece):
            if not hidden:
                yield re.sub(r"\s+", " ", unescape(one.text)) if not one.word else one.text
        elif hidden:
            _track(hidden, one)
        elif not one.outlook:
            if _is_hidden(one):
                hidden.append(one.name)
            elif one.name == "a":
                yield f" ({target})" if target and one.closes else ""
                target = _target(one)
            else:
                yield _break(one)


def _track(hidden: list[str], tag: Tag) -> None:
    """Count what is open of the hidden element's own name."""
    if tag.name == hidden[0]:
        if tag.closes:
            hidden.pop()
        else:
            hidden.append(tag.name)


def _is_hidden(tag: Tag) -> bool:
    if tag.closes or tag.name in VOID:
        return False
    return any(
        (attribute.name == "style" and _HIDDEN.search(attribute.value)) or attribute.name == "hidden"
        for attribute in tag.attributes
    )


def _target(tag: Tag) -> str:
    if not leads_on(tag):
        return ""
    found = next((attribute.value.strip() for attribute in tag.attributes if attribute.name == "href"), "")
    return found if allowed(found) and not found.startswith("#") else ""


def _break(tag: Tag) -> str:
    if tag.name == "img":
        return next((attribute.value for attribute in tag.attributes if attribute.name == "alt"), "")
    if tag.name in PARAGRAPHS:
        return "\n\n"
    if tag.name in LINES:
        return "\n- " if tag.name == "li" and not tag.closes else "\n"
    return ""
