"""No log line carries the token of a customer's link."""

import io
import logging
from collections.abc import Callable
from datetime import date
from functools import partial

import structlog
from django.conf import settings

from delivery.tracking.links import LinkMaker


def written(say: Callable[[], object]) -> str:
    root = logging.getLogger()
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    try:
        say()
    finally:
        root.removeHandler(handler)
    return out.getvalue()


def test_djangos_lines_and_our_own_are_masked() -> None:
    links = LinkMaker(settings.BASE_URL, 1, date(2026, 3, 1)).of(7)
    for path in (links.click(0), links.unsubscribe, links.pixel):
        token = path.rsplit("/", 1)[1].removesuffix(".gif")
        django = written(partial(logging.getLogger("django.request").error, "Internal Server Error: %s", path))
        ours = written(partial(structlog.get_logger("x").warning, "seen", path=path))
        assert (token in django, token in ours) == (False, False)
        assert ("Internal Server Error" in django, "seen" in ours) == (True, True)
