"""A run's messages: each member is a message or an exclusion, whatever happens while they are written."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from campaigns.actions.runs import do_cancel, do_pause, do_resume
from campaigns.models import Exclusion, Run
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions import plan
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs
from delivery.models import Chunk, Message
from tests.delivery.factories import Cast, make_conversation, make_customers, make_run

pytestmark = pytest.mark.django_db

Planned = Callable[..., Cast]


def run_of(cast: Cast) -> Run:
    with open_tenant(cast.tenant):
        return Run.objects.get(pk=cast.run.pk)


def counters(cast: Cast) -> tuple[int, int, int]:
    run = run_of(cast)
    return run.members, run.filtered, run.recipients


def exclusions(cast: Cast) -> Counter[str]:
    with open_tenant(cast.tenant):
        return Counter(Exclusion.objects.filter(run=cast.run.pk).values_list("reason", flat=True))


def chunk_sizes(cast: Cast) -> list[int]:
    with open_tenant(cast.tenant):
        sizes = Counter(Message.objects.filter(run_id=cast.run.pk).values_list("chunk_id", flat=True))
        assert set(sizes) == set(Chunk.objects.filter(run_id=cast.run.pk).values_list("pk", flat=True))
    return sorted(sizes.values(), reverse=True)


def test_every_member_becomes_a_message_in_chunks_of_200(planned: Planned) -> None:
    cast = planned(450)
    assert counters(cast) == (450, 0, 450)
    assert chunk_sizes(cast) == [200, 200, 50]
    assert run_of(cast).state == "sending"
    with open_tenant(cast.tenant):
        message = Message.objects.get(address="c7@inbox.example")
    assert message.values == {"attributes": {"first_name": "Name7"}, "customer": {"email": "c7@inbox.example"}}
    assert (message.state, message.domain, message.language) == ("queued", "inbox.example", "en")


def test_two_customers_with_one_address_get_one_message(tenant: Tenant, department: Department, now: datetime) -> None:
    cast = make_run(tenant, department, now=now, customers=4)
    with open_tenant(tenant):
        run_sql(
            Sql("UPDATE conversations_customer SET email_key = 'c1@inbox.example' WHERE external_id IN ('c2', 'c3')")
        )
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (4, 0, 2)
    assert exclusions(cast) == {"duplicate": 2}
    with open_tenant(tenant):
        assert set(Message.objects.values_list("address", flat=True)) == {"c1@inbox.example", "c4@inbox.example"}


def test_who_has_left_is_an_exclusion(tenant: Tenant, department: Department, now: datetime) -> None:
    cast = make_run(tenant, department, now=now, customers=5)
    with open_tenant(tenant):
        run_sql(
            Sql(
                "UPDATE conversations_subscription s SET state = 'unsubscribed' FROM conversations_customer c"
                " WHERE c.tenant_id = s.tenant_id AND c.id = s.customer_id AND c.external_id IN ('c1', 'c2')"
            )
        )
        run_sql(Sql("UPDATE conversations_customer SET email_key = '' WHERE external_id = 'c3'"))
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (5, 0, 2)
    assert exclusions(cast) == {"no_consent": 2, "no_address": 1}


def test_planning_in_pages_comes_to_the_same(
    tenant: Tenant, department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PAGE_MEMBERS", 40)
    cast = make_run(tenant, department, now=now, customers=130, seeds=["ada@seeds.example"])
    with open_tenant(tenant):
        run_sql(Sql("UPDATE conversations_customer SET email_key = 'c1@inbox.example' WHERE external_id = 'c129'"))
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (130, 0, 129)
    assert exclusions(cast) == {"duplicate": 1}
    with open_tenant(tenant):
        assert Message.objects.filter(kind="seed").count() == 1


def test_who_dies_in_the_middle_leaves_a_cursor_and_the_next_goes_on(
    tenant: Tenant, department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PAGE_MEMBERS", 40)
    cast = make_run(tenant, department, now=now, customers=100)
    assert not plan_run(tenant, cast.run.pk, now=now, until=0.0)
    assert plan._plan_next(tenant, cast.run.pk) is False
    assert counters(cast) == (40, 0, 40)
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (100, 0, 100)
    assert not plan_run(tenant, cast.run.pk, now=now), "planned once"
    assert counters(cast) == (100, 0, 100)


def test_a_paused_run_is_planned_on_after_its_resume(tenant: Tenant, department: Department, now: datetime) -> None:
    cast = make_run(tenant, department, now=now, customers=10)
    do_pause(tenant, cast.run.pk, now=now)
    assert not plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (0, 0, 0)
    do_resume(tenant, cast.run.pk, now=now)
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (10, 0, 10)


def test_what_was_planned_before_a_cancel_ends_as_cancelled(planned: Planned, now: datetime) -> None:
    cast = planned(300)
    do_cancel(cast.tenant, cast.run.pk, now=now)
    look_after_runs(cast.tenant, now=now)
    with open_tenant(cast.tenant):
        assert Counter(Message.objects.values_list("state", flat=True)) == {"cancelled": 300}
        assert Chunk.objects.open().count() == 0


def test_a_run_of_nobody_finishes_at_once(tenant: Tenant, department: Department, now: datetime) -> None:
    cast = make_run(tenant, department, now=now)
    assert plan_run(tenant, cast.run.pk, now=now)
    assert counters(cast) == (0, 0, 0)
    look_after_runs(tenant, now=now)
    assert run_of(cast).state == "finished"


def test_each_zone_gets_its_own_chunks_and_window(tenant: Tenant, department: Department, now: datetime) -> None:
    from datetime import UTC, time

    with open_tenant(tenant):
        conversation = make_conversation(tenant, department, now=now)
        make_customers(tenant, conversation, 3, now=now, prefix="b", zone="Europe/Berlin")
        make_customers(tenant, conversation, 2, now=now, prefix="l", zone="America/Los_Angeles")
        make_customers(tenant, conversation, 1, now=now, prefix="u", zone="")
    cast = make_run(tenant, department, now=now, conversation=conversation, quiet=(time(21, 0), time(8, 0)))
    assert plan_run(tenant, cast.run.pk, now=now)
    with open_tenant(tenant):
        found: dict[str, tuple[Any, ...]] = {
            address[0]: (not_before, quiet_at)
            for address, not_before, quiet_at in rows(Sql("SELECT address, not_before, quiet_at FROM delivery_message"))
        }
    berlin = (now, datetime(2026, 3, 2, 20, 0, tzinfo=UTC))
    assert found == {
        "b": berlin,
        "u": berlin,
        "l": (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), datetime(2026, 3, 3, 5, 0, tzinfo=UTC)),
    }
    assert chunk_sizes(cast) == [4, 2]


def test_a_neighbours_run_is_nobodys(planned: Planned, neighbour: Tenant, now: datetime) -> None:
    cast = planned(1)
    with pytest.raises(Run.DoesNotExist):
        plan_run(neighbour, cast.run.pk, now=now)


def test_the_planner_knows_a_month_before_its_messages_go(planned: Planned) -> None:
    cast = planned(2_000)
    [(tuples,)] = rows(
        Sql("SELECT reltuples FROM pg_class WHERE relname = %s", (f"delivery_message_{cast.run.month:%Y%m}",))
    )
    assert tuples >= 2_000
