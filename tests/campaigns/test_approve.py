"""Approvals are bound to a fingerprint; nobody approves what they made; what changes is void."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from audiences.actions.models import change_audience
from campaigns.actions.review import (
    approve,
    ask_approval,
    comment,
    reject,
    request_changes,
    take_back_request,
    withdraw_approval,
)
from campaigns.actions.void import check_approvals, void_for_model
from campaigns.models import Approval, Campaign, Cell, Edit, Note, Run
from campaigns.people import authors
from campaigns.standing import Stands, review
from campaigns.states import ApprovalKind, ApprovalState, CampaignState
from campaigns.tasks import tenants_with_due_campaigns
from connect.core.actions.members import GrantOf, add_member
from connect.core.errors import Conflict, Forbidden, Invalid, WrongState
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import EVERYBODY, GERMANY, Stage, rule
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db


def snapshot(stage: Stage) -> list[Any]:
    with open_tenant(stage.tenant):
        return [
            list(model.objects.order_by("pk").values()) for model in (Campaign, Approval, Note, Run, Edit, AuditEntry)
        ]


def states(stage: Stage, campaign: Campaign) -> list[tuple[str, str]]:
    with open_tenant(stage.tenant):
        return list(Approval.objects.filter(campaign=campaign).order_by("pk").values_list("kind", "state"))


def standing(stage: Stage, campaign: Campaign) -> tuple[Stands, Stands]:
    with open_tenant(stage.tenant):
        found = review(stage.tenant, Campaign.objects.get(pk=campaign.pk))
    return found.content.stands, found.launch.stands


def change_rule(stage: Stage, new: dict[str, Any]) -> None:
    """Let somebody change the shared audience model."""
    change_audience(stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="G", rule=new, now=stage.now)


# --- Asking --------------------------------------------------------------------------------------------------------


def test_asking_asks_for_both_kinds_of_the_same_fingerprint(stage: Stage) -> None:
    campaign = ask_approval(
        stage.tenant,
        stage.campaign().public_id,
        note="Please look.",
        deadline=stage.now + timedelta(days=1),
        by=stage.marketer,
        now=stage.now,
    )
    assert campaign.state == CampaignState.IN_REVIEW
    assert states(stage, campaign) == [("content", "asked"), ("launch", "asked")]
    with open_tenant(stage.tenant):
        first, second = Approval.objects.order_by("pk")
        assert first.fingerprint == second.fingerprint == review(stage.tenant, campaign).fingerprint
        assert first.deadline == stage.now + timedelta(days=1)
        assert Note.objects.get().text == "Please look."


def test_what_isnt_ready_isnt_asked_for(stage: Stage) -> None:
    campaign = stage.choose(stage.campaign(), conversation=None)
    before = snapshot(stage)
    with pytest.raises(Invalid, match="no conversation is chosen"):
        stage.ask(campaign)
    assert snapshot(stage) == before


def test_a_gap_in_the_matrix_blocks(stage: Stage) -> None:
    stage.revise("L'hiver", "fr")
    campaign = stage.campaign()
    with open_tenant(stage.tenant):
        Cell.objects.filter(language="fr", segment__isnull=True).delete()
    with pytest.raises(Invalid, match="no French content for Leftovers"):
        stage.ask(stage.fresh(campaign))


def test_a_start_that_has_passed_meanwhile_blocks(stage: Stage) -> None:
    campaign = stage.schedule(stage.campaign(), start="2026-03-02T19:00")
    with pytest.raises(Invalid, match="the start is past"):
        ask_approval(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now + timedelta(days=1))


def test_asking_twice_is_refused(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    before = snapshot(stage)
    with pytest.raises(Conflict):
        stage.ask(campaign)
    assert snapshot(stage) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [({"note": "x" * 2001}, "note"), ({"note": "a\x00b"}, "note"), ({"deadline": -1}, "deadline")],
)
def test_a_bad_request_is_refused_by_field(stage: Stage, values: dict[str, Any], field: str) -> None:
    campaign = stage.campaign()
    before = snapshot(stage)
    if "deadline" in values:
        values = {"deadline": stage.now}
    with pytest.raises(Invalid) as refused:
        ask_approval(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now, **values)
    assert set(refused.value.fields) == {field}
    assert snapshot(stage) == before


def test_a_viewer_cant_ask(stage: Stage, viewer: Member) -> None:
    campaign = stage.campaign()
    before = snapshot(stage)
    with pytest.raises(Forbidden):
        ask_approval(stage.tenant, campaign.public_id, by=viewer, now=stage.now)
    assert snapshot(stage) == before


def test_a_request_is_taken_back_and_what_was_given_stays(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=stage.now)
    take_back_request(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert stage.fresh(campaign).state == CampaignState.DRAFT
    assert states(stage, campaign) == [("content", "approved"), ("launch", "withdrawn")]
    stage.ask(stage.fresh(campaign))
    assert states(stage, campaign) == [("content", "approved"), ("launch", "withdrawn"), ("launch", "asked")]


# --- Deciding ------------------------------------------------------------------------------------------------------


def test_two_approvals_launch_a_campaign(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.campaign()))
    assert campaign.state == CampaignState.SCHEDULED
    assert campaign.fires_at == stage.now


def test_one_approval_is_not_enough(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    content, launch = stage.asked(campaign)
    after = approve(stage.tenant, launch.public_id, launch.fingerprint, by=stage.approver, now=stage.now)
    assert after.state == CampaignState.IN_REVIEW
    after = approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=stage.now)
    assert after.state == CampaignState.SCHEDULED


Decision = Callable[..., Campaign]
DECISIONS: dict[str, tuple[Decision, dict[str, str]]] = {
    "approve": (approve, {}),
    "request changes": (request_changes, {"reason": "Too long"}),
    "reject": (reject, {"reason": "No"}),
}


@pytest.mark.parametrize("verb", DECISIONS)
@pytest.mark.parametrize("kind", [0, 1])
def test_nobody_decides_about_what_they_made(stage: Stage, now: Any, verb: str, kind: int) -> None:
    """Whatever the roles: the author holds both approver's roles here."""
    roles = [Role.MARKETER, Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER, Role.ADMIN]
    author = make_cast_member(stage.tenant, "Otto Author", roles, now=now)
    campaign = stage.schedule(stage.campaign(), by=author, start="2026-03-05T19:00")
    campaign = stage.ask(campaign)
    asked = stage.asked(campaign)[kind]
    decide, more = DECISIONS[verb]
    before = snapshot(stage)
    with pytest.raises(Forbidden, match=r"you changed it\. Amélie Tremblay can"):
        decide(stage.tenant, asked.public_id, asked.fingerprint, by=author, now=now, **more)
    assert snapshot(stage) == before


