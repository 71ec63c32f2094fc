"""Links of a template: found once, numbered in order, replaced by slots; a target may carry the reader's own values.

A link's target is http, https or mailto; only http(s) ones are tracked. Fields may stand behind the host, as in
`https://shop.example/?c={{ customer.external_id }}`, and are escaped for URLs when a click resolves them.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from content.rendering import sandbox

_ANCHOR = re.compile(r"""<(?:a|area)\b[^>]*?\shref\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"'{}]+(?:\{\{[^{}]*\}\}[^\s<>\"'{}]*)*")
_WEB = re.compile(r"^https?://[^/{}\s?#@\\]+(?:[/?#]|$)", re.IGNORECASE)
_OTHER = re.compile(r"^(?:mailto:[^\s{}]+|#[\w-]*|tel:\+?[\d ()-]+)$", re.IGNORECASE)
_FIELD = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
TRAILING = ".,;:!?)"
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


def in_html(source: str) -> Iterator[Place]:
    """Find the targets of all anchors, in order."""
    for found in _ANCHOR.finditer(source):
        group = "double" if found["double"] is not None else "single"
        yield Place(found.start(group), found.end(group), html.unescape(found[group]).strip())


def in_text(source: str) -> Iterator[Place]:
    """Find the web addresses of a text part, in order, without the punctuation behind them."""
    for found in _BARE.finditer(source):
        target = found[0].rstrip(TRAILING)
        yield Place(found.start(), found.start() + len(target), target)


def allowed(target: str) -> bool:
    """Tell whether a target may stand in a mail."""
    return bool(_WEB.match(target) or _OTHER.match(target)) and not re.search(r"[\x00-\x20\\]", _FIELD.sub("", target))


def targets(html_source: str, text_source: str) -> list[str]:
    """Number the tracked targets of both parts: each different one once, in order of appearance."""
    places = [*in_html(html_source), *in_text(text_source)]
    return list(dict.fromkeys(place.target for place in places if place.tracked))


def resolve(target: str, values: Mapping[str, Any]) -> str:
    """Put a reader's frozen values into a target, escaped for URLs."""

    def value(found: re.Match[str]) -> str:
        return quote(sandbox.render("{{" + found[1] + "}}", "text", values), safe="")

    return _FIELD.sub(value, target)
