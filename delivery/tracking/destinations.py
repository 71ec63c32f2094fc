"""Where links of frozen revisions lead, kept in this process: PostgreSQL is asked by the first click on each.

A revision never changes, and only links without a reader's values are kept. What is kept is asked again after a while
all the same: a restored database may give a revision's number to another one.
"""

import time
from threading import Lock

from django.utils.encoding import iri_to_uri

from delivery.tracking.tokens import Target

MOST_KEPT = 10_000
KEPT_SECONDS = 600

_kept: dict[tuple[int, int, int], tuple[str, float]] = {}
_writing = Lock()


def remember(target: Target, leads_to: str) -> None:
    """Keep where a link leads; the one that came first makes room."""
    with _writing:
        if len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[_key(target)] = (iri_to_uri(leads_to), time.monotonic() + KEPT_SECONDS)


def known(target: Target) -> str | None:
    """Tell where a link leads, as a header says it, if that is known."""
    leads_to, until = _kept.get(_key(target), ("", 0.0))
    return leads_to if time.monotonic() < until else None


def forget() -> None:
    """Forget all."""
    with _writing:
        _kept.clear()


def _key(target: Target) -> tuple[int, int, int]:
    return target.tenant_id, target.revision_id, target.number
