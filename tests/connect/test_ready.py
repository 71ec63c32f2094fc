"""Ready is who has the right role, all migrations, an open fence, and messages that move."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from campaigns.actions.runs import do_pause
from connect import health
from connect.core.models import Department, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.plan import plan_run
from delivery.overall import Stalled, stalled
from tests.delivery.factories import Cast, make_run

pytestmark = pytest.mark.django_db


def ready() -> tuple[int, list[str]]:
    answer = Client().get("/readyz")
    found = answer.json()
    assert found["ready"] == (answer.status_code == 200)
    return answer.status_code, found["faults"]


@pytest.fixture
def waiting(tenant: Tenant, department: Department, now: datetime) -> Cast:
    """A run whose one chunk has been due for ten minutes."""
    cast = make_run(tenant, department, now=now, customers=2)
    assert plan_run(tenant, cast.run.pk, now=now)
    with open_tenant(tenant):
        run_sql(Sql("UPDATE delivery_chunk SET next_at = now() - interval '10 minutes'"))
    return cast


def test_an_idle_installation_is_ready(db: None) -> None:
    assert ready() == (200, [])
    assert Client().get("/healthz").text == "ok"


def test_what_is_due_and_doesnt_move_makes_it_unready(waiting: Cast) -> None:
    assert ready() == (503, ["progress: something has been due for 600 s, and nothing came to an end meanwhile"])
    assert Client().get("/healthz").status_code == 200, "the process lives all the same"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delivery_chunk SET next_at = now() - interval '200 seconds'",
        "UPDATE delivery_chunk SET lease_until = now() + interval '20 seconds'",
        "UPDATE campaigns_run SET state = 'paused'",
    ],
)
def test_what_waits_for_a_while_is_in_hand_or_may_not_go_doesnt(waiting: Cast, change: str) -> None:
    with open_tenant(waiting.tenant):
        run_sql(Sql(change))
    assert ready() == (200, [])


def test_a_suspended_tenant_stalls_nobody(waiting: Cast) -> None:
    Tenant.objects.filter(pk=waiting.tenant.pk).update(suspended_at="2026-03-02T09:00Z")
    assert ready() == (200, [])


@pytest.mark.parametrize(("state", "stalls"), [("accepted", 0), ("rejected", 0), ("queued", 1), ("in_doubt", 1)])
def test_only_messages_that_come_to_an_end_are_progress(waiting: Cast, state: str, stalls: int, now: datetime) -> None:
    with open_tenant(waiting.tenant):
        run_sql(Sql("UPDATE delivery_chunk SET released_at = now()"))
        moved = "UPDATE delivery_message SET state = %s, settled_at = now() WHERE address = 'c1@inbox.example'"
        run_sql(Sql(moved, (state,)))
    assert stalled(300).tenants == stalls
    do_pause(waiting.tenant, waiting.run.pk, now=now)
    assert stalled(300) == Stalled(0, 0)


def test_a_neighbour_that_moves_hides_nobody(
    waiting: Cast, neighbour: Tenant, neighbour_department: Department, now: datetime
) -> None:
    other = make_run(neighbour, neighbour_department, now=now, customers=1)
    assert plan_run(neighbour, other.run.pk, now=now)
    with open_tenant(neighbour):
        run_sql(Sql("UPDATE delivery_chunk SET released_at = now(), next_at = NULL"))
        run_sql(Sql("UPDATE delivery_message SET state = 'accepted', settled_at = now()"))
    assert stalled(300) == Stalled(1, 600)


def test_a_migration_that_isnt_applied_makes_it_unready(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.unapplied() == []
    monkeypatch.setattr(health, "_ours", lambda: [("core", "0001_initial"), ("delivery", "9999_tomorrow")])
    assert ready() == (503, ["migrations: 1 not applied, first delivery.9999_tomorrow"])


def test_a_closed_fence_and_a_broken_one_make_it_unready(db: None, settings: Any, tmp_path: Any) -> None:
    settings.SEND_EPOCH = 7
    assert ready() == (503, ["fence: the database is at 1, this process at 7; see manage.py fence"])
    settings.SEND_EPOCH, settings.SEND_EPOCH_FILE = 0, str(tmp_path / "send_epoch")
    assert ready() == (200, [])
    (tmp_path / "send_epoch").write_text("two")
    status, [fault] = ready()
    assert (status, fault.endswith("must hold a whole number")) == (503, True)
