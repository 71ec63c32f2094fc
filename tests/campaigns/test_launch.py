"""A launch starts one run, once, at its time, of exactly what was approved; or it is held and says why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from audiences.actions.models import change_audience
from campaigns.actions.launch import LATE_START, Started, launch_campaign, start_due
from campaigns.actions.review import approve, ask_approval, withdraw_approval
from campaigns.fingerprint import fingerprint_of
from campaigns.frozen import from_json
from campaigns.gather import gather_one
from campaigns.models import Approval, Campaign, Run
from campaigns.states import ApprovalState, CampaignState, RunState, StartKind
from campaigns.tasks import tenants_with_due_campaigns
from connect.core import handoff
from connect.core.errors import Conflict, Forbidden, WrongState
from connect.core.handoff import Bell
from connect.core.models import AuditEntry, Department, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.attributes import AttributeOf, declare_attribute
from conversations.models import Attribute
from conversations.states import AttributeKind, AttributeType
from tests.audiences.factories import add_customer, make_conversation
from tests.campaigns.factories import Stage, make_stage, rule

LOCAL = "2026-03-05T19:00"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Hear the bells."""
    heard: list[tuple[str, int, int]] = []

    def listen(name: str) -> Any:
        return lambda tenant_id, thing_id: heard.append((name, tenant_id, thing_id))

    monkeypatch.setattr(handoff, "_answers", {bell: listen(bell.value) for bell in Bell})
    return heard


def due(stage: Stage, at: datetime) -> list[Started]:
    return start_due(stage.tenant, now=at)


def runs(stage: Stage) -> list[Run]:
    with open_tenant(stage.tenant):
        return list(Run.objects.order_by("pk"))


# --- Launching -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_as_soon_as_approved_rings_at_once_and_starts_a_run(
    stage: Stage, rung: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        campaign = stage.approve(stage.ask(stage.campaign()))
    assert rung == [("campaign_due", stage.tenant.pk, campaign.pk)]
    rung.clear()
    with django_capture_on_commit_callbacks(execute=True):
        [started] = due(stage, stage.now)
    [run] = runs(stage)
    assert started == Started(stage.fresh(campaign), run)
    assert rung == [("run_started", stage.tenant.pk, run.pk)]
    assert (run.state, run.launch_key, run.started_at, run.month) == (
        RunState.PLANNING,
        "once",
        stage.now,
        stage.now.date().replace(day=1),
    )
    assert started.campaign.state == CampaignState.SENDING
    with open_tenant(stage.tenant):
        frozen = from_json(run.frozen)
        assert frozen == gather_one(stage.tenant, campaign)
        assert run.fingerprint == fingerprint_of(frozen) == Approval.objects.first().fingerprint  # type: ignore[union-attr]


@pytest.mark.django_db
def test_a_local_start_fires_in_the_earliest_zone_that_customers_live_in(stage: Stage) -> None:
    for name, zone in (("a", "America/Toronto"), ("b", "Asia/Kolkata"), ("c", "")):
        add_customer(stage.tenant, name, stage.conversation, now=stage.now, zone=zone)
    add_customer(stage.tenant, "elsewhere", now=stage.now, zone="Pacific/Kiritimati")
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    assert campaign.fires_at == datetime(2026, 3, 5, 13, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_a_fixed_start_fires_on_the_conversations_clock(stage: Stage) -> None:
    add_customer(stage.tenant, "b", stage.conversation, now=stage.now, zone="Asia/Kolkata")
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL, kind=StartKind.FIXED)))
    assert campaign.fires_at == datetime(2026, 3, 5, 18, 0, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [StartKind.LOCAL, StartKind.FIXED])
