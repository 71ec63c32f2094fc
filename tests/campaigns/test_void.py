"""What happens to approvals after they were given: edits, shared models, withdrawals."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.actions.models import change_audience
from campaigns.actions.review import (
    approve,
    take_back_request,
    withdraw_approval,
)
from campaigns.actions.void import check_approvals, void_for_model
from campaigns.models import Approval
from campaigns.people import authors
from campaigns.standing import Stands, review
from campaigns.states import ApprovalKind, ApprovalState, CampaignState
from campaigns.tasks import tenants_with_due_campaigns
from connect.core.errors import Forbidden, Invalid
from connect.core.models import Member
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.approvals import change_rule, snapshot, standing, states
from tests.campaigns.factories import EVERYBODY, GERMANY, Stage, rule
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db


# --- After approval ------------------------------------------------------------------------------------------------


def test_an_edit_after_approval_voids_it_and_the_next_request_is_for_the_new_thing(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2026-03-05T19:00")))
    changed = stage.schedule(campaign, start="2026-03-05T20:00")
    assert states(stage, campaign) == [("content", "voided"), ("launch", "voided")]
    again = stage.approve(stage.ask(changed))
    assert again.state == CampaignState.SCHEDULED
    assert states(stage, campaign)[2:] == [("content", "approved"), ("launch", "approved")]


def test_who_edits_after_an_approval_cant_give_the_next_one_and_who_edited_before_can(stage: Stage, now: Any) -> None:
    early = make_cast_member(stage.tenant, "Early Bird", [Role.MARKETER, Role.CONTENT_APPROVER], now=now)
    campaign = stage.schedule(stage.campaign(), by=early, start="2026-03-05T19:00")
    campaign = stage.approve(stage.ask(campaign), now=now + timedelta(minutes=1))
    stage.now = now + timedelta(minutes=2)
    campaign = stage.ask(stage.schedule(campaign, start="2026-03-05T20:00"))
    with open_tenant(stage.tenant):
        frozen = review(stage.tenant, campaign).frozen
        found = authors(stage.tenant, campaign, frozen, ApprovalKind.CONTENT)
    assert found == {stage.marketer.pk}
    content, _launch = stage.asked(campaign)
    approve(stage.tenant, content.public_id, content.fingerprint, by=early, now=stage.now)


def test_approving_content_lets_no_author_approve_the_launch(stage: Stage, now: Any) -> None:
    author = make_cast_member(stage.tenant, "Otto Author", [Role.MARKETER, Role.LAUNCH_APPROVER], now=now)
    campaign = stage.ask(stage.schedule(stage.campaign(), by=author, start="2026-03-05T19:00"))
    content, launch = stage.asked(campaign)
    approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=now + timedelta(minutes=1))
    with pytest.raises(Forbidden, match="you changed it"):
        approve(stage.tenant, launch.public_id, launch.fingerprint, by=author, now=now + timedelta(minutes=2))


def test_who_changed_a_shared_model_is_an_author(stage: Stage, now: Any) -> None:
    author = make_cast_member(stage.tenant, "Mona Model", [Role.MARKETER, Role.CONTENT_APPROVER], now=now)
    campaign = stage.campaign()
    later = now + timedelta(minutes=1)
    france = rule("country", "equals", "FR")
    change_audience(stage.tenant, stage.audience.public_id, 1, by=author, name="F", rule=france, now=later)
    content, _launch = stage.asked(stage.ask(campaign))
    with pytest.raises(Forbidden, match="you changed it"):
        approve(stage.tenant, content.public_id, content.fingerprint, by=author, now=later)


@pytest.mark.parametrize("kind", [0, 1])
def test_withdrawing_an_approval_takes_a_scheduled_campaign_back(stage: Stage, kind: int) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2026-03-05T19:00")))
    with open_tenant(stage.tenant):
        given = Approval.objects.order_by("pk")[kind]
    after = withdraw_approval(stage.tenant, given.public_id, reason="Wrong price", by=stage.approver, now=stage.now)
    assert (after.state, after.fires_at) == (CampaignState.DRAFT, None)
    assert states(stage, campaign)[kind][1] == "withdrawn"
    assert states(stage, campaign)[1 - kind][1] == "approved"


def test_withdrawing_needs_the_role_and_a_reason(stage: Stage, admin: Member) -> None:
    stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2026-03-05T19:00")))
    with open_tenant(stage.tenant):
        given = Approval.objects.order_by("pk")[0]
    before = snapshot(stage)
    for who in (admin, stage.marketer):
        with pytest.raises(Forbidden):
            withdraw_approval(stage.tenant, given.public_id, reason="Mine", by=who, now=stage.now)
    with pytest.raises(Invalid):
        withdraw_approval(stage.tenant, given.public_id, reason=" ", by=stage.approver, now=stage.now)
    assert snapshot(stage) == before


def test_a_shared_models_change_shows_as_voided_at_once_and_is_voided_by_the_beat(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2026-03-05T19:00")))
    assert tenants_with_due_campaigns(stage.now) == [stage.tenant.pk]
    assert check_approvals(stage.tenant, now=stage.now + timedelta(minutes=2)) == []
    assert tenants_with_due_campaigns(stage.now) == []
    later = stage.now + timedelta(minutes=5)
    france = rule("country", "equals", "FR")
    change_audience(stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="F", rule=france, now=later)
    assert standing(stage, campaign) == (Stands.VOIDED, Stands.VOIDED)
    assert tenants_with_due_campaigns(stage.now) == [stage.tenant.pk]
    assert check_approvals(stage.tenant, now=later) == [campaign]
    assert stage.fresh(campaign).state == CampaignState.DRAFT
    with open_tenant(stage.tenant):
        reasons = set(Approval.objects.values_list("state", "void_reason"))
    assert reasons == {(ApprovalState.VOIDED, "Changed since: audience. By Marta Lindt.")}


def test_a_models_new_name_voids_nothing(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    change_rule(stage, GERMANY)
    assert check_approvals(stage.tenant, now=stage.now) == []
    assert standing(stage, campaign) == (Stands.ASKED, Stands.ASKED)


@pytest.mark.parametrize("kind", ["audience", "segmentation", "conversation"])
def test_voiding_for_a_model_reaches_those_that_rest_on_it_and_no_others(stage: Stage, kind: str) -> None:
    resting = stage.ask(stage.campaign())
    other = stage.ask(stage.campaign("Other", audience=None, segmentation=None))
    model = {"audience": stage.audience, "segmentation": stage.segmentation, "conversation": stage.conversation}[kind]
    assert void_for_model(stage.tenant, kind, model.public_id, now=stage.now) == []
    change_rule(stage, EVERYBODY)
    assert void_for_model(stage.tenant, kind, model.public_id, by=stage.marketer, now=stage.now) == [resting]
    assert stage.fresh(resting).state == CampaignState.DRAFT
    assert stage.fresh(other).state == CampaignState.IN_REVIEW


def test_only_one_live_approval_a_kind_can_exist(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    change_rule(stage, EVERYBODY)
    take_back_request(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    stage.ask(stage.fresh(campaign))
    assert states(stage, campaign) == [
        ("content", "withdrawn"),
        ("launch", "withdrawn"),
        ("content", "asked"),
        ("launch", "asked"),
    ]


def test_asking_again_in_review_replaces_what_is_void(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    change_rule(stage, EVERYBODY)
    stage.ask(stage.fresh(campaign))
    assert states(stage, campaign) == [
        ("content", "voided"),
        ("launch", "voided"),
        ("content", "asked"),
        ("launch", "asked"),
    ]
    assert standing(stage, campaign) == (Stands.ASKED, Stands.ASKED)
