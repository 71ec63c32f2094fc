"""What the tests of pages share: addresses, words, and a picture of everything that a refusal must leave alone."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from campaigns.models import Approval, Campaign, Cell, Forecast, Note, Run
from connect.core.models import AuditEntry, Member
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage

STEPS = ("information", "audience", "content", "schedule", "review")
PAGES = ("", "people/", "people/?reason=filtered", "people/?reason=duplicate", "people/?reason=expired", "history/")
HTMX = {"HX-Request": "true"}
ClientOf = Callable[[Member], Client]


def base(campaign: Campaign) -> str:
    return f"/t/northwind/campaigns/{campaign.public_id}/"


def pages_of(client: Client, campaign: Campaign) -> dict[str, int]:
    """Ask for all of a campaign's pages and tell the status codes that aren't 200 or a redirect."""
    urls = [*(base(campaign) + page for page in PAGES), *(f"{base(campaign)}{step}/" for step in STEPS)]
    urls += [f"/t/northwind/review/{campaign.public_id}/", "/t/northwind/campaigns/", "/t/northwind/review/"]
    statuses = {url: client.get(url).status_code for url in urls}
    return {url: status for url, status in statuses.items() if status not in (200, 302)}


def snapshot(stage: Stage) -> list[Any]:
    with open_tenant(stage.tenant):
        return [
            list(model.objects.order_by("pk").values())
            for model in (Campaign, Cell, Approval, Note, Run, Forecast, AuditEntry)
        ]


def text_of(answer: Any) -> str:
    """The words of a page, markup left out."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def decision(stage: Stage, campaign: Campaign, verb: str, kind: int = 0, **more: str) -> dict[str, str]:
    asked = stage.asked(campaign)[kind]
    return {"decision": f"{verb}:{asked.public_id}", "fingerprint": asked.fingerprint, **more}