def test_a_tenant_may_let_authors_approve(stage: Stage, now: Any) -> None:
    author = make_cast_member(stage.tenant, "Otto Author", [Role.MARKETER, Role.CONTENT_APPROVER], now=now)
    campaign = stage.ask(stage.schedule(stage.campaign(), by=author, start="2026-03-05T19:00"))
    content, _launch = stage.asked(campaign)
    stage.tenant.own_approval = True
    approve(stage.tenant, content.public_id, content.fingerprint, by=author, now=now)
    assert states(stage, campaign) == [("content", "approved"), ("launch", "asked")]


def test_an_admin_has_no_approvers_role(stage: Stage, admin: Member) -> None:
    campaign = stage.ask(stage.campaign())
    before = snapshot(stage)
    for asked in stage.asked(campaign):
        with pytest.raises(Forbidden, match="Amélie Tremblay can"):
            approve(stage.tenant, asked.public_id, asked.fingerprint, by=admin, now=stage.now)
    assert snapshot(stage) == before


def test_each_kind_needs_its_own_role(stage: Stage, now: Any) -> None:
    content_only = make_cast_member(stage.tenant, "Cora Content", [Role.CONTENT_APPROVER], now=now)
    launch_only = make_cast_member(stage.tenant, "Lars Launch", [Role.LAUNCH_APPROVER], now=now)
    campaign = stage.ask(stage.campaign())
    content, launch = stage.asked(campaign)
    for asked, wrong in ((content, launch_only), (launch, content_only)):
        before = snapshot(stage)
        with pytest.raises(Forbidden):
            approve(stage.tenant, asked.public_id, asked.fingerprint, by=wrong, now=now)
        assert snapshot(stage) == before
    approve(stage.tenant, content.public_id, content.fingerprint, by=content_only, now=now)
    approve(stage.tenant, launch.public_id, launch.fingerprint, by=launch_only, now=now)
    assert stage.fresh(campaign).state == CampaignState.SCHEDULED


