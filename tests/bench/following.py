"""P8: following a link, over a bare WSGI function that answers after one XADD; and the flusher, over following a link.

One thread, without a web server. Each link that is followed is another reader's.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from itertools import cycle
from statistics import median
from typing import Any
from wsgiref.util import setup_testing_defaults

import redis
from django.conf import settings

from connect.core.tenancy import tenant as open_tenant
from connect.wsgi import application
from delivery.actions.flush import flush
from delivery.models import Message
from delivery.tracking.links import LinkMaker
from delivery.tracking.stream import KEY
from delivery.tracking.tokens import LinkKind, read
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.load import seconds_per_call

TURNS, CALLS, MESSAGES = 5, 4_000, 30_000
STREAM = "connect:bench:clicks"
FLUSHER_GOAL = 5.0

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def measure(bench: Bench) -> Sequence[Figure]:
    """Follow links of different messages through both, in turns."""
    planned = crowd.plan(bench.crowd, "Clicks")
    paths = _paths(bench, planned)
    store = redis.Redis.from_url(settings.REDIS_URL)
    ours, bare = _visit(application, cycle(paths)), _visit(_bare(store), cycle(paths))
    calls = bench.scaled(CALLS, least=2_000)
    took: dict[str, list[float]] = {"ours": [], "bare": [], "flusher": []}
    try:
        ours()
        for _ in range(TURNS):
            took["bare"].append(seconds_per_call(bare, calls=calls))
            took["ours"].append(seconds_per_call(ours, calls=calls))
            took["flusher"].append(_flush())
    finally:
        store.delete(STREAM, KEY)
        store.close()
        crowd.drop(bench.crowd, planned)
    bare_one, click, flushed = (median(took[side]) for side in ("bare", "ours", "flusher"))
    return [
        Figure(bare_one / click, calls, f"{1 / click:,.0f}/s of {1 / bare_one:,.0f}/s"),
        Figure(click / flushed, calls, f"{1 / flushed:,.0f}/s of {1 / click:,.0f}/s", part="b", goal=FLUSHER_GOAL),
    ]


def _flush() -> float:
    """Flush what waits; the seconds that one event takes."""
    began = time.perf_counter()
    count = flush()
    return (time.perf_counter() - began) / count


def _paths(bench: Bench, planned: crowd.Planned) -> list[str]:
    tenant, run = bench.crowd.cast.tenant, planned.run
    links = LinkMaker("", tenant.pk, run.month)
    with open_tenant(tenant):
        found = Message.objects.of(tenant).filter(month=run.month, run_id=run.pk, kind="main")
        return [links.of(*keys).click(0) for keys in found.values_list("pk", "revision_id")[:MESSAGES]]


def _visit(app: App, paths: Iterable[str]) -> Callable[[], None]:
    following = iter(paths)

    def visit() -> None:
        answered: list[str] = []
        environ: dict[str, Any] = {"PATH_INFO": next(following), "HTTP_HOST": "localhost", "wsgi.input": BytesIO()}
        setup_testing_defaults(environ)
        response = app(environ, lambda status, _headers, _error=None: answered.append(status))
        b"".join(response)
        close = getattr(response, "close", None)
        if close:
            close()
        if not answered[0].startswith("302"):
            raise RuntimeError(f"{environ['PATH_INFO']} answered {answered[0]}")

    return visit


def _bare(store: "redis.Redis") -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        target = read(LinkKind.CLICK, environ["PATH_INFO"].removeprefix("/c/"))
        assert target is not None
        event = {"tenant": target.tenant_id, "message": target.message_id, "link": target.number}
        store.xadd(STREAM, event, maxlen=10_000, approximate=True)  # type: ignore[arg-type]
        start_response("302 Found", [("Location", "https://shop.example/")])
        return [b""]

    return app
