"""People set how fast messages go; nothing is overwritten silently, and a pause can be ended by hand."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from campaigns.models import Run
from connect.core.errors import Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from delivery.actions.pacing import PaceOf, end_pause, pace_conversation, pace_of, pace_receiver, read_lane
from delivery.actions.plan import plan_run
from delivery.models import Pace
from delivery.states import PaceKind
from tests.delivery.factories import make_conversation, make_run

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Member], Client]
PAGE = "/t/northwind/delivery/pacing/"


@pytest.fixture
def conversation(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    with open_tenant(tenant):
        return make_conversation(tenant, department, now=now)


def kept(tenant: Tenant, key: str, kind: PaceKind = PaceKind.DOMAIN) -> PaceOf:
    with open_tenant(tenant):
        return pace_of(tenant, kind, key)


def deeds(tenant: Tenant) -> list[tuple[str, object]]:
    with open_tenant(tenant):
        entries = AuditEntry.objects.of(tenant).filter(did__startswith="pace.").order_by("id")
        return [(entry.did, entry.details.get("lane")) for entry in entries]


@pytest.mark.parametrize(
    ("raw", "lane"),
    [("Google", "google"), (" GoogleMail.com ", "google"), ("Inbox.Example", "inbox.example")],
)
def test_a_domain_of_a_large_receiver_is_that_receiver(raw: str, lane: str) -> None:
    assert read_lane(raw) == lane


@pytest.mark.parametrize("raw", ["", "not a domain", "a@b.example", "a\x00.example", "x" * 300])
def test_what_is_no_receiver_is_refused(tenant: Tenant, admin: Member, now: datetime, raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        pace_receiver(tenant, raw, PaceOf(60), was=PaceOf(), by=admin, now=now)
    assert list(refused.value.fields) == ["lane"]
    with open_tenant(tenant):
        assert not Pace.objects.of(tenant).exists()


def test_a_receivers_limits_are_set_changed_and_taken_away(tenant: Tenant, admin: Member, now: datetime) -> None:
    first, second = PaceOf(600, 2), PaceOf(None, 5)
    assert pace_receiver(tenant, "gmail.com", first, was=PaceOf(), by=admin, now=now) == "google"
    assert kept(tenant, "google") == first
    with pytest.raises(StaleVersion):
        pace_receiver(tenant, "google", second, was=PaceOf(), by=admin, now=now)
    assert kept(tenant, "google") == first
    pace_receiver(tenant, "google", second, was=first, by=admin, now=now)
    assert kept(tenant, "google") == second
    assert deeds(tenant) == [("pace.receiver_set", "google")] * 2


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (PaceOf(per_minute=0), "per_minute"),
        (PaceOf(per_minute=1_000_001), "per_minute"),
        (PaceOf(connections=501), "connections"),
        (PaceOf(daily_first=5, daily_since=date(2026, 3, 1)), ""),
    ],
)
def test_limits_out_of_bounds_are_refused(
    tenant: Tenant, admin: Member, now: datetime, wanted: PaceOf, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        pace_receiver(tenant, "inbox.example", wanted, was=PaceOf(), by=admin, now=now)
    assert list(refused.value.fields) == [field]
    assert kept(tenant, "inbox.example") == PaceOf()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (PaceOf(daily_first=5), "daily_since"),
        (PaceOf(daily_since=date(2026, 3, 1)), "daily_since"),
        (PaceOf(daily_first=5, daily_since=date(2026, 3, 1), daily_most=4), "daily_most"),
        (PaceOf(daily_most=4), "daily_most"),
    ],
)
def test_a_warm_up_has_its_first_day_and_grows(
    tenant: Tenant, admin: Member, conversation: Conversation, now: datetime, wanted: PaceOf, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        pace_conversation(tenant, conversation.public_id, wanted, was=PaceOf(), by=admin, now=now)
    assert list(refused.value.fields) == [field]
    assert kept(tenant, str(conversation.pk), PaceKind.CONVERSATION) == PaceOf()


def test_a_pause_is_ended_by_hand_once(tenant: Tenant, admin: Member, now: datetime) -> None:
    with open_tenant(tenant):
        Pace.objects.create(
            tenant=tenant, kind="domain", key="google", slow_until=now + timedelta(hours=1), level=3, said="450"
        )
    end_pause(tenant, "google", by=admin, now=now)
    with open_tenant(tenant):
        pace = Pace.objects.get()
        assert (pace.slow_until, pace.level, pace.said) == (None, 0, "")
    with pytest.raises(Pace.DoesNotExist):
        end_pause(tenant, "google", by=admin, now=now)
    assert deeds(tenant) == [("pace.pause_ended", "google")]


def test_the_pages_set_limits_and_show_them(
    tenant: Tenant, admin: Member, viewer: Member, conversation: Conversation, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(admin)
    form = client.get(f"{PAGE}receiver/").content.decode()
    assert 'name="was"' in form
    nothing = '{"per_minute": null, "connections": null, "daily_first": null, "daily_most": null, "daily_since": null}'
    sent = {"lane": "inbox.example", "per_minute": "600", "connections": "", "was": nothing}
    assert client.post(f"{PAGE}receiver/", sent).status_code == 302
    assert kept(tenant, "inbox.example") == PaceOf(600)
    assert client.post(f"{PAGE}receiver/", {**sent, "per_minute": "30"}).status_code == 409
    assert client.post(f"{PAGE}receiver/", {**sent, "lane": "?"}).status_code == 422
    path = f"{PAGE}conversations/{conversation.public_id}/"
    warm = {"per_minute": "", "daily_since": "2026-03-02", "daily_first": "500", "daily_most": "", "was": nothing}
    assert client.post(path, warm).status_code == 302
    assert kept(tenant, str(conversation.pk), PaceKind.CONVERSATION) == PaceOf(
        daily_first=500, daily_since=date(2026, 3, 2)
    )
    with open_tenant(tenant):
        Pace.objects.create(
            tenant=tenant,
            kind="domain",
            key="strict.example",
            slow_until=datetime.now(now.tzinfo) + timedelta(hours=1),
            level=1,
            said="450 <b>slow</b>",
        )
    shown = client_of(viewer).get(PAGE).content.decode()
    assert "inbox.example" in shown
    assert "450 &lt;b&gt;slow&lt;/b&gt;" in shown
    assert "500 from 2 Mar 2026 on" in shown
    assert client_of(viewer).get(f"{PAGE}receiver/").status_code == 403
    assert client_of(viewer).post(f"{PAGE}let-go/", {"lane": "strict.example"}).status_code == 403
    assert client.post(f"{PAGE}let-go/", {"lane": "strict.example"}).status_code == 302
    assert client.post(f"{PAGE}let-go/", {"lane": "strict.example"}).status_code == 404


def test_a_run_keeps_the_rate_that_was_approved(
    tenant: Tenant, department: Department, conversation: Conversation, now: datetime
) -> None:
    slow = make_run(tenant, department, now=now, conversation=conversation, algorithms=[])
    fast = make_run(tenant, department, now=now, conversation=conversation, algorithms=[])
    with open_tenant(tenant):
        run = Run.objects.get(pk=slow.run.pk)
        Run.objects.of(tenant).filter(pk=run.pk).update(frozen={**run.frozen, "rate_per_minute": 90})
    for cast in (slow, fast, slow):
        plan_run(tenant, cast.run.pk, now=now)
    assert kept(tenant, str(slow.run.pk), PaceKind.RUN) == PaceOf(90)
    with open_tenant(tenant):
        assert Pace.objects.of(tenant).count() == 1
