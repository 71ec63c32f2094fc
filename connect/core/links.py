"""Addresses that keep what a list is narrowed down to while one thing of it changes."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


def with_query(url: str, /, **changes: Any) -> str:
    """Set these names in a URL's query and keep the others; None takes a name out.

    A new order or filter begins at the first page, so `page` goes unless it is set.
    """
    parts = urlsplit(str(url))
    dropped = {*changes, "page", "after", "before"}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in dropped]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(kept + added)))
