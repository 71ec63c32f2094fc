"""Answer a click or a pixel before Django: the token says whose it is, memory where it leads, and Redis takes it down.

Whatever isn't a plain GET of a whole token to us, known and taken down, is Django's: it answers as if this weren't
here, and writes to PostgreSQL at once (`views/tracking.py`).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from delivery.states import EventKind
from delivery.tracking.destinations import known
from delivery.tracking.machines import PREFETCH_HEADERS, agent, machine
from delivery.tracking.pixel import PIXEL
from delivery.tracking.stream import Came, stream
from delivery.tracking.tokens import LinkKind, Target, read

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

#: Longer ones aren't kept in memory.
LONGEST_KEPT = 400
_HEADERS = {name: "HTTP_" + name.upper().replace("-", "_") for name in ("User-Agent", *PREFETCH_HEADERS)}
_UNKEPT = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]


def quick(app: App) -> App:
    """Put the short way in front of a WSGI application."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] == "GET" and _is_ours(environ):
            if path.startswith("/c/"):
                leads_to = _click(path[3:], environ)
                if leads_to:
                    headers = [("Location", leads_to), ("Content-Type", "text/html; charset=utf-8")]
                    return _answer(start_response, environ, "302 Found", headers, b"")
            elif path.startswith("/o/") and path.endswith(".gif") and _open(path[3:-4], environ):
                return _answer(start_response, environ, "200 OK", [("Content-Type", "image/gif")], PIXEL)
        return app(environ, start_response)

    return serve


def _click(token: str, environ: Mapping[str, Any]) -> str | None:
    target = read(LinkKind.CLICK, token)
    leads_to = known(target) if target and target.revision_id else None
    if target and leads_to and _note(target, EventKind.CLICKED, target.number, environ):
        return leads_to
    return None


def _open(token: str, environ: Mapping[str, Any]) -> bool:
    target = read(LinkKind.OPEN, token)
    return target is not None and _note(target, EventKind.OPENED, None, environ)


def _note(target: Target, kind: EventKind, link: int | None, environ: Mapping[str, Any]) -> bool:
    said = tuple(environ.get(key, "") for key in _HEADERS.values())
    rule, calls_itself = (_kept_visit if sum(map(len, said)) < LONGEST_KEPT else _visit)(said)
    month = target.month.isoformat()
    at = time.time()
    return stream().add(Came(target.tenant_id, month, target.message_id, kind.value, link, at, rule, calls_itself))


def _visit(said: tuple[str, ...]) -> tuple[str, str]:
    headers = dict(zip(_HEADERS, said, strict=True))
    return machine("GET", headers), agent(headers)


_kept_visit = lru_cache(maxsize=4_096)(_visit)


def _is_ours(environ: Mapping[str, Any]) -> bool:
    """Whether it came by a name that we go by, and as securely as we ask."""
    if settings.SECURE_SSL_REDIRECT and not _is_secure(environ):
        return False
    domain, _port = split_domain_port(environ.get("HTTP_HOST", ""))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _is_secure(environ: Mapping[str, Any]) -> bool:
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        if name in environ:
            return str(environ[name]).split(",")[0].strip() == secure
    return environ.get("wsgi.url_scheme") == "https"


def _answer(
    start_response: Callable[..., Any], environ: Mapping[str, Any], status: str, headers: Headers, body: bytes
) -> Iterable[bytes]:
    headers = [*headers, *_UNKEPT, ("Content-Length", str(len(body)))]
    if settings.SECURE_HSTS_SECONDS and _is_secure(environ):
        headers.append(("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}"))
    start_response(status, headers)
    return [body]
