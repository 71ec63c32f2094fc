"""A report's numbers are the rows' numbers, its sums hold, and each number opens its people."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from campaigns.models import Run
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.plan import plan_run
from delivery.models import Event, Message
from reports import queries, report
from reports.rates import Counts
from tests.delivery import factories
from tests.delivery.factories import Cast

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Member], Client]


@pytest.fixture
def ran(tenant: Tenant, department: Department, now: datetime) -> Cast:
    """Ten recipients: 7 accepted (1 bounced since), 2 rejected, 1 skipped; 4 opened, 2 clicked, 1 left; one scanner."""
    cast = factories.make_run(tenant, department, now=now, customers=10)
    plan_run(tenant, cast.run.pk, now=now)
    with open_tenant(tenant):
        keys = list(Message.objects.of(tenant).order_by("id").values_list("pk", flat=True))
        _set(keys[:6], "accepted", now)
        _set(keys[6:7], "bounced", now, code="550 5.1.1", reply="No such <b>user</b>")
        _set(keys[7:9], "rejected", now)
        _set(keys[9:], "skipped", now, reason="unsubscribed")
        for key in keys[:4]:
            _event(cast, key, "opened", now + timedelta(hours=1))
        _event(cast, keys[0], "opened", now + timedelta(hours=5))
        for key in keys[:2]:
            _event(cast, key, "clicked", now + timedelta(hours=1), link=0)
        _event(cast, keys[0], "clicked", now + timedelta(hours=2), link=0)
        _event(cast, keys[5], "clicked", now, link=0, machine="scanner")
        _event(cast, keys[3], "unsubscribed", now + timedelta(hours=2))
    return cast


def _set(keys: list[int], state: str, at: datetime, *, reason: str = "", code: str = "", reply: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_message SET state = %s, reason = %s, code = %s, reply = %s, settled_at = %s"
            " WHERE id = ANY (%s)",
            [state, reason, code, reply, at, keys],
        )


def _event(cast: Cast, message: int, kind: str, at: datetime, *, link: int | None = None, machine: str = "") -> None:
    row = Message.objects.of(cast.tenant).get(pk=message)
    Event.objects.bulk_create(
        [
            Event(
                tenant=cast.tenant,
                month=row.month,
                message_id=message,
                run_id=row.run_id,
                customer_id=row.customer_id,
                kind=kind,
                at=at,
                link=link,
                machine=machine,
            )
        ]
    )


def _run(cast: Cast) -> Run:
    return Run.objects.of(cast.tenant).get(pk=cast.run.pk)


def test_totals_count_people_once_and_machines_apart(ran: Cast, tenant: Tenant) -> None:
    with open_tenant(tenant):
        key = report.key_of(_run(ran))
        assert queries.totals_of([key])[key.run_id] == Counts(
            planned=10, handed_over=7, bounced=1, opened=4, clicked=2, unsubscribed=1
        )
        assert queries.machines(key) == {"clicked": 1}
        assert [(link.link, link.people, link.clicks, link.machines) for link in queries.links(key, limit=9)] == [
            (0, 2, 3, 1)
        ]


def test_rates_have_their_denominators() -> None:
    counts = Counts(planned=10, handed_over=8, bounced=2, opened=4, clicked=1, unsubscribed=1)
    assert (counts.handed_over_rate, counts.bounce_rate, counts.open_rate) == (0.8, 0.25, 0.5)
    assert (counts.click_rate, counts.unsubscribe_rate) == (0.125, 0.125)
    assert Counts().open_rate is None


def test_the_sums_hold(ran: Cast, tenant: Tenant, now: datetime) -> None:
    with open_tenant(tenant):
        found = report.overview(tenant, _run(ran), now=now)
    assert found.balances
    assert [(one.state, one.reason, one.count) for one in found.states] == [
        ("accepted", "", 6),
        ("bounced", "", 1),
        ("rejected", "", 2),
        ("skipped", "unsubscribed", 1),
    ]
    assert (found.planned, found.run.recipients, found.run.members) == (10, 10, 10)


def test_accepted_is_presumed_delivered_after_a_day(ran: Cast, tenant: Tenant, now: datetime) -> None:
    with open_tenant(tenant):
        key = report.key_of(_run(ran))
        assert queries.presumed_delivered(key, now=now + timedelta(hours=23, minutes=59)) == 0
        assert queries.presumed_delivered(key, now=now + timedelta(hours=24)) == 6


def test_hours_count_first_opens_and_clicks(ran: Cast, tenant: Tenant, now: datetime) -> None:
    with open_tenant(tenant):
        found = queries.hours(report.key_of(_run(ran)), limit=9)
    assert [(one.hour - now, one.handed_over, one.opened, one.clicked) for one in found] == [
        (timedelta(0), 7, 0, 0),
        (timedelta(hours=1), 0, 4, 2),
    ]


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("", 10),
        ("state=handed_over", 7),
        ("state=rejected", 2),
        ("state=skipped&reason=unsubscribed", 1),
        ("event=opened", 4),
        ("event=clicked", 2),
        ("event=unsubscribed", 1),
        ("language=en", 10),
        ("language=fr", 0),
        ("segment=", 10),
        ("segment=not-a-segment", 0),
        ("country=DE", 10),
        ("attribute=tier&value=gold", 10),
        ("attribute=tier&value=silver", 0),
        ("excluded=suppressed", 0),
        ("state=%27%3B+SELECT+pg_sleep%285%29--", 0),
        ("link=1.2.3", 0),
        ("after=nonsense", 10),
    ],
)
def test_a_number_opens_exactly_its_people(
    ran: Cast, marketer: Member, client_of: ClientOf, query: str, people: int
) -> None:
    answer = client_of(marketer).get(f"/t/northwind/campaigns/{ran.campaign.public_id}/recipients/?{query}")
    assert answer.status_code == 200
    assert answer.content.decode().count("data-lead") == people


def test_a_reply_is_inert(ran: Cast, marketer: Member, client_of: ClientOf) -> None:
    page = (
        client_of(marketer)
        .get(f"/t/northwind/campaigns/{ran.campaign.public_id}/recipients/?state=bounced")
        .content.decode()
    )
    assert "No such &lt;b&gt;user&lt;/b&gt;" in page


@pytest.mark.parametrize("page", ["report", "demographics", "recipients"])
def test_pages_and_parts_answer(ran: Cast, viewer: Member, client_of: ClientOf, page: str) -> None:
    path = f"/t/northwind/campaigns/{ran.campaign.public_id}/{page}/"
    whole = client_of(viewer).get(path)
    part = client_of(viewer).get(path, headers={"HX-Request": "true"})
    assert (whole.status_code, part.status_code) == (200, 200)
    assert whole.content.startswith(b"<!doctype html>")
    assert part.content.startswith(b"<!doctype html>") == (page == "demographics")


def test_the_list_shows_what_ran(ran: Cast, viewer: Member, client_of: ClientOf) -> None:
    page = client_of(viewer).get("/t/northwind/reports/").content.decode()
    assert ran.campaign.name in page
