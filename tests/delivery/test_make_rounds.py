"""The rounds find whatever was left undone, and ring for it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection

from campaigns.actions.runs import do_cancel, do_pause
from campaigns.models import Run
from connect.core import handoff
from connect.core.handoff import Bell
from connect.core.models import Department, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.drain import drain
from delivery.actions.places import place
from delivery.actions.plan import plan_run
from delivery.actions.rounds import make_rounds
from tests.delivery.factories import Cast, make_run

pytestmark = pytest.mark.django_db

Planned = Callable[..., Cast]
Rung = list[tuple[Bell, int, int]]


@pytest.fixture
def rung(settings: object, django_capture_on_commit_callbacks: Callable[..., object]) -> Iterator[Rung]:
    """Listen at the bells instead of the queue: what was rung, in order, once `make_rounds` has committed."""
    heard: Rung = []
    before = dict(handoff._answers)

    def answer(bell: Bell) -> Callable[[int, int], object]:
        return lambda tenant_id, thing_id: heard.append((bell, tenant_id, thing_id))

    handoff.wire({bell: answer(bell) for bell in Bell})
    yield heard
    handoff.wire(before)


@pytest.fixture
def rounds(rung: Rung, now: datetime, django_capture_on_commit_callbacks: Callable[..., object]) -> Callable[[], Rung]:
    """Make the rounds, and tell what was rung."""

    def make() -> Rung:
        rung.clear()
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            make_rounds(now=now)
        return list(rung)

    return make


def lease(cast: Cast, until: str) -> None:
    with open_tenant(cast.tenant):
        run_sql(Sql(f"UPDATE delivery_chunk SET lease_until = now() + interval '{until}'"))


def test_due_chunks_ring_once_for_each_sender(planned: Planned, rounds: Callable[[], Rung], settings: object) -> None:
    settings.SENDERS_PER_TENANT = 2  # type: ignore[attr-defined]
    cast = planned(3)
    assert rounds() == [(Bell.SEND_DUE, cast.tenant.pk, 0)] * 2


def test_no_bell_rings_for_a_place_that_is_taken(
    planned: Planned, rounds: Callable[[], Rung], settings: object
) -> None:
    settings.SENDERS_PER_TENANT = 2  # type: ignore[attr-defined]
    cast = planned(3)
    with place(cast.tenant) as is_ours:
        assert is_ours
        assert rounds() == [(Bell.SEND_DUE, cast.tenant.pk, 0)]
    assert rounds() == [(Bell.SEND_DUE, cast.tenant.pk, 0)] * 2


def test_what_is_in_a_senders_hands_rings_nothing_until_its_lease_is_long_over(
    planned: Planned, rounds: Callable[[], Rung], settings: object
) -> None:
    settings.SENDERS_PER_TENANT = 1  # type: ignore[attr-defined]
    cast = planned(3)
    lease(cast, "20 seconds")
    assert rounds() == []
    lease(cast, "-10 seconds")
    assert rounds() == [(Bell.SEND_DUE, cast.tenant.pk, 0)]


def test_a_lost_lease_rings_even_while_the_run_is_paused(
    planned: Planned, rounds: Callable[[], Rung], now: datetime, settings: object
) -> None:
    settings.SENDERS_PER_TENANT = 1  # type: ignore[attr-defined]
    cast = planned(3)
    do_pause(cast.tenant, cast.run.pk, now=now)
    assert rounds() == []
    lease(cast, "-10 seconds")
    assert rounds() == [(Bell.SEND_DUE, cast.tenant.pk, 0)]


def test_a_run_whose_bell_was_lost_is_planned(
    tenant: Tenant, department: Department, rounds: Callable[[], Rung], now: datetime
) -> None:
    cast = make_run(tenant, department, now=now, customers=1)
    assert rounds() == [(Bell.RUN_STARTED, tenant.pk, cast.run.pk)]


def test_what_is_not_due_rings_nothing(planned: Planned, rounds: Callable[[], Rung]) -> None:
    cast = planned(3)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_chunk SET next_at = now() + %s", (timedelta(hours=1),)))
    assert rounds() == []


def test_a_run_with_nothing_left_is_finished(planned: Planned, rounds: Callable[[], Rung]) -> None:
    cast = planned(3)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_chunk SET next_at = NULL"))
    assert rounds() == []
    with open_tenant(cast.tenant):
        assert Run.objects.get(pk=cast.run.pk).state == "finished"


def test_what_is_left_of_a_cancelled_run_is_ended(planned: Planned, rounds: Callable[[], Rung], now: datetime) -> None:
    cast = planned(3)
    do_cancel(cast.tenant, cast.run.pk, now=now)
    assert rounds() == []
    with open_tenant(cast.tenant), connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM delivery_message GROUP BY state")
        assert cursor.fetchall() == [("cancelled", 3)]
        cursor.execute("SELECT next_at, cancelled FROM delivery_chunk")
        assert cursor.fetchall() == [(None, 3)]


def test_who_finds_no_place_leaves_at_once(tenant: Tenant, settings: object) -> None:
    settings.SENDERS_PER_TENANT = 0  # type: ignore[attr-defined]
    tally = drain(tenant, until=0.0)
    assert (tally.exhausted, dict(tally.outcomes)) == (True, {})


def test_behind_a_closed_fence_nothing_is_rung_for_planned_or_ended(
    planned: Planned,
    tenant: Tenant,
    department: Department,
    rounds: Callable[[], Rung],
    settings: object,
    now: datetime,
) -> None:
    cast = planned(3)
    waiting = make_run(tenant, department, now=now, conversation=cast.conversation, algorithms=[])
    settings.SEND_EPOCH = 9  # type: ignore[attr-defined]
    do_cancel(cast.tenant, cast.run.pk, now=now)
    assert rounds() == []
    assert not plan_run(tenant, waiting.run.pk, now=now)
    with open_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM delivery_message GROUP BY state")
        assert cursor.fetchall() == [("queued", 3)]
