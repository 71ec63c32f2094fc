"""The demo from the file to the report: import, wait until the run is over, measure it, hold its books together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db import connections

from campaigns.models import Campaign, Run
from campaigns.states import CampaignState, RunState
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.demo import books, build, people
from connect.demo.build import Cast
from connect.demo.people import Person
from conversations.importing.staging import Counts
from conversations.models import Conversation
from delivery.states import MessageState
from reports import queries, report

POLL_SECONDS = 0.1
Say = Callable[[str], None]


class DidNotFinish(Exception):
    """A run didn't come to its end in the time that it was given."""


@dataclass
class Result:
    """What the last line of JSON says. Units: seconds; messages a second."""

    recipients: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    import_seconds: float = 0.0
    plan_seconds: float = 0.0
    send_seconds: float = 0.0
    messages_per_second: float = 0.0
    differences: list[str] = field(default_factory=list)


def prepare(of: Cast, made: list[Person], say: Say, *, now: datetime) -> tuple[Conversation, Counts, float]:
    """Declare attributes, make the conversation and import the file. Gives the import's counts and its seconds."""
    build.declare(of.tenant, of.members["admin"], now=now)
    news = build.make_news(of, now=now)
    say(f"Importing {len(made):,} customers …")
    began = time.perf_counter()
    counts = build.import_people(of.tenant, news, of.members["marketer"], made, now=now)
    seconds = time.perf_counter() - began
    build.suppress(of, news, made, now=now)
    build.let_leave(of, news, made, now=now)
    analyse()
    return news, counts, seconds


def analyse() -> None:
    """Let the database's planner know the tables that were just filled, as autovacuum would a minute later."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass(frozen=True)
class Ended:
    """A run that is over, and when its planning was, as seen from here."""

    run: Run
    planned_at: datetime


def wait_for_end(tenant: Tenant, campaign: Campaign, say: Say, *, limit_seconds: float) -> Ended:
    """Wait until a campaign's run is finished, and say how far it is.

    Errors: DidNotFinish.
    """
    deadline = time.monotonic() + limit_seconds
    said = ""
    planned_at: datetime | None = None
    while time.monotonic() < deadline:
        with open_tenant(tenant):
            run = report.latest_run(tenant, campaign)
            state = Campaign.objects.of(tenant).get(pk=campaign.pk).state
            line = _progress(run) if run else f"{campaign.name}: {state}"
        if line != said:
            say(line)
            said = line
        if run and run.state != RunState.PLANNING:
            planned_at = planned_at or datetime.now(UTC)
            if run.state == RunState.FINISHED and state == CampaignState.FINISHED:
                return Ended(run, planned_at)
        if state in {CampaignState.HELD, CampaignState.CANCELLED, CampaignState.EXPIRED}:
            raise DidNotFinish(f"{campaign.name} is {state}")
        time.sleep(POLL_SECONDS)
    raise DidNotFinish(f"{campaign.name} took longer than {limit_seconds:.0f} s; it stood at: {said}")


def result_of(tenant: Tenant, ended: Ended, import_seconds: float) -> Result:
    """Measure a finished run: planning as seen from here, to a tenth of a second; sending from then to its end."""
    run = ended.run
    with open_tenant(tenant):
        states = queries.states(report.key_of(run))
    sums: dict[str, int] = {}
    for one in states:
        sums[one.state] = sums.get(one.state, 0) + one.count
    send = max(((run.finished_at or datetime.now(UTC)) - ended.planned_at).total_seconds(), POLL_SECONDS)
    return Result(
        recipients=run.recipients,
        states=sums,
        import_seconds=round(import_seconds, 2),
        plan_seconds=round((ended.planned_at - run.started_at).total_seconds(), 2),
        send_seconds=round(send, 2),
        messages_per_second=round(sums.get(MessageState.ACCEPTED, 0) / send, 1),
    )


def compare(
    of: Cast, run: Run, made: Sequence[Person], counts: Counts, *, catcher: Path | None, since: int
) -> list[str]:
    """Hold all accounts of the run together. Without our catcher, the receiver's log is somebody else's to read."""
    found = books.read_books(of.tenant, run)
    differences = books.differences(found, people.expect(made), counts, build.SEEDS)
    if catcher is not None:
        differences += books.receiver_differences(found, books.received_since(catcher, since))
    return differences


def _progress(run: Run) -> str:
    if run.state == RunState.PLANNING:
        return f"Planning: {run.recipients:,} messages so far"
    sums = {one.state: one.count for one in queries.states(report.key_of(run))}
    taken = sum(sums.get(state, 0) for state in queries.TAKEN)
    return f"Handed over {taken:,} of {sum(sums.values()):,}"
