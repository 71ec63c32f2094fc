"""Runs are planned, paused, resumed, cancelled and finished by drawn moves, and send only while approvals stand."""

from datetime import datetime, timedelta

import pytest

from campaigns.actions.launch import start_due
from campaigns.actions.review import approve, ask_approval, withdraw_approval
from campaigns.actions.runs import (
    cancel_campaign,
    do_cancel,
    do_finish,
    do_pause,
    do_planned,
    do_resume,
    pause_campaign,
    resume_campaign,
)
from campaigns.models import Approval, Campaign, Run
from campaigns.predicates import may_send
from campaigns.states import CampaignState, RunState
from connect.core.errors import Conflict, Forbidden, WrongState
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(stage: Stage) -> Run:
    """A run that is being planned."""
    stage.approve(stage.ask(stage.campaign()))
    [started] = start_due(stage.tenant, now=stage.now)
    assert started.run is not None
    return started.run


def states(stage: Stage, run: Run) -> tuple[str, str]:
    with open_tenant(stage.tenant):
        found = Run.objects.select_related("campaign").get(pk=run.pk)
        return found.state, found.campaign.state


def sends(stage: Stage, run: Run) -> bool:
    with open_tenant(stage.tenant):
        [(answer,)] = rows(Sql(f"SELECT {may_send('%s')}", (run.pk,)))
    return bool(answer)


def plan(stage: Stage, run: Run) -> None:
    do_planned(stage.tenant, run.pk, members=5, filtered=2, recipients=3, now=stage.now)


def test_a_planned_run_sends(stage: Stage, run: Run) -> None:
    assert not sends(stage, run)
    plan(stage, run)
    assert states(stage, run) == (RunState.SENDING, CampaignState.SENDING)
    assert sends(stage, run)
    with open_tenant(stage.tenant):
        found = Run.objects.get(pk=run.pk)
    assert (found.members, found.filtered, found.recipients, found.planned_at) == (5, 2, 3, stage.now)
    with pytest.raises(WrongState):
        plan(stage, run)


def test_a_paused_run_sends_nothing_and_goes_on_where_it_stopped(stage: Stage, run: Run) -> None:
    plan(stage, run)
    with open_tenant(stage.tenant):
        campaign = Campaign.objects.get(pk=run.campaign_id)
    pause_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert states(stage, run) == (RunState.PAUSED, CampaignState.PAUSED)
    assert not sends(stage, run)
    with pytest.raises(WrongState):
        pause_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    resume_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert states(stage, run) == (RunState.SENDING, CampaignState.SENDING)
    assert sends(stage, run)


def test_a_run_that_was_paused_while_planning_plans_on(stage: Stage, run: Run) -> None:
    do_pause(stage.tenant, run.pk, by=stage.marketer, now=stage.now)
    with pytest.raises(WrongState):
        plan(stage, run)
    do_resume(stage.tenant, run.pk, by=stage.marketer, now=stage.now)
    assert states(stage, run) == (RunState.PLANNING, CampaignState.SENDING)


def test_a_run_that_stops_by_itself_says_why(stage: Stage, run: Run) -> None:
    plan(stage, run)
    do_pause(stage.tenant, run.pk, reason="Bounces 2.3%, limit 2.0%.", now=stage.now)
    with open_tenant(stage.tenant):
        assert Run.objects.get(pk=run.pk).stop_reason == "Bounces 2.3%, limit 2.0%."
        entry = AuditEntry.objects.get(did="run.paused")
    assert (entry.member, entry.details["reason"]) == (None, "Bounces 2.3%, limit 2.0%.")
    do_resume(stage.tenant, run.pk, by=stage.marketer, now=stage.now)
    with open_tenant(stage.tenant):
        assert Run.objects.get(pk=run.pk).stop_reason == ""


@pytest.mark.parametrize("paused", [False, True])
def test_a_cancelled_run_is_over_for_good(stage: Stage, run: Run, paused: bool) -> None:
    plan(stage, run)
    if paused:
        do_pause(stage.tenant, run.pk, now=stage.now)
    do_cancel(stage.tenant, run.pk, reason="Wrong price", by=stage.marketer, now=stage.now)
    assert states(stage, run) == (RunState.CANCELLED, CampaignState.CANCELLED)
    assert not sends(stage, run)
    for move in (do_pause, do_resume, do_cancel):
        with pytest.raises(WrongState):
            move(stage.tenant, run.pk, now=stage.now)
    with pytest.raises(WrongState):
        do_finish(stage.tenant, run.pk, now=stage.now)
    assert states(stage, run) == (RunState.CANCELLED, CampaignState.CANCELLED)


