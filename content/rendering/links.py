"""Links of a template: found once, numbered in order, replaced by slots; a target may carry the reader's own values.

A link's target is http, https, mailto, tel or a place in the mail; only http(s) ones are tracked. Fields may stand
behind the host, as in `https://shop.example/?c={{ customer.external_id }}`; a click resolves them, escaped for URLs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from content.rendering import sandbox
from content.rendering.markup import Markup, Tag, pieces, read

_BARE = re.compile(r"https?://[^\s<>\"'{}]+(?:\{\{[^{}]*\}\}[^\s<>\"'{}]*)*")
_WEB = re.compile(r"^https?://[^/{}\s?#@\\]+(?:[/?#]|$)", re.IGNORECASE)
_OTHER = re.compile(r"^(?:mailto:[^\s{}]+|#[\w-]*|tel:\+?[\d().-]+)$", re.IGNORECASE)
_TRAILING = ".,;:!?"
MAX_LINKS = 500


@dataclass(frozen=True)
class Place:
    """Where a link's target stands in a source, and what it says once entities are read."""

    start: int
    end: int
    target: str

    @property
    def tracked(self) -> bool:
        """Tell whether a click on it goes through us."""
        return bool(_WEB.match(self.target))


def leads_on(tag: Tag) -> bool:
    """Tell whether a tag is one that a reader can press: old Outlook has its own."""
    return not tag.closes and (tag.name in {"a", "area"} or tag.name.startswith("v:"))


def in_html(markup: Markup) -> Iterator[Place]:
    """Find the targets of all anchors, in order."""
    for tag in markup.tags:
        if leads_on(tag):
            for attribute in tag.attributes:
                if attribute.name == "href":
                    yield Place(attribute.start, attribute.end, attribute.value.strip())


def in_text(source: str) -> Iterator[Place]:
    """Find the web addresses of a text part, in order, without the punctuation behind them."""
    for found in _BARE.finditer(source):
        target = _without_punctuation(found[0])
        yield Place(found.start(), found.start() + len(target), target)


def _without_punctuation(target: str) -> str:
    while target[-1] in _TRAILING or (target[-1] == ")" and target.count(")") > target.count("(")):
        target = target[:-1]
    return target


def allowed(target: str) -> bool:
    """Tell whether a target may stand in a mail."""
    if not (_WEB.match(target) or _OTHER.match(target)):
        return False
    parts = list(pieces(target))
    written = "".join(part.text for part in parts if not part.word)
    return all(part.word in {"", "{{"} for part in parts) and not re.search(r"[\x00-\x20\\]", written)


def fields_in(target: str) -> list[str]:
    """List the fields that a target holds, as written: `{{ customer.external_id }}`."""
    return [part.text for part in pieces(target) if part.word == "{{"]


def targets(html_source: str, text_source: str) -> list[str]:
    """Number the tracked targets of both parts: each different one once, in order of appearance."""
    places = [*in_html(read(html_source)), *in_text(text_source)]
    return list(dict.fromkeys(place.target for place in places if place.tracked))


def resolve(target: str, values: Mapping[str, Any]) -> str:
    """Put a reader's frozen values into a target, escaped for URLs."""
    return "".join(
        quote(sandbox.render(part.text, "text", values), safe="") if part.word else part.text for part in pieces(target)
    )
