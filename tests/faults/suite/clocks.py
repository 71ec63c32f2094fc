"""F17 to F20: clocks that lie, hours that come twice or never, and beats without order."""

import zoneinfo
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection

from campaigns.actions.launch import LATE_START, start_due
from campaigns.models import Campaign, Run
from campaigns.states import CampaignState, StartKind
from connect.core.models import Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from tests.campaigns.factories import Stage
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import Lab, comes_true
from tests.faults.suite.people import make_scene
from tests.faults.suite.senders import pause
from tests.faults.suite.sink import Sink
from tests.faults.suite.stack import Stack

CONNECTIONS = 8
RUN_SECONDS = 12.0
SIX_HOURS = 6 * 3600.0


@fault("F17", "workers' clocks 6 h off; the database's clock an hour ahead", n=3)
def wrong_clocks(lab: Lab, n: int) -> Result:
    """Let three senders disagree about the time, and let every lease end an hour early, as the database would see it.

    The clocks of workers are moved inside their processes; the jump of PostgreSQL's is made on the rows that it would
    judge differently.
    """
    result = Result(0)
    case = lab.case()
    with lab.senders() as senders, Sink(pace=RUN_SECONDS * 3 * CONNECTIONS / lab.recipients) as sink:
        for shift in (0.0, SIX_HOURS, -SIX_HOURS):
            senders.start(sink, case.tenant, connections=CONNECTIONS, shift=shift)
        for _ in range(n):
            before = len(sink.copies)
            comes_true(lambda: len(sink.copies) > before + 100, 60)  # noqa: B023
            with open_tenant(case.tenant):
                jumped = run_sql(
                    Sql(
                        "UPDATE delivery_chunk SET lease_until = lease_until - interval '1 hour'"
                        " WHERE lease_until > now()"
                    )
                )
            result.n += 1
            result.notes.append(f"{jumped} leases ended early")
        result.demand(lab.finish(case), "it didn't go on by itself")
        lab.look_after(case)
        # A jump takes what is under way from senders that live: they may still settle it, and what they can't is doubt.
        result.verdict.add(lab.judge(sink, case.expecting(doubt=3 * CONNECTIONS * result.n)))
    return result


# --- F18 -----------------------------------------------------------------------------------------------------------

