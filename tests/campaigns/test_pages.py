"""Every page of campaigns in every state, the list, what may be done to one, and what lower apps show of them."""

from uuid import uuid4

import pytest

from campaigns.actions.campaigns import archive_campaign
from campaigns.actions.forecast import count_campaign
from campaigns.actions.launch import start_due
from campaigns.actions.runs import do_finish, do_pause, do_planned
from campaigns.models import Campaign, Run
from connect.core.models import Member
from connect.core.panels import use_counts, used_by
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import add_many
from tests.campaigns.factories import Stage, quiet
from tests.campaigns.http import HTMX, PAGES, STEPS, ClientOf, base, decision, pages_of, snapshot, text_of

pytestmark = pytest.mark.django_db


# --- Every page, in every state ------------------------------------------------------------------------------------


def test_a_draft_opens_in_the_builder_at_the_first_step_that_isnt_ready(stage: Stage, client_of: ClientOf) -> None:
    client = client_of(stage.marketer)
    empty = client.post(
        "/t/northwind/campaigns/new/",
        {"name": "New one", "language": "en", "priority": 50, "department": str(stage.department.public_id)},
    )
    assert empty.status_code == 302
    with open_tenant(stage.tenant):
        made = Campaign.objects.get(name="New one")
    assert empty["Location"] == f"{base(made)}audience/"
    assert client.get(base(made))["Location"] == f"{base(made)}audience/"
    assert client.get(base(stage.campaign()))["Location"].endswith("/review/")


def test_each_state_has_its_pages(stage: Stage, client_of: ClientOf, viewer: Member) -> None:
    add_many(stage.tenant, stage.conversation, 60, now=stage.now)
    clients = [client_of(member) for member in (stage.marketer, stage.approver, viewer)]

    def all_answer(campaign: Campaign) -> None:
        for client in clients:
            assert pages_of(client, campaign) == {}

    campaign = stage.schedule(stage.campaign(), start="2026-12-03T19:00", quiet=quiet("21:00", "08:00"))
    all_answer(campaign)
    count_campaign(stage.tenant, campaign.public_id, now=stage.now)
    all_answer(campaign)
    campaign = stage.ask(stage.schedule(campaign))
    all_answer(campaign)
    campaign = stage.approve(campaign)
    all_answer(campaign)
    [started] = start_due(stage.tenant, now=stage.now)
    assert started.run is not None
    all_answer(campaign)
    do_planned(stage.tenant, started.run.pk, members=60, filtered=30, recipients=30, now=stage.now)
    all_answer(campaign)
    do_pause(stage.tenant, started.run.pk, reason="Bounces", now=stage.now)
    all_answer(campaign)
    with open_tenant(stage.tenant):
        Run.objects.update(state="sending")
        Campaign.objects.update(state="sending")
    do_finish(stage.tenant, started.run.pk, now=stage.now)
    all_answer(campaign)
    archive_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    all_answer(campaign)


def test_an_empty_tenant_is_told_what_campaigns_are(stage: Stage, client_of: ClientOf) -> None:
    client = client_of(stage.marketer)
    assert "Make the first campaign" in text_of(client.get("/t/northwind/campaigns/"))
    assert "Nothing waits for a decision" in text_of(client.get("/t/northwind/review/"))


# --- The list ------------------------------------------------------------------------------------------------------


def test_the_list_groups_filters_and_counts(stage: Stage, client_of: ClientOf) -> None:
    client = client_of(stage.marketer)
    stage.campaign("Alpha")
    stage.approve(stage.ask(stage.campaign("Beta")))
    start_due(stage.tenant, now=stage.now)
    found = text_of(client.get("/t/northwind/campaigns/"))
    assert "All 2 Draft 1 In review 0 Scheduled 0 Sending 1" in found
    assert found.index("Now") < found.index("Beta") < found.index("Later or no date") < found.index("Alpha")
    part = client.get("/t/northwind/campaigns/?state=draft&q=alp", headers=HTMX)
    assert part.content.lstrip().startswith(b"<div")
    assert "Alpha" in text_of(part)
    assert "Beta" not in text_of(part)
    assert "No campaign matches." in text_of(client.get("/t/northwind/campaigns/?q=%25"))


@pytest.mark.parametrize("query", ["state=nonsense", "page=0", "page=x", "q=" + "x" * 121, "q=%00"])
def test_a_nonsense_query_of_the_list_is_refused(stage: Stage, client_of: ClientOf, query: str) -> None:
    stage.campaign()
    assert client_of(stage.marketer).get(f"/t/northwind/campaigns/?{query}").status_code == 422


def test_a_tag_finds_its_campaigns(stage: Stage, client_of: ClientOf) -> None:
    made = stage.campaign("Alpha")
    with open_tenant(stage.tenant):
        Campaign.objects.filter(pk=made.pk).update(tags=["holiday"])
    stage.campaign("Beta")
    found = text_of(client_of(stage.marketer).get("/t/northwind/campaigns/?q=%23holiday", headers=HTMX))
    assert "Alpha" in found
    assert "Beta" not in found


