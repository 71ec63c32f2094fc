"""The demo's customers read their mail: they load pictures, follow links, and a few leave; over HTTP, as they would."""

import html
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from connect.catcher import Caught, body
from connect.demo.books import received_since

MOST_READERS = 1_500
OPENED, CLICKED, LEFT = 0.42, 0.11, 0.006
_LINK = re.compile(r'href="([^"]*/c/[^"]+)"')
_PIXEL = re.compile(r'src="([^"]*/o/[^"]+)"')
_LEAVE = re.compile(r'href="([^"]*/u/[^"]+)"')
BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
)


@dataclass
class Read:
    """What they did."""

    opened: int = 0
    clicked: int = 0
    left: int = 0


class _Stay(HTTPRedirectHandler):
    """The links lead to shops that don't exist: nobody follows."""

    def redirect_request(self, *_args: object, **_options: object) -> None:
        return None


def read_mail(catcher: Path, since: int) -> Read:
    """Let a share of the receivers since a line of the catcher's log open, click and leave."""
    draw = random.Random(2026)  # noqa: S311 - made-up habits, nothing secret
    browser = build_opener(_Stay)
    done = Read()
    for mail in received_since(catcher, since)[:MOST_READERS]:
        for kind, address, data in _deeds(catcher, mail, draw):
            request = Request(address, data=data, headers={"User-Agent": BROWSER})  # noqa: S310 - our own links
            try:
                browser.open(request, timeout=10).close()
            except HTTPError as answer:
                if answer.code != 302:
                    raise
            setattr(done, kind, getattr(done, kind) + 1)
    return done


def _deeds(catcher: Path, mail: Caught, draw: random.Random) -> Iterator[tuple[str, str, bytes | None]]:
    if draw.random() > OPENED:
        return
    message = body(catcher, mail)
    part = message.get_body(("html",)) if message else None
    words = part.get_content() if part else ""
    if pixel := _PIXEL.search(words):
        yield "opened", html.unescape(pixel[1]), None
    links = _LINK.findall(words)
    if links and draw.random() < CLICKED / OPENED:
        yield "clicked", html.unescape(draw.choice(links)), None
    if draw.random() < LEFT / OPENED and (leave := _LEAVE.search(words)):
        yield "left", html.unescape(leave[1]), b"List-Unsubscribe=One-Click"