#: Zone, wall time that is skipped or comes twice in 2026, and the instant at which it must fire.
GAPS_AND_OVERLAPS = (
    ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
    ("America/St_Johns", "2026-03-08T02:30", "2026-03-08T05:30"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
    ("Antarctica/Troll", "2026-03-29T02:30", "2026-03-29T01:00"),
    ("Pacific/Chatham", "2026-09-27T03:15", "2026-09-26T14:00"),
    ("Pacific/Chatham", "2026-04-05T03:15", "2026-04-04T13:30"),
    ("America/Santiago", "2026-09-06T00:30", "2026-09-06T04:00"),
    ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00"),
)


@fault("F18", "wall times that a zone skips or has twice", n=12)
def odd_hours(lab: Lab, n: int) -> Result:
    """Schedule at the odd hour of 12 changes, look every 15 minutes, twice at once: one run, at the right instant."""
    result = Result(0)
    for zone, local, instant in GAPS_AND_OVERLAPS[:n]:
        must = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        stage, campaign = _scheduled(lab, zone, local, now=must - timedelta(days=2))
        lab.forget_connections()
        looks = [must + timedelta(minutes=15 * step) for step in range(-16, 17)]
        for at in looks:
            _twice_at_once(stage.tenant, at)
        with open_tenant(stage.tenant):
            started = [run.started_at for run in Run.objects.filter(campaign=campaign)]
        result.n += 1
        result.demand(started == [must], f"{zone} {local}: started at {started}, not at {must}")
    return result


def _scheduled(lab: Lab, zone: str, local: str, *, now: datetime) -> tuple[Stage, Campaign]:
    stage = make_scene(lab)
    stage.now = now
    with open_tenant(stage.tenant):
        Conversation.objects.filter(pk=stage.conversation.pk).update(default_zone=zone)
    campaign = stage.schedule(stage.campaign(), start=local, kind=StartKind.FIXED)
    return stage, stage.approve(stage.ask(campaign), now=now)


def _twice_at_once(tenant: Tenant, at: datetime) -> None:
    def look(_: int) -> None:
        try:
            start_due(tenant, now=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(look, range(2)))


@fault("F19", "the rules of a zone change between scheduling and start", n=1)
def new_rules(lab: Lab, n: int) -> Result:
    """Give Berlin the rules of Tokyo after scheduling: it starts by the new ones, once."""
    result = Result(1)
    old = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    new = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    stage, campaign = _scheduled(lab, "Asia/Tokyo", "2026-03-05T19:00", now=old - timedelta(days=2))
    result.demand(campaign.fires_at == new, f"scheduled for {campaign.fires_at}")
    with TemporaryDirectory() as folder:
        _write_rules(Path(folder), {"Asia/Tokyo": "Europe/Berlin"})
        _read_rules_from([folder])
        try:
            start_due(stage.tenant, now=new)
            moved = stage.fresh(campaign).fires_at
            start_due(stage.tenant, now=old)
            start_due(stage.tenant, now=old + timedelta(minutes=1))
        finally:
            _read_rules_from([])
    with open_tenant(stage.tenant):
        started = [run.started_at for run in Run.objects.filter(campaign=campaign)]
    result.demand(moved == old, f"moved to {moved}, not to {old}")
    result.demand(started == [old], f"started at {started}, not at {old}")
    result.notes.append("the owner isn't told: notices aren't built")
    return result


def _write_rules(folder: Path, like: dict[str, str]) -> None:
    from importlib.resources import files

    for zone, other in like.items():
        target = folder / zone
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files("tzdata").joinpath("zoneinfo", *other.split("/")).read_bytes())


def _read_rules_from(folders: Sequence[str]) -> None:
    zoneinfo.reset_tzpath(folders)
    zoneinfo.ZoneInfo.clear_cache()


# --- F20 -----------------------------------------------------------------------------------------------------------


@fault("F20", "two beats, then five; and none over a due time", n=6)
def many_beats(lab: Lab, n: int) -> Result:
    """Real beats ring for the same campaigns: one run each. Then the time at which nobody looked: late, or missed."""
    result = Result(0)
    with Sink() as sink:
        for beats in (2, 5):
            stages = [_due_now(lab) for _ in range(max(1, n // 2))]
            lab.forget_connections()
            with Stack(lab.home, sink.port, beats=beats):
                comes_true(lambda: all(_runs(stage, campaign) for stage, campaign in stages), 90, every=0.5)  # noqa: B023
                pause(5)
            for stage, campaign in stages:
                result.n += 1
                runs = _runs(stage, campaign)
                result.demand(runs == 1, f"{runs} runs with {beats} beats")
    _judge_late_start(lab, result)
    return result


def _due_now(lab: Lab) -> tuple[Stage, Campaign]:
    stage = make_scene(lab)
    stage.now = datetime.now(UTC)
    return stage, stage.approve(stage.ask(stage.campaign()))


def _runs(stage: Stage, campaign: Campaign) -> int:
    with open_tenant(stage.tenant):
        return Run.objects.filter(campaign=campaign).count()


def _judge_late_start(lab: Lab, result: Result) -> None:
    at = datetime(2026, 3, 5, 19, 0, tzinfo=UTC)
    for late, runs, state in ((LATE_START, 1, CampaignState.SENDING), (LATE_START * 2, 0, CampaignState.HELD)):
        stage, campaign = _scheduled(lab, "UTC", "2026-03-05T19:00", now=at - timedelta(days=1))
        start_due(stage.tenant, now=at + late)
        start_due(stage.tenant, now=at + late + timedelta(seconds=2))
        found = stage.fresh(campaign)
        result.demand(_runs(stage, campaign) == runs, f"{late} late: {_runs(stage, campaign)} runs")
        result.demand(found.state == state, f"{late} late: {found.state}")
        result.n += 1
