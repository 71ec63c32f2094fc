"""P9: what row-level security adds to the statements that read whole audiences, and whether it loses an index."""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

import psycopg
from django.conf import settings

from campaigns.models import Run
from campaigns.plan import plan_query
from connect.core.sql import Sql
from connect.core.tenancy import tenant as open_tenant
from connect.homes import APP_ROLE, BACKUP_ROLE
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure

TURNS = 7
PAGE = 50_000


def measure(bench: Bench) -> Sequence[Figure]:
    """Read a page of the plan as the app, and as the role for backups, which passes by row-level security."""
    if not settings.IS_EMBEDDED:
        return [Figure(None, 0, "needs the embedded servers, whose roles can be taken without a password")]
    planned = crowd.plan(bench.crowd, "Isolation")
    with open_tenant(bench.crowd.cast.tenant):
        query = _page(planned.run)
    took: dict[str, list[float]] = {APP_ROLE: [], BACKUP_ROLE: []}
    plans = {}
    for role in took:
        plans[role] = _explain(bench, role, query)
    for _ in range(TURNS):
        for role, seconds in took.items():
            seconds.append(_read(bench, role, query))
    crowd.drop(bench.crowd, planned)
    added = [kind for kind in ("Seq Scan",) if plans[APP_ROLE].count(kind) > plans[BACKUP_ROLE].count(kind)]
    app, free = median(took[APP_ROLE]), median(took[BACKUP_ROLE])
    said = f"{app * 1e3:.0f} ms over {free * 1e3:.0f} ms for a page of the plan; " + (
        "it causes a sequential scan" if added else "no sequential scan caused by it"
    )
    return [Figure(None if added else app / free, min(PAGE, len(bench.crowd.made)), said)]


def _page(run: Run) -> Sql:
    plan = plan_query(run, after=0, limit=PAGE)
    return "SELECT count(*), count(p.values), min(p.segment_id) FROM (" + plan + ") p"


def _read(bench: Bench, role: str, query: Sql) -> float:
    with _as(role) as server:
        _open(server, bench)
        return crowd.timed(lambda: server.execute(query.text, query.params))


def _explain(bench: Bench, role: str, query: Sql) -> str:
    with _as(role) as server:
        _open(server, bench)
        found = server.execute("EXPLAIN " + query.text, query.params)
        return "\n".join(line for (line,) in found)


def _as(role: str) -> "psycopg.Connection[tuple[str]]":
    return psycopg.connect(settings.HOME.database_url(role))


def _open(server: "psycopg.Connection[tuple[str]]", bench: Bench) -> None:
    tenant = bench.crowd.cast.tenant
    server.execute("SELECT set_config('app.tenant', %s, true), %s", (str(tenant.pk), datetime.now(UTC)))
