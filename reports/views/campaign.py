"""A campaign's report: overview, demographics, and the people behind each number."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse

from campaigns.models import Campaign
from connect.core.cursors import read_cursor, write_cursor
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from reports import figures, queries, report

PAGE_ROWS = 100
FILTERS = (
    "state",
    "reason",
    "segment",
    "language",
    "domain",
    "country",
    "region",
    "zone",
    "event",
    "link",
    "attribute",
    "value",
)


@needs(Role.VIEWER)
def campaign_report(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show the report of a campaign's newest run; asks again by itself while the run lives."""
    campaign = _campaign(request, campaign_id)
    run = report.latest_run(request.tenant, campaign)
    found = report.overview(request.tenant, run, now=request.now) if run else None
    context: dict[str, Any] = {"campaign": campaign, "report": found}
    if found:
        people_url = here(request, "campaign-recipients", campaign_id)
        context |= {
            "fall": figures.waterfall(found, people_url),
            "plot": figures.hours(found.hours),
            "gauge": figures.progress(found.states, found.planned),
            "speed": figures.rate_sentence(found, now=request.now),
        }
    return page(request, "reports/campaign.html", context, part="reports/_overview.html")


@needs(Role.VIEWER)
def campaign_demographics(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show a run by country, region, zone and reportable attributes."""
    campaign = _campaign(request, campaign_id)
    run = report.latest_run(request.tenant, campaign)
    tables = report.demographics(request.tenant, run) if run else []
    return page(request, "reports/demographics.html", {"campaign": campaign, "run": run, "tables": tables})


@needs(Role.VIEWER)
def campaign_people(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """List the people behind a number."""
    campaign = _campaign(request, campaign_id)
    run = report.latest_run(request.tenant, campaign)
    wanted = {name: request.GET[name] for name in FILTERS if name in request.GET}
    excluded = request.GET.get("excluded", "")
    after = read_cursor(request.GET.get("after", ""))
    found: list[queries.PersonRow] = []
    if run:
        key = report.key_of(run)
        if excluded:
            found = queries.excluded(key, excluded, after=after, limit=PAGE_ROWS + 1)
        else:
            keys = report.internal(request.tenant, run, wanted)
            found = queries.people(key, keys, after=after, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    narrowed = {**wanted, **({"excluded": excluded} if excluded else {})}
    more = urlencode({**narrowed, "after": write_cursor(shown[-1].cursor)}) if len(found) > PAGE_ROWS else ""
    context = {
        "campaign": campaign,
        "run": run,
        "rows": shown,
        "wanted": wanted,
        "excluded": excluded,
        "more": more,
        "segments": report.segment_names(run) if run else {},
        "words": report.EXCLUSION_WORDS,
    }
    return page(request, "reports/people.html", context, part="reports/_people.html")


@needs(Role.VIEWER)
def reports(request: ConsoleRequest) -> HttpResponse:
    """List the campaigns that ran, with their rates."""
    campaigns = {
        campaign.pk: campaign
        for campaign in Campaign.objects.of(request.tenant).visible_to(request.member).order_by("-pk")
    }
    listed = report.ran(request.tenant, campaigns)
    return page(request, "reports/list.html", {"listed": listed})


def _campaign(request: ConsoleRequest, campaign_id: UUID) -> Campaign:
    return Campaign.objects.of(request.tenant).visible_to(request.member).public(campaign_id)