# --- What may be done to it ----------------------------------------------------------------------------------------


def test_pause_resume_and_cancel_over_http(stage: Stage, client_of: ClientOf) -> None:
    client = client_of(stage.marketer)
    campaign = stage.approve(stage.ask(stage.campaign()))
    [started] = start_due(stage.tenant, now=stage.now)
    assert started.run is not None
    do_planned(stage.tenant, started.run.pk, members=3, filtered=0, recipients=3, now=stage.now)
    assert 'id="pause"' in client.get(base(campaign)).content.decode()
    for act, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert client.post(f"{base(campaign)}{act}/", {"reason": "x\x00" * 300}).status_code == 302
        assert stage.fresh(campaign).state == state
    assert client.post(f"{base(campaign)}pause/").status_code == 409


def test_a_live_page_asks_to_be_loaded_again_when_the_state_has_changed(stage: Stage, client_of: ClientOf) -> None:
    client = client_of(stage.marketer)
    campaign = stage.approve(stage.ask(stage.campaign()))
    start_due(stage.tenant, now=stage.now)
    same = client.get(f"{base(campaign)}?was=sending", headers=HTMX)
    assert "HX-Refresh" not in same
    assert b"<html" not in same.content
    assert client.get(f"{base(campaign)}?was=paused", headers=HTMX)["HX-Refresh"] == "true"


def test_a_copy_opens_in_the_builder_and_an_archived_one_leaves_the_list(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    answer = client.post(f"{base(campaign)}copy/")
    assert answer["Location"].endswith("/information/")
    assert client.post(f"{base(campaign)}archive/").status_code == 302
    found = text_of(client.get("/t/northwind/campaigns/", headers=HTMX))
    assert "Winter layers (copy)" in found
    assert found.count("Winter layers") == found.count("Winter layers (copy)")


def test_a_viewer_may_look_and_not_touch(stage: Stage, client_of: ClientOf, viewer: Member) -> None:
    client, campaign = client_of(viewer), stage.campaign()
    before = snapshot(stage)
    for act in ("copy", "archive", "pause", "resume", "cancel", "launch", "review/take-back"):
        assert client.post(f"{base(campaign)}{act}/").status_code == 403
    for step in ("information", "audience", "schedule", "review"):
        sent = {
            "version": campaign.version,
            "name": "Mine",
            "language": "en",
            "priority": 1,
            "department": str(stage.department.public_id),
            "start_kind": "now",
        }
        assert client.post(f"{base(campaign)}{step}/", sent).status_code == 403
    assert client.get("/t/northwind/campaigns/new/").status_code == 403
    assert snapshot(stage) == before


def test_a_neighbours_campaign_is_a_missing_page(stage: Stage, client_of: ClientOf, stranger: Member) -> None:
    campaign = stage.ask(stage.campaign())
    client = client_of(stranger)
    before = snapshot(stage)
    theirs = base(campaign).replace("northwind", "southwind")
    review = f"/t/southwind/review/{campaign.public_id}/"
    missing = client.get(f"/t/southwind/campaigns/{uuid4()}/")
    assert missing.status_code == 404
    for page in (*PAGES, *(f"{step}/" for step in STEPS)):
        answer = client.get(theirs + page)
        assert (answer.status_code, answer.content) == (404, missing.content), page
    assert client.get(review).status_code == 404
    for act in ("copy", "archive", "pause", "resume", "cancel", "count", "review/take-back"):
        assert client.post(f"{theirs}{act}/").status_code == 404
    assert client.post(f"{review}decide/", decision(stage, campaign, "approve")).status_code == 404
    assert client.post(f"{review}comment/", {"note": "Hi"}).status_code == 404
    assert snapshot(stage) == before


# --- On lower floors' pages ----------------------------------------------------------------------------------------


def test_models_tell_which_campaigns_rest_on_them_and_which_would_be_voided(stage: Stage) -> None:
    draft, waiting = stage.campaign("Draft"), stage.ask(stage.campaign("Waiting"))
    gone = stage.campaign("Gone")
    archive_campaign(stage.tenant, gone.public_id, by=stage.marketer, now=stage.now)
    things = [
        ("audience", stage.audience.public_id),
        ("segmentation", stage.segmentation.public_id),
        ("conversation", stage.conversation.public_id),
    ]
    with open_tenant(stage.tenant):
        for kind, thing in things:
            found = [(use.name, use.url, use.voids) for use in used_by(stage.tenant, kind, thing)]
            assert found == [("Draft", base(draft), False), ("Waiting", base(waiting), True)]
        uses = used_by(stage.tenant, "content", stage.content.public_id)
        assert [(use.name, use.voids) for use in uses] == [("Draft", False), ("Waiting", False)]
        assert used_by(stage.tenant, "weather", stage.content.public_id) == []
        for kind, thing in [*things, ("content", stage.content.public_id)]:
            assert use_counts(stage.tenant, kind, [thing]) == {thing: 2}
