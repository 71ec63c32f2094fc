"""A run pauses by itself where a limit is passed, says why, and starts counting anew once somebody lets it go on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client

from campaigns.actions.runs import do_resume
from campaigns.models import Campaign, Run
from connect.core.errors import Invalid, StaleVersion
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.breakers import check_breakers, limits_of, set_limits
from delivery.actions.rounds import make_rounds
from delivery.breakers import Counted, Limits, Passed, Sign, passed
from delivery.models import BreakerLimits, BreakerTrip, Event, Message
from tests.delivery.factories import Cast

pytestmark = pytest.mark.django_db
Planned = Callable[..., Cast]
ClientOf = Callable[[Member], Client]
TIGHT = Limits(100, {Sign.HARD_BOUNCES: Decimal("2"), Sign.COMPLAINTS: Decimal("1"), Sign.REFUSALS: Decimal("3")})


@pytest.mark.parametrize(
    ("attempted", "bad", "over"),
    [
        (10, 2, None),
        (10, 3, Passed(Sign.HARD_BOUNCES, 3, 100, Decimal("2"))),
        (200, 4, None),
        (200, 5, Passed(Sign.HARD_BOUNCES, 5, 200, Decimal("2"))),
    ],
)
def test_a_limit_is_a_share_of_the_first_and_then_of_all(attempted: int, bad: int, over: Passed | None) -> None:
    assert passed(Counted(attempted, {Sign.HARD_BOUNCES: bad}), TIGHT, {}) == over


def test_the_sign_that_is_furthest_over_is_named() -> None:
    counted = Counted(100, {Sign.HARD_BOUNCES: 3, Sign.COMPLAINTS: 4})
    assert passed(counted, TIGHT, {}) == Passed(Sign.COMPLAINTS, 4, 100, Decimal("1"))


def test_what_was_known_when_it_went_on_isnt_counted_again() -> None:
    before = {Sign.HARD_BOUNCES: (8, 300)}
    assert passed(Counted(400, {Sign.HARD_BOUNCES: 10}), TIGHT, before) is None
    assert passed(Counted(400, {Sign.HARD_BOUNCES: 11}), TIGHT, before) == Passed(
        Sign.HARD_BOUNCES, 3, 100, Decimal("2")
    )


def test_a_sign_without_a_limit_isnt_minded() -> None:
    assert passed(Counted(100, {Sign.UNSUBSCRIBES: 100}), TIGHT, {}) is None


def happened(cast: Cast, kind: str, people: int, now: datetime, details: Mapping[str, object] | None = None) -> None:
    with open_tenant(cast.tenant):
        messages = list(Message.objects.of(cast.tenant).filter(run_id=cast.run.pk).order_by("id")[:people])
        Event.objects.bulk_create(
            Event(
                tenant=cast.tenant,
                month=message.month,
                message_id=message.pk,
                run_id=message.run_id,
                customer_id=message.customer_id,
                kind=kind,
                at=now,
                details=details or {},
            )
            for message in messages
        )


def chunks_say(cast: Cast, *, accepted: int, rejected: int) -> None:
    with open_tenant(cast.tenant):
        counts = (accepted, rejected, cast.run.pk)
        run_sql(Sql("UPDATE delivery_chunk SET accepted = %s, rejected = %s WHERE run_id = %s", counts))


def standing(cast: Cast) -> tuple[str, str, str]:
    with open_tenant(cast.tenant):
        run = Run.objects.select_related("campaign").get(pk=cast.run.pk)
        return run.state, run.campaign.state, run.stop_reason


@pytest.mark.parametrize(
    ("kind", "details", "reason"),
    [
        ("bounced", {"hard": True, "answered": True}, "Hard bounces 5.00% (5 of 100), limit 2.00%"),
        ("complained", {}, "Complaints 5.00% (5 of 100), limit 1.00%"),
    ],
)
def test_the_rounds_pause_a_run_that_passes_a_limit(
    planned: Planned, admin: Member, now: datetime, kind: str, details: dict[str, object], reason: str
) -> None:
    cast = planned(8)
    set_limits(cast.tenant, TIGHT, version=0, by=admin, now=now)
    happened(cast, kind, 5, now, details)
    make_rounds(now=now)
    assert standing(cast) == ("paused", "paused", reason)
    with open_tenant(cast.tenant):
        [trip] = BreakerTrip.objects.of(cast.tenant)
        assert (trip.run_id, trip.bad, trip.attempted, trip.at) == (cast.run.pk, 5, 0, now)
        entry = AuditEntry.objects.of(cast.tenant).get(did="run.paused")
        assert (entry.member, entry.details["reason"]) == (None, reason)


def test_refusals_are_rejections_that_say_nothing_of_the_address(
    planned: Planned, admin: Member, now: datetime
) -> None:
    cast = planned(8)
    set_limits(cast.tenant, TIGHT, version=0, by=admin, now=now)
    chunks_say(cast, accepted=90, rejected=5)
    happened(cast, "bounced", 2, now, {"hard": True, "answered": True})
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == []
    assert standing(cast)[0] == "sending"
    chunks_say(cast, accepted=90, rejected=6)
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == [cast.run.pk]
    assert standing(cast)[2] == "Refusals 4.00% (4 of 100), limit 3.00%"


def test_soft_bounces_and_another_runs_events_stop_nothing(planned: Planned, admin: Member, now: datetime) -> None:
    cast = planned(8)
    set_limits(cast.tenant, TIGHT, version=0, by=admin, now=now)
    happened(cast, "bounced", 5, now)
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == []
    assert check_breakers(cast.tenant, [cast.run.pk + 1], now=now) == []
    assert standing(cast) == ("sending", "sending", "")


def test_who_lets_it_go_on_starts_the_count_anew(planned: Planned, admin: Member, now: datetime) -> None:
    cast = planned(8)
    set_limits(cast.tenant, TIGHT, version=0, by=admin, now=now)
    happened(cast, "complained", 3, now)
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == [cast.run.pk]
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == [], "it is paused already"
    do_resume(cast.tenant, cast.run.pk, by=admin, now=now)
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == []
    happened(cast, "complained", 5, now)
    assert check_breakers(cast.tenant, [cast.run.pk], now=now) == [cast.run.pk]
    assert standing(cast)[2] == "Complaints 2.00% (2 of 100), limit 1.00%"


def test_without_limits_of_its_own_a_tenant_has_ours(tenant: Tenant) -> None:
    with open_tenant(tenant):
        assert limits_of(tenant) == Limits()


def test_limits_are_kept_audited_and_never_overwritten_silently(tenant: Tenant, admin: Member, now: datetime) -> None:
    set_limits(tenant, TIGHT, version=0, by=admin, now=now)
    with open_tenant(tenant):
        assert limits_of(tenant) == TIGHT
    with pytest.raises(StaleVersion):
        set_limits(tenant, Limits(), version=0, by=admin, now=now)
    set_limits(tenant, Limits(200, {}), version=1, by=admin, now=now)
    with open_tenant(tenant):
        assert limits_of(tenant) == Limits(200, {})
        assert BreakerLimits.objects.of(tenant).count() == 1
        assert AuditEntry.objects.of(tenant).filter(did="breakers.limits_set").count() == 2


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        (Limits(99, {}), "first"),
        (Limits(100_001, {}), "first"),
        (Limits(100, {Sign.COMPLAINTS: Decimal(0)}), "complaints"),
        (Limits(100, {Sign.REFUSALS: Decimal("100.01")}), "refusals"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    tenant: Tenant, admin: Member, now: datetime, limits: Limits, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_limits(tenant, limits, version=0, by=admin, now=now)
    assert list(refused.value.fields) == [field]
    with open_tenant(tenant):
        assert not BreakerLimits.objects.of(tenant).exists()


def test_the_page_sets_limits_and_lists_what_stopped(
    planned: Planned, admin: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    cast = planned(3)
    path = "/t/northwind/delivery/breakers/"
    sent = {
        "hard_bounces": "2",
        "complaints": "",
        "unsubscribes": "1.5",
        "refusals": "9",
        "first": "500",
        "version": "0",
    }
    assert client_of(viewer).post(f"{path}limits/", sent).status_code == 403
    bad = client_of(admin).post(f"{path}limits/", {**sent, "refusals": "many", "first": "1"})
    assert bad.status_code == 422
    assert b"Enter a number." in bad.content
    with open_tenant(cast.tenant):
        assert not BreakerLimits.objects.of(cast.tenant).exists()
    assert client_of(admin).post(f"{path}limits/", sent).status_code == 302
    with open_tenant(cast.tenant):
        expected = {Sign.HARD_BOUNCES: Decimal(2), Sign.UNSUBSCRIBES: Decimal("1.5"), Sign.REFUSALS: Decimal(9)}
        assert limits_of(cast.tenant) == Limits(500, expected)
        BreakerTrip.objects.create(
            tenant=cast.tenant, run_id=cast.run.pk, sign="complaints", bad=12, attempted=345, at=now
        )
        name = Campaign.objects.get(pk=cast.campaign.pk).name
    page = client_of(viewer).get(path).content.decode()
    assert name in page
    assert "345" in page
    assert "Not minded" in page
