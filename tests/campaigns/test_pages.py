"""Every page of campaigns answers, for each state that a campaign may be in."""

from collections.abc import Callable

import pytest
from django.test import Client

from campaigns.actions.forecast import count_campaign
from campaigns.actions.launch import start_due
from campaigns.models import Campaign
from connect.core.models import Member
from tests.audiences.factories import add_many
from tests.campaigns.factories import Stage, quiet

pytestmark = pytest.mark.django_db

STEPS = ("information", "audience", "content", "schedule", "review")
PAGES = ("", "people/", "people/?reason=filtered", "people/?reason=duplicate", "history/")
ClientOf = Callable[[Member], Client]


def pages_of(client: Client, campaign: Campaign) -> dict[str, int]:
    """Ask for all of a campaign's pages and tell their status codes."""
    base = f"/t/northwind/campaigns/{campaign.public_id}/"
    urls = [*(base + page for page in PAGES), *(f"{base}{step}/" for step in STEPS)]
    urls += [f"/t/northwind/review/{campaign.public_id}/", "/t/northwind/campaigns/", "/t/northwind/review/"]
    return {url: client.get(url).status_code for url in urls}


def test_a_draft_opens_in_the_builder(stage: Stage, client_of: ClientOf) -> None:
    add_many(stage.tenant, stage.conversation, 60, now=stage.now)
    campaign = stage.schedule(stage.campaign(), start="2026-12-03T19:00", quiet=quiet("21:00", "08:00"))
    client = client_of(stage.marketer)
    for _ in range(2):
        found = pages_of(client, campaign)
        assert {url: status for url, status in found.items() if status not in (200, 302)} == {}
        count_campaign(stage.tenant, campaign.public_id, now=stage.now)


def test_each_state_has_its_pages(stage: Stage, client_of: ClientOf) -> None:
    add_many(stage.tenant, stage.conversation, 60, now=stage.now)
    approver, marketer = client_of(stage.approver), client_of(stage.marketer)
    campaign = stage.ask(stage.campaign())
    for client in (approver, marketer):
        assert set(pages_of(client, campaign).values()) <= {200, 302}
    campaign = stage.approve(campaign)
    for client in (approver, marketer):
        assert set(pages_of(client, campaign).values()) <= {200, 302}
    start_due(stage.tenant, now=stage.now)
    for client in (approver, marketer):
        assert set(pages_of(client, campaign).values()) <= {200, 302}
