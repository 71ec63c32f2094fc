"""P8: following a link, over a bare WSGI function that answers after one XADD. One thread, without a web server."""

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from itertools import cycle
from statistics import median
from typing import Any
from wsgiref.util import setup_testing_defaults

import redis
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from connect.core.tenancy import tenant as open_tenant
from delivery.models import Message
from delivery.tracking.links import LinkMaker
from delivery.tracking.tokens import LinkKind, read
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.load import seconds_per_call

TURNS, CALLS, MESSAGES = 5, 400, 2_000
STREAM = "connect:bench:clicks"
FLUSHER_GOAL = 5.0

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def measure(bench: Bench) -> Sequence[Figure]:
    """Follow links of different messages through both, in turns."""
    planned = crowd.plan(bench.crowd, "Clicks")
    paths = cycle(_paths(bench, planned))
    store = redis.Redis.from_url(settings.REDIS_URL)
    ours, bare = _visit(get_wsgi_application(), paths), _visit(_bare(store), paths)
    calls = bench.scaled(CALLS, least=20)
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    try:
        for _ in range(TURNS):
            took["bare"].append(seconds_per_call(bare, calls=calls))
            took["ours"].append(seconds_per_call(ours, calls=calls))
    finally:
        store.delete(STREAM)
        store.close()
        crowd.drop(bench.crowd, planned)
    said = f"{1 / median(took['ours']):,.0f}/s of {1 / median(took['bare']):,.0f}/s; clicks go straight to PostgreSQL"
    return [
        Figure(median(took["bare"]) / median(took["ours"]), calls, said),
        Figure(None, 0, "the flusher isn't built yet", part="b", goal=FLUSHER_GOAL),
    ]


def _paths(bench: Bench, planned: crowd.Planned) -> list[str]:
    tenant, run = bench.crowd.cast.tenant, planned.run
    links = LinkMaker("", tenant.pk, run.month)
    with open_tenant(tenant):
        found = Message.objects.of(tenant).filter(month=run.month, run_id=run.pk, kind="main")
        return [links.of(key).click(0) for key in found.values_list("pk", flat=True)[:MESSAGES]]


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
