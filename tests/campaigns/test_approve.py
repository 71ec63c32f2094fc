"""Approvals are bound to a fingerprint; nobody approves what they made; what changes is void."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from campaigns.actions.review import (
    approve,
    ask_approval,
    comment,
    reject,
    request_changes,
    take_back_request,
)
from campaigns.models import Approval, Campaign, Cell, Note
from campaigns.standing import Stands, review
from campaigns.states import CampaignState
from connect.core.actions.members import GrantOf, add_member
from connect.core.errors import Conflict, Forbidden, Invalid, WrongState
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.approvals import change_rule, snapshot, standing, states
from tests.campaigns.factories import Stage, rule
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db


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