def test_approved_after_its_start_is_held_and_asks_for_a_new_time(stage: Stage, kind: StartKind) -> None:
    campaign = stage.ask(stage.schedule(stage.campaign(), start=LOCAL, kind=kind))
    late = datetime(2026, 3, 5, 18, 0, 1, tzinfo=UTC)
    held = stage.approve(campaign, now=late)
    assert held.state == CampaignState.HELD
    assert held.held_reason == (
        "It was approved after its start, Thu 5 Mar 2026 19:00 CET. Nothing has gone. Choose a new time."
    )
    assert due(stage, late + timedelta(days=1)) == []
    assert runs(stage) == []
    stage.now = late
    again = stage.schedule(held, start="2026-03-06T19:00")
    assert (again.state, again.held_reason) == (CampaignState.DRAFT, "")
    assert stage.approve(stage.ask(again)).state == CampaignState.SCHEDULED


@pytest.mark.django_db
def test_launching_twice_is_launching_once(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    with open_tenant(stage.tenant):
        before = AuditEntry.objects.count()
    again = launch_campaign(stage.tenant, campaign.public_id, by=stage.approver, now=stage.now)
    assert (again.state, again.fires_at) == (CampaignState.SCHEDULED, campaign.fires_at)
    with open_tenant(stage.tenant):
        assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_only_an_approved_campaign_is_launched_and_only_by_a_launch_approver(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    with pytest.raises(WrongState):
        launch_campaign(stage.tenant, campaign.public_id, by=stage.approver, now=stage.now)
    with open_tenant(stage.tenant):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.APPROVED)
    with pytest.raises(Forbidden, match="Amélie Tremblay"):
        launch_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    with pytest.raises(Conflict):
        launch_campaign(stage.tenant, campaign.public_id, by=stage.approver, now=stage.now)
    assert stage.fresh(campaign).state == CampaignState.APPROVED
    assert runs(stage) == []


@pytest.mark.django_db
def test_an_approved_campaign_can_be_launched_by_hand(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    with open_tenant(stage.tenant):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.APPROVED, fires_at=None)
    launched = launch_campaign(stage.tenant, campaign.public_id, by=stage.approver, now=stage.now)
    assert launched.state == CampaignState.SCHEDULED


# --- Starting ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_starts_before_its_time_and_only_what_is_due_is_told(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    assert campaign.fires_at
    assert due(stage, campaign.fires_at - timedelta(microseconds=1)) == []
    with open_tenant(stage.tenant):
        Campaign.objects.update(checked_at=stage.now + timedelta(days=1))
    assert tenants_with_due_campaigns(campaign.fires_at - timedelta(microseconds=1)) == []
    assert tenants_with_due_campaigns(campaign.fires_at) == [stage.tenant.pk]
    assert [started.run is not None for started in due(stage, campaign.fires_at)] == [True]
    assert due(stage, campaign.fires_at) == []
    assert len(runs(stage)) == 1


@pytest.mark.django_db
def test_the_bell_starts_its_own_campaign_only(stage: Stage) -> None:
    first = stage.approve(stage.ask(stage.campaign("First")))
    second = stage.approve(stage.ask(stage.campaign("Second")))
    assert [started.campaign.pk for started in start_due(stage.tenant, campaign_id=second.pk, now=stage.now)] == [
        second.pk
    ]
    assert stage.fresh(first).state == CampaignState.SCHEDULED


@pytest.mark.django_db
def test_a_start_that_was_missed_by_far_is_held(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    assert campaign.fires_at
    [held] = due(stage, campaign.fires_at + LATE_START + timedelta(seconds=1))
    assert (held.run, held.campaign.state) == (None, CampaignState.HELD)
    assert held.campaign.held_reason.startswith("It was due at Thu 5 Mar 2026 19:00 CET and could not start then.")
    assert runs(stage) == []


@pytest.mark.django_db
def test_a_start_that_is_a_little_late_still_starts(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    assert campaign.fires_at
    [started] = due(stage, campaign.fires_at + LATE_START)
    assert started.run is not None
    assert started.run.started_at == campaign.fires_at + LATE_START


@pytest.mark.django_db
def test_a_shared_models_change_after_the_launch_starts_nothing(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    france = rule("country", "equals", "FR")
    change_audience(stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="F", rule=france, now=stage.now)
    assert campaign.fires_at
    [stopped] = due(stage, campaign.fires_at)
    assert (stopped.run, stopped.campaign.state) == (None, CampaignState.DRAFT)
    with open_tenant(stage.tenant):
        assert set(Approval.objects.values_list("state", flat=True)) == {ApprovalState.VOIDED}
    assert runs(stage) == []


@pytest.mark.django_db
def test_a_withdrawn_approval_starts_nothing(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    with open_tenant(stage.tenant):
        given = Approval.objects.first()
    assert given
    assert campaign.fires_at
    withdraw_approval(stage.tenant, given.public_id, reason="Wait", by=stage.approver, now=stage.now)
    assert due(stage, campaign.fires_at) == []
    assert runs(stage) == []


@pytest.mark.django_db
def test_what_expires_before_it_starts_ends_as_expired(stage: Stage) -> None:
    expiry = datetime(2026, 3, 5, 18, 30, tzinfo=UTC)
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL, expires_at=expiry)))
    assert due(stage, expiry - timedelta(hours=1)) == []
    [over] = due(stage, expiry)
    assert (over.run, over.campaign.state) == (None, CampaignState.EXPIRED)
    assert stage.fresh(campaign).state == CampaignState.EXPIRED


@pytest.mark.django_db
def test_a_held_campaign_expires_too(stage: Stage) -> None:
    expiry = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
    campaign = stage.ask(stage.schedule(stage.campaign(), start=LOCAL, expires_at=expiry))
    held = stage.approve(campaign, now=datetime(2026, 3, 6, 12, 0, tzinfo=UTC))
    assert held.state == CampaignState.HELD
    assert tenants_with_due_campaigns(expiry) == [stage.tenant.pk]
    [over] = due(stage, expiry)
    assert over.campaign.state == CampaignState.EXPIRED


@pytest.mark.django_db
def test_a_rule_that_can_no_longer_be_asked_holds_the_start(stage: Stage) -> None:
    declared = AttributeOf(AttributeKind.ATTRIBUTE, "city", "City", AttributeType.TEXT)
    declare_attribute(stage.tenant, declared, by=None, now=stage.now)
    by_city = rule("attributes.city", "equals", "Ulm")
    change_audience(stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="U", rule=by_city, now=stage.now)
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL)))
    with open_tenant(stage.tenant):
        Attribute.objects.all().delete()
    assert campaign.fires_at
    [held] = due(stage, campaign.fires_at)
    assert held.campaign.state == CampaignState.HELD
    assert "declared no more" in held.campaign.held_reason
    assert runs(stage) == []


