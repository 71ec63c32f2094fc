"""The review queue over HTTP: who may decide what, and what they see."""

from uuid import uuid4

import pytest

from campaigns.states import CampaignState
from connect.core.models import Member
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage
from tests.campaigns.http import ClientOf, base, decision, snapshot, text_of
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db


def test_the_whole_way_from_asking_to_the_launch_over_http(stage: Stage, client_of: ClientOf) -> None:
    marketer, approver = client_of(stage.marketer), client_of(stage.approver)
    campaign = stage.campaign()
    answer = marketer.post(f"{base(campaign)}review/", {"note": "Please look."})
    assert answer.status_code == 302
    assert approver.get("/t/northwind/review/")["Location"] == f"/t/northwind/review/{campaign.public_id}/"
    page = approver.get(f"/t/northwind/review/{campaign.public_id}/")
    assert "Please look." in text_of(page)
    assert 'data-key="a"' in page.content.decode()
    for _ in range(2):
        sent = decision(stage, campaign, "approve")
        assert approver.post(f"/t/northwind/review/{campaign.public_id}/decide/", sent).status_code == 302
    assert stage.fresh(campaign).state == CampaignState.SCHEDULED


def test_own_approval_over_http_is_refused_with_who_can(stage: Stage, client_of: ClientOf) -> None:
    roles = [Role.MARKETER, Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER]
    author = make_cast_member(stage.tenant, "Otto Author", roles, now=stage.now)
    campaign = stage.ask(stage.schedule(stage.campaign(), by=author, start="2027-03-05T19:00"))
    client = client_of(author)
    page = client.get(f"/t/northwind/review/{campaign.public_id}/")
    assert "You can’t approve this: you changed it. Amélie Tremblay can." in text_of(page)
    assert "approve:" not in page.content.decode()
    before = snapshot(stage)
    for kind in (0, 1):
        answer = client.post(
            f"/t/northwind/review/{campaign.public_id}/decide/", decision(stage, campaign, "approve", kind)
        )
        assert answer.status_code == 403
    assert snapshot(stage) == before


def test_a_viewer_decides_nothing(stage: Stage, client_of: ClientOf, viewer: Member, admin: Member) -> None:
    campaign = stage.ask(stage.campaign())
    before = snapshot(stage)
    for member in (viewer, admin, stage.marketer):
        sent = decision(stage, campaign, "approve")
        answer = client_of(member).post(f"/t/northwind/review/{campaign.public_id}/decide/", sent)
        assert answer.status_code == 403
    assert snapshot(stage) == before


def test_a_refusal_without_a_reason_comes_back_with_the_page(stage: Stage, client_of: ClientOf) -> None:
    campaign = stage.ask(stage.campaign())
    before = snapshot(stage)
    for verb in ("changes", "reject"):
        sent = decision(stage, campaign, verb, note="  ")
        answer = client_of(stage.approver).post(f"/t/northwind/review/{campaign.public_id}/decide/", sent)
        assert answer.status_code == 422
        assert "Say why: the others read it here." in text_of(answer)
    assert snapshot(stage) == before


def test_a_decision_about_an_older_page_is_a_conflict(stage: Stage, client_of: ClientOf) -> None:
    campaign = stage.ask(stage.campaign())
    old = decision(stage, campaign, "approve")
    stage.ask(stage.schedule(campaign, start="2027-03-05T19:00"))
    before = snapshot(stage)
    answer = client_of(stage.approver).post(f"/t/northwind/review/{campaign.public_id}/decide/", old)
    assert answer.status_code == 409
    assert snapshot(stage) == before


@pytest.mark.parametrize(
    "sent", [{}, {"decision": "approve"}, {"decision": "approve:x"}, {"decision": "shrug:" + str(uuid4())}]
)
def test_a_decision_that_is_none_is_missing(stage: Stage, client_of: ClientOf, sent: dict[str, str]) -> None:
    campaign = stage.ask(stage.campaign())
    answer = client_of(stage.approver).post(f"/t/northwind/review/{campaign.public_id}/decide/", sent)
    assert answer.status_code == 404


def test_an_approval_of_another_campaign_isnt_decided_here(stage: Stage, client_of: ClientOf) -> None:
    campaign, other = stage.ask(stage.campaign()), stage.ask(stage.campaign("Other"))
    sent = decision(stage, other, "approve")
    answer = client_of(stage.approver).post(f"/t/northwind/review/{campaign.public_id}/decide/", sent)
    assert answer.status_code == 404


def test_the_queue_shows_what_changed_since_the_last_approval(stage: Stage, client_of: ClientOf) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2027-03-05T19:00")))
    stage.revise("Other words")
    stage.ask(stage.assign(stage.schedule(campaign, start="2027-03-05T20:00")))
    found = text_of(client_of(stage.approver).get(f"/t/northwind/review/{campaign.public_id}/"))
    assert "Changed since the last approval" in found
    assert "Winter letter, r1 Winter letter, r2" in found
    assert "Fri 5 Mar 2027 19:00, each recipient’s clock Fri 5 Mar 2027 20:00, each recipient’s clock" in found


def test_a_voided_approval_shows_as_voided_before_anybody_writes_it_down(stage: Stage, client_of: ClientOf) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2027-03-05T19:00")))
    with open_tenant(stage.tenant):
        type(stage.audience).objects.update(rule={"combinator": "and", "rules": []})
    found = text_of(client_of(stage.marketer).get(f"{base(campaign)}review/"))
    assert "Voided" in found
    assert "Changed since: audience." in found
