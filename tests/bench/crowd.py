"""One large tenant for the goals about sets: its import measured on the way, a run planned and never sent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from campaigns.actions.launch import start_due
from campaigns.actions.runs import do_cancel
from campaigns.models import Run
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.plan import plan_run
from tests.bench import cast
from tests.bench.cast import Furnished

SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Planned:
    """A run, and how long its planning took."""

    run: Run
    seconds: float


def sql(name: str) -> str:
    """Read a piece of reference SQL."""
    return (SQL / f"{name}.sql").read_text()


def timed(call: Callable[[], object]) -> float:
    """Measure one call by the clock."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def plan(furnished: Furnished, name: str) -> Planned:
    """Launch a campaign without the queue and plan its run."""
    tenant = furnished.cast.tenant
    campaign = cast.draft(furnished, name)
    cast.launch(furnished, campaign)
    start_due(tenant, now=datetime.now(UTC))
    with open_tenant(tenant):
        run = Run.objects.of(tenant).get(campaign=campaign)
    seconds = timed(lambda: plan_run(tenant, run.pk, now=datetime.now(UTC)))
    with open_tenant(tenant):
        return Planned(Run.objects.of(tenant).get(pk=run.pk), seconds)


def drop(furnished: Furnished, planned: Planned) -> None:
    """Cancel a run, so that no sender finds it later."""
    do_cancel(furnished.cast.tenant, planned.run.pk, now=datetime.now(UTC))