@pytest.mark.django_db
def test_a_start_that_a_zones_new_rules_put_off_fires_at_the_new_instant(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LOCAL, kind=StartKind.FIXED)))
    early = datetime(2026, 3, 5, 17, 0, tzinfo=UTC)
    with open_tenant(stage.tenant):
        Campaign.objects.filter(pk=campaign.pk).update(fires_at=early)
    [waits] = due(stage, early)
    assert waits.run is None
    assert waits.campaign.fires_at == datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    [started] = due(stage, datetime(2026, 3, 5, 18, 0, tzinfo=UTC))
    assert started.run is not None


@pytest.mark.django_db
def test_a_neighbours_due_campaign_is_theirs(stage: Stage, neighbour: Tenant) -> None:
    stage.approve(stage.ask(stage.campaign()))
    assert start_due(neighbour, now=stage.now) == []
    assert runs(stage) == []


# --- Many at once --------------------------------------------------------------------------------------------------


@pytest.fixture
def committed(committed_db: object, tenant: Tenant, now: datetime, request: pytest.FixtureRequest) -> Stage:
    """The stage, committed, so that threads with connections of their own see it."""
    marketer, approver = (request.getfixturevalue(name) for name in ("marketer", "approver"))
    with open_tenant(tenant):
        department = Department.objects.get()
    conversation = make_conversation(tenant, department, now=now)
    return make_stage(tenant, department, marketer, approver, conversation, now)


