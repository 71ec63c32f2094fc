"""A campaign's own page, live while it sends; its people, its history, and what may be done to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.counts import TooSlow
from campaigns.actions import campaigns as actions
from campaigns.actions import runs
from campaigns.actions.forecast import count_campaign
from campaigns.actions.launch import launch_campaign
from campaigns.charts import draw_flight, draw_waterfall, flight_sentence, people_href
from campaigns.figures import progress_of
from campaigns.forecast import books
from campaigns.frozen import from_json
from campaigns.members import PAGE_ROWS, Person, people_excluded, people_planned
from campaigns.menus import menu_of
from campaigns.models import Campaign, Run
from campaigns.queries import EDITABLE, OPEN_RUN, RUNNING
from campaigns.readiness import row_names
from campaigns.states import ApprovalKind, CampaignState, ExclusionReason, RunState
from campaigns.views.builder import details
from campaigns.views.content import matrix_rows
from campaigns.views.progress import drawn
from campaigns.views.review import facts
from campaigns.views.shell import NAMES, Builder, open_builder, step_url
from campaigns.words import DEED_ICONS, DEEDS, KIND_NAMES, PART_NAMES, REASONS
from connect.core import panels
from connect.core.cursors import read_cursor, write_cursor
from connect.core.errors import Invalid
from connect.core.formats import number
from connect.core.jinja import language_name
from connect.core.links import with_query
from connect.core.models import AuditEntry
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.models import Customer

HISTORY_ROWS = 100


@needs(Role.VIEWER)
def campaign(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show a campaign: how far it is, where its people went, what it is made of. A draft opens in the builder."""
    builder = open_builder(request, campaign_id, "review")
    shown = builder.campaign
    if shown.state == CampaignState.DRAFT:
        return redirect(step_url(request, shown, _first_open(builder)))
    run = Run.objects.of(request.tenant).latest_of(shown)
    context = builder.context(tab="overview", **_overview(builder, run))
    answer = page(request, "campaigns/campaign.html", context, part="campaigns/_live.html")
    if request.htmx and request.GET.get("was", shown.state) != shown.state:
        answer["HX-Refresh"] = "true"
    return answer