def test_a_neighbour_finds_no_approval(stage: Stage, neighbour: Tenant, stranger: Member) -> None:
    campaign = stage.ask(stage.campaign())
    before = snapshot(stage)
    for asked in (*stage.asked(campaign), Approval(public_id=uuid4(), fingerprint="")):
        with pytest.raises(Approval.DoesNotExist):
            approve(neighbour, asked.public_id, asked.fingerprint, by=stranger, now=stage.now)
    assert snapshot(stage) == before


def test_a_decision_about_what_was_not_on_the_screen_is_refused(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    before = snapshot(stage)
    with pytest.raises(Conflict):
        approve(stage.tenant, content.public_id, "0" * 64, by=stage.approver, now=stage.now)
    assert snapshot(stage) == before


def test_a_shared_models_change_between_asking_and_deciding_is_seen(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    change_rule(stage, rule("country", "equals", "FR"))
    before = snapshot(stage)
    with pytest.raises(Conflict):
        approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=stage.now)
    assert snapshot(stage) == before
    assert standing(stage, campaign) == (Stands.VOIDED, Stands.VOIDED)


def test_a_decided_approval_isnt_decided_again(stage: Stage) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=stage.now)
    before = snapshot(stage)
    with pytest.raises(WrongState):
        approve(stage.tenant, content.public_id, content.fingerprint, by=stage.approver, now=stage.now)
    with pytest.raises(WrongState):
        reject(stage.tenant, content.public_id, content.fingerprint, reason="Late", by=stage.approver, now=stage.now)
    assert snapshot(stage) == before


@pytest.mark.parametrize("verb", ["request changes", "reject"])
def test_a_refusal_sends_the_campaign_back_and_the_other_request_with_it(stage: Stage, verb: str) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    decide, _ = DECISIONS[verb]
    after = decide(
        stage.tenant, content.public_id, content.fingerprint, reason="Too long", by=stage.approver, now=stage.now
    )
    assert after.state == CampaignState.DRAFT
    became = "changes_requested" if verb == "request changes" else "rejected"
    assert states(stage, campaign) == [("content", became), ("launch", "withdrawn")]
    with open_tenant(stage.tenant):
        assert Note.objects.latest("pk").text == "Too long"


@pytest.mark.parametrize("verb", ["request changes", "reject"])
@pytest.mark.parametrize("reason", ["", "   \n", "x" * 2001, "a\x00"])
def test_a_refusal_needs_a_reason_that_can_be_stored(stage: Stage, verb: str, reason: str) -> None:
    campaign = stage.ask(stage.campaign())
    content, _launch = stage.asked(campaign)
    decide, _ = DECISIONS[verb]
    before = snapshot(stage)
    with pytest.raises(Invalid) as refused:
        decide(stage.tenant, content.public_id, content.fingerprint, reason=reason, by=stage.approver, now=stage.now)
    assert set(refused.value.fields) == {"note"}
    assert snapshot(stage) == before


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


# --- Talking -------------------------------------------------------------------------------------------------------


def test_everybody_who_sees_it_may_talk(stage: Stage, viewer: Member) -> None:
    campaign = stage.campaign()
    said = comment(stage.tenant, campaign.public_id, "Nice.", by=viewer, now=stage.now)
    assert (said.kind, said.text, said.member_id) == ("comment", "Nice.", viewer.pk)
    with pytest.raises(Invalid):
        comment(stage.tenant, campaign.public_id, "  ", by=viewer, now=stage.now)


def test_who_may_approve_is_asked_by_department(stage: Stage, now: Any) -> None:
    with open_tenant(stage.tenant):
        grants = [GrantOf(Role.CONTENT_APPROVER, stage.department.public_id)]
        add_member(stage.tenant, email="d@northwind.example", name="Dora Dept", grants=grants, by=None, now=now)
        dora = Member.objects.get(name="Dora Dept")
    content, _launch = stage.asked(stage.ask(stage.campaign()))
    approve(stage.tenant, content.public_id, content.fingerprint, by=dora, now=now)
    with open_tenant(stage.tenant):
        assert Approval.objects.get(pk=content.pk).decided_by == dora