def at_once(count: int, work: Any) -> list[Any]:
    """Do the same in many threads, each with its own connection."""

    def alone(number: int) -> Any:
        try:
            return work(number)
        except (Conflict, WrongState) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone, range(count)))


def test_fifty_starts_at_once_make_one_run(committed: Stage) -> None:
    campaign = committed.approve(committed.ask(committed.campaign()))
    answers = at_once(50, lambda _number: start_due(committed.tenant, now=committed.now))
    assert sum(len(answer) for answer in answers) == 1
    assert len(runs(committed)) == 1
    assert committed.fresh(campaign).state == CampaignState.SENDING
    with open_tenant(committed.tenant):
        assert AuditEntry.objects.filter(did="run.started").count() == 1


def test_fifty_launches_at_once_are_one_launch(committed: Stage) -> None:
    campaign = committed.approve(committed.ask(committed.schedule(committed.campaign(), start=LOCAL)))
    with open_tenant(committed.tenant):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.APPROVED, fires_at=None)
    answers = at_once(
        50,
        lambda _number: launch_campaign(committed.tenant, campaign.public_id, by=committed.approver, now=committed.now),
    )
    assert {answer.state for answer in answers} == {CampaignState.SCHEDULED}
    with open_tenant(committed.tenant):
        assert AuditEntry.objects.filter(did="campaign.launched").count() == 2


def test_twenty_requests_at_once_are_one_request(committed: Stage) -> None:
    campaign = committed.campaign()
    answers = at_once(
        20,
        lambda _number: ask_approval(committed.tenant, campaign.public_id, by=committed.marketer, now=committed.now),
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19
    with open_tenant(committed.tenant):
        assert Approval.objects.count() == 2


def test_approving_and_editing_at_once_never_launches_what_wasnt_approved(committed: Stage) -> None:
    """Either the edit came first and the approval is refused, or it came after and voids what was given."""
    campaign = committed.ask(committed.schedule(committed.campaign(), start=LOCAL))
    content, launch = committed.asked(campaign)
    approve(committed.tenant, content.public_id, content.fingerprint, by=committed.approver, now=committed.now)

    def work(number: int) -> Any:
        if number:
            return committed.schedule(campaign, start="2026-03-05T21:00")
        return approve(committed.tenant, launch.public_id, launch.fingerprint, by=committed.approver, now=committed.now)

    at_once(2, work)
    after = committed.fresh(campaign)
    assert (after.state, after.start_at) == (CampaignState.DRAFT, "2026-03-05T21:00")
    with open_tenant(committed.tenant):
        assert set(Approval.objects.values_list("state", flat=True)) == {ApprovalState.VOIDED}
    assert start_due(committed.tenant, now=datetime(2026, 3, 6, tzinfo=UTC)) == []
    assert runs(committed) == []


def test_withdrawing_and_starting_at_once_leaves_no_run_going(committed: Stage) -> None:
    for number in range(5):
        campaign = committed.approve(committed.ask(committed.campaign(f"Race {number}")))
        with open_tenant(committed.tenant):
            given = Approval.objects.filter(campaign=campaign)[0]

        def work(which: int, *, approval: Approval = given) -> Any:
            if which:
                return start_due(committed.tenant, now=committed.now)
            return withdraw_approval(
                committed.tenant, approval.public_id, reason="Wait", by=committed.approver, now=committed.now
            )

        at_once(2, work)
        after = committed.fresh(campaign)
        assert after.state in (CampaignState.DRAFT, CampaignState.PAUSED)
    with open_tenant(committed.tenant):
        assert not Run.objects.filter(state__in=[RunState.PLANNING, RunState.SENDING]).exists()