@needs(Role.VIEWER)
def count(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Count where everybody would go; by script the right column comes back, else the page that asked."""
    seen = Campaign.objects.of(request.tenant).seen_by(request.member).public(campaign_id)
    fault = ""
    try:
        count_campaign(request.tenant, campaign_id, now=request.now)
    except TooSlow as error:
        fault = str(error)
    except Invalid as error:
        fault = " ".join(word for says in error.fields.values() for word in says)
    step = request.POST.get("step", "audience")
    if not request.htmx:
        if fault:
            messages.error(request, fault)
        return redirect(step_url(request, seen, step if step in NAMES else "audience"))
    builder = open_builder(request, campaign_id, step if step in NAMES else "audience")
    context = builder.context(errors={}, fault=fault, **details(builder))
    return page(request, "campaigns/_counted.html", context, part="campaigns/_counted.html")


@needs(Role.VIEWER)
def people(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """List the people behind a number: those who would get it, or who are left out for one reason."""
    builder = open_builder(request, campaign_id, "audience")
    reason = _reason(request.GET.get("reason", ""))
    run = Run.objects.of(request.tenant).latest_of(builder.campaign)
    after = read_cursor(request.GET.get("after", ""))
    found: list[Person] = []
    fault = ""
    frozen = from_json(run.frozen) if run else builder.found.frozen
    try:
        if frozen.speaker is None:
            pass
        elif run and run.planned_at and reason and reason != ExclusionReason.FILTERED:
            found = people_excluded(request.tenant, run, reason, after=after, limit=PAGE_ROWS + 1)
        else:
            at = run.started_at if run else request.now
            found = people_planned(request.tenant, frozen, reason=reason, after=after, at=at, limit=PAGE_ROWS + 1)
    except Invalid as error:
        fault = " ".join(word for says in error.fields.values() for word in says)
    listed, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    customers = Customer.objects.of(request.tenant).in_bulk([person.customer_id for person in listed])
    names = row_names(frozen)
    base = here(request, "campaign-people", campaign_id)
    context = builder.context(
        tab="people",
        reason=reason,
        title=REASONS[reason][0] if reason else _("Will get it"),
        why=REASONS[reason][1] if reason else "",
        listed=[
            {
                "customer": customers[person.customer_id],
                "segment": names.get(person.segment, "") if not person.reason else "",
                "language": language_name(person.language) if person.language else "",
                "not_before": person.not_before,
            }
            for person in listed
            if person.customer_id in customers
        ],
        next=with_query(base, reason=reason.value if reason else None, after=write_cursor(listed[-1].customer_id))
        if more
        else None,
        reasons=[("", _("Will get it")), *((one.value, REASONS[one][0]) for one in ExclusionReason)],
        planned=bool(run and run.planned_at),
        now_counted=run is None,
        fault=fault,
        run=run,
    )
    return page(request, "campaigns/people.html", context, part="campaigns/_people.html")


@needs(Role.VIEWER)
def history(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """List what was done to a campaign, newest first."""
    builder = open_builder(request, campaign_id, "review")
    entries = AuditEntry.objects.of(request.tenant).about([campaign_id])[:HISTORY_ROWS]
    deeds = [
        {
            "entry": entry,
            "says": DEEDS.get(entry.did, entry.did),
            "detail": _detail(entry),
            "icon": DEED_ICONS.get(entry.did, "clock"),
        }
        for entry in entries
    ]
    return page(request, "campaigns/history.html", builder.context(tab="history", deeds=deeds))


@needs(Role.MARKETER)
def copy(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Copy a campaign and open the copy."""
    made = actions.copy_campaign(request.tenant, campaign_id, by=request.member, now=request.now)
    messages.success(request, _("Copied as “%(name)s”. Schedule and approvals were left out.") % {"name": made.name})
    return redirect(step_url(request, made, "information"))


@needs(Role.MARKETER)
def archive(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Put a campaign out of the way."""
    actions.archive_campaign(request.tenant, campaign_id, by=request.member, now=request.now)
    messages.success(request, _("Archived. Its reports stay."))
    return redirect(here(request, "campaigns"))


@needs(Role.LAUNCH_APPROVER)
def launch(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Launch an approved campaign that couldn't be launched when it was approved."""
    launch_campaign(request.tenant, campaign_id, by=request.member, now=request.now)
    return redirect(here(request, "campaign", campaign_id))


@needs(Role.MARKETER)
def pause(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Pause a sending campaign."""
    runs.pause_campaign(request.tenant, campaign_id, by=request.member, now=request.now)
    messages.success(request, _("Paused. Nothing more will leave.") + _left(request, campaign_id))
    return redirect(here(request, "campaign", campaign_id))


@needs(Role.MARKETER)
def resume(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Let a paused campaign go on."""
    runs.resume_campaign(request.tenant, campaign_id, by=request.member, now=request.now)
    messages.success(request, _("It goes on where it stopped."))
    return redirect(here(request, "campaign", campaign_id))


@needs(Role.MARKETER)
def cancel(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Cancel a campaign, or what is left of it."""
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:200]
    runs.cancel_campaign(request.tenant, campaign_id, reason=reason, by=request.member, now=request.now)
    messages.success(request, _("Cancelled. What was handed over can’t be called back; nothing more will leave."))
    return redirect(here(request, "campaign", campaign_id))


def _overview(builder: Builder, run: Run | None) -> dict[str, Any]:
    request, shown = builder.request, builder.campaign
    known = progress_of(request.tenant, [run.pk], now=request.now).get(run.pk) if run else None
    counted = books(request.tenant, run, as_of=request.now) if run and run.planned_at else None
    counted = counted or (builder.known.waterfall if builder.known else None)
    frozen = from_json(run.frozen) if run else builder.found.frozen
    flight = builder.flight if run is None else None

    def url(row_id: str, language: str) -> str:
        return with_query(here(request, "review-item", shown.public_id), cell=f"{row_id}:{language}")

    return {
        "run": run,
        "live": shown.state in RUNNING and (run is None or run.state in OPEN_RUN),
        "planning": bool(run and run.state == RunState.PLANNING),
        "progress": drawn(known, request.now, builder.zone, moving=shown.state == CampaignState.SENDING)
        if known
        else None,
        "counted": counted,
        "drawing": draw_waterfall(
            counted, frozen.speaker.name, people_href(request, shown), left=_("Recipients") if run else ""
        )
        if counted and frozen.speaker
        else None,
        "facts": facts(builder),
        "languages": [language_name(language) for language in frozen.languages],
        "rows": matrix_rows(builder, "", url, ran=frozen if run else None),
        "plot": draw_flight(flight, builder.zone) if flight else None,
        "sentence": flight_sentence(flight, builder.zone, request.now) if flight else "",
        "acts": menu_of(request.member, shown, known.waiting if known else None),
        "panels": panels.panels(request.tenant, "campaign", shown.public_id) if run else [],
        "may_launch": shown.state == CampaignState.APPROVED
        and request.member.may(Role.LAUNCH_APPROVER, shown.department_id),
        "may_change": shown.state in EDITABLE and builder.may_edit,
    }


def _first_open(builder: Builder) -> str:
    """Tell the first step that isn't ready."""
    steps = builder.context()["steps"]
    return next((name for name, step in zip(NAMES, steps, strict=True) if step["state"] != "ready"), NAMES[-1])


def _reason(raw: str) -> ExclusionReason | None:
    if not raw:
        return None
    try:
        return ExclusionReason(raw)
    except ValueError as error:
        raise Campaign.DoesNotExist from error


def _left(request: ConsoleRequest, campaign_id: UUID) -> str:
    run = Run.objects.of(request.tenant).filter(campaign__public_id=campaign_id).order_by("-id").first()
    known = progress_of(request.tenant, [run.pk], now=request.now).get(run.pk) if run else None
    if known is None:
        return ""
    words = {"done": number(known.total - known.waiting), "all": number(known.total)}
    return " " + _("%(done)s of %(all)s are through.") % words


def _detail(entry: AuditEntry) -> str:
    details = entry.details
    if reason := details.get("reason"):
        return str(reason)
    parts = [PART_NAMES.get(part, part) for part in details.get("parts", [])]
    kinds = [KIND_NAMES[ApprovalKind(kind)] for kind in [*details.get("kinds", []), *_one(details, "kind")]]
    return ", ".join(map(str, [*parts, *kinds]))


def _one(details: dict[str, Any], name: str) -> list[str]:
    return [details[name]] if name in details else []