def test_a_finished_run_is_over(stage: Stage, run: Run) -> None:
    plan(stage, run)
    do_finish(stage.tenant, run.pk, now=stage.now + timedelta(hours=1))
    assert states(stage, run) == (RunState.FINISHED, CampaignState.FINISHED)
    with open_tenant(stage.tenant):
        assert Run.objects.get(pk=run.pk).finished_at == stage.now + timedelta(hours=1)
    assert not sends(stage, run)


def test_a_scheduled_campaign_is_cancelled_without_a_run(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2026-03-05T19:00")))
    cancel_campaign(stage.tenant, campaign.public_id, reason="No", by=stage.marketer, now=stage.now)
    assert stage.fresh(campaign).state == CampaignState.CANCELLED
    assert start_due(stage.tenant, now=datetime.fromisoformat("2026-03-05T23:00+00:00")) == []


def test_a_draft_has_nothing_to_pause_or_cancel(stage: Stage) -> None:
    campaign = stage.campaign()
    for act in (pause_campaign, resume_campaign, cancel_campaign):
        with pytest.raises(WrongState):
            act(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert stage.fresh(campaign).state == CampaignState.DRAFT


def test_a_viewer_and_a_neighbour_stop_nothing(
    stage: Stage, run: Run, viewer: Member, neighbour: Tenant, stranger: Member
) -> None:
    plan(stage, run)
    with open_tenant(stage.tenant):
        campaign = Campaign.objects.get(pk=run.campaign_id)
    for act in (pause_campaign, cancel_campaign):
        with pytest.raises(Forbidden):
            act(stage.tenant, campaign.public_id, by=viewer, now=stage.now)
        with pytest.raises(Campaign.DoesNotExist):
            act(neighbour, campaign.public_id, by=stranger, now=stage.now)
    with pytest.raises(Run.DoesNotExist):
        do_cancel(neighbour, run.pk, now=stage.now)
    assert states(stage, run) == (RunState.SENDING, CampaignState.SENDING)


@pytest.mark.parametrize("kind", ["content", "launch"])
def test_a_withdrawn_approval_pauses_and_only_a_new_one_lets_it_go_on(stage: Stage, run: Run, kind: str) -> None:
    plan(stage, run)
    with open_tenant(stage.tenant):
        given = Approval.objects.get(kind=kind)
    after = withdraw_approval(stage.tenant, given.public_id, reason="Wrong price", by=stage.approver, now=stage.now)
    assert after.state == CampaignState.PAUSED
    assert states(stage, run) == (RunState.PAUSED, CampaignState.PAUSED)
    assert not sends(stage, run)
    with open_tenant(stage.tenant):
        assert Run.objects.get(pk=run.pk).stop_reason == "Amélie Tremblay withdrew the approval: Wrong price"
    with pytest.raises(Conflict):
        resume_campaign(stage.tenant, after.public_id, by=stage.marketer, now=stage.now)
    assert states(stage, run) == (RunState.PAUSED, CampaignState.PAUSED)
    ask_approval(stage.tenant, after.public_id, by=stage.marketer, now=stage.now)
    [asked] = stage.asked(after)
    assert (asked.kind, asked.fingerprint) == (kind, run.fingerprint)
    approve(stage.tenant, asked.public_id, asked.fingerprint, by=stage.approver, now=stage.now)
    assert stage.fresh(after).state == CampaignState.PAUSED
    resume_campaign(stage.tenant, after.public_id, by=stage.marketer, now=stage.now)
    assert sends(stage, run)


def test_approvals_of_something_else_dont_count(stage: Stage, run: Run) -> None:
    plan(stage, run)
    with open_tenant(stage.tenant):
        Approval.objects.filter(kind="launch").update(fingerprint="0" * 64)
    assert not sends(stage, run)


def test_a_neighbours_run_doesnt_send_here(stage: Stage, run: Run, neighbour: Tenant) -> None:
    plan(stage, run)
    with open_tenant(neighbour):
        [(answer,)] = rows(Sql(f"SELECT {may_send('%s')}", (run.pk,)))
    assert answer is False


def test_a_shared_models_change_doesnt_stop_what_was_frozen(stage: Stage, run: Run) -> None:
    plan(stage, run)
    with open_tenant(stage.tenant):
        stage.audience.rule = {"combinator": "and", "rules": []}
        type(stage.audience).objects.filter(pk=stage.audience.pk).update(rule=stage.audience.rule)
    assert sends(stage, run)
