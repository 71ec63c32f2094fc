"""The delivery pages: what is going on now, what was refused; and the panels on other pages."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Run
from campaigns.states import RunState
from connect.core import charts
from connect.core.cursors import read_cursor, write_cursor
from connect.core.figures import Part
from connect.core.figures import Progress as Bar
from connect.core.formats import as_time
from connect.core.roles import Role
from connect.core.sql import Sql
from connect.core.web import ConsoleRequest, needs, page
from conversations.models import Customer
from delivery import figures
from delivery.actions.places import free_places, taken_places
from delivery.figures import Progress
from delivery.views.retry import retryable
from delivery.words import EVENTS, LANES, MACHINES, REASONS

PAGE_ROWS = 50
OPEN_RUNS = (RunState.PLANNING, RunState.SENDING, RunState.PAUSED)
RECENT = timedelta(hours=1)


@needs(Role.VIEWER)
def overview(request: ConsoleRequest) -> HttpResponse:
    """Show what is going on now; asks again by itself while something does."""
    scope = scope_of(request)
    listed = _runs(request)
    by_minute = figures.by_minute(request.tenant, scope, now=request.now)
    refusals = figures.refusals(request.tenant, scope, now=request.now)
    receivers = figures.receivers(request.tenant, scope)
    due = [one.oldest_due for one in receivers if one.oldest_due and not one.slow_until]
    context: dict[str, Any] = {
        "listed": listed,
        "live": any(run.state != RunState.FINISHED for run, _progress, _bar in listed),
        "waiting": sum(found.waiting for run, found, _bar in listed if run.state in OPEN_RUNS),
        "senders": settings.SENDERS_PER_TENANT - free_places(request.tenant, taken_places()),
        "leases": sum(one.leases for one in receivers),
        "due_for": max(((request.now - since).total_seconds() for since in due), default=None),
        "receivers": receivers,
        "lanes": LANES,
        "last_minute": by_minute[-2],
        "last_hour": sum(by_minute),
        "in_doubt": figures.count_in_doubt(request.tenant, scope),
        "rejected": sum(found.count for found in refusals),
        "plot": _plot(by_minute, request.now, request.tenant.default_zone) if any(by_minute) else None,
        "domains": figures.domains(request.tenant, scope, now=request.now),
        "refusals": refusals,
        "reasons": REASONS,
    }
    return page(request, "delivery/overview.html", context, part="delivery/_overview.html")


@needs(Role.VIEWER)
def rejected(request: ConsoleRequest) -> HttpResponse:
    """List the last day's rejections with one code."""
    code = request.GET.get("code", "").replace("\x00", "")[:16]
    before = read_cursor(request.GET.get("before", ""))
    found = figures.rejected(
        request.tenant, scope_of(request), code, before=before, limit=PAGE_ROWS + 1, now=request.now
    )
    again = [] if before or code else retryable(request)
    context = {**page_of(request, found), "code": code, "reasons": REASONS, "again": again}
    return page(request, "delivery/rejected.html", context, part="delivery/_rejected.html")


@needs(Role.VIEWER)
def timeline(request: ConsoleRequest, customer_id: UUID) -> HttpResponse:
    """Show what happened with one customer."""
    customer = Customer.objects.of(request.tenant).public(customer_id)
    found = figures.timeline(request.tenant, customer.pk)
    runs = campaigns_of_runs(request, {moment.run_id for moment in found})
    context = {
        "customer": customer,
        "moments": [(moment, runs[moment.run_id]) for moment in found if moment.run_id in runs],
        "events": EVENTS,
        "reasons": REASONS,
        "machines": MACHINES,
    }
    return page(request, "delivery/timeline.html", context, part="delivery/_timeline.html")


@needs(Role.VIEWER)
def progress(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show how far a campaign's newest run is; asks again by itself while it runs."""
    campaign = Campaign.objects.of(request.tenant).visible_to(request.member).public(campaign_id)
    run = Run.objects.of(request.tenant).filter(campaign=campaign).order_by("-pk").first()
    found = figures.progress(request.tenant, [run.pk], now=request.now).get(run.pk, Progress(0)) if run else None
    context = {
        "campaign": campaign,
        "run": run,
        "found": found,
        "bar": _bar(found) if found else None,
        "live": run is not None and run.state in OPEN_RUNS,
        "ends": _ends(found, request.now) if found else None,
    }
    return page(request, "delivery/progress.html", context, part="delivery/_progress.html")


def scope_of(request: ConsoleRequest) -> Sql:
    """Write the condition that keeps the runs that the member may see."""
    return figures.scope_of(request.member, request.member.departments(Role.VIEWER))


def _runs(request: ConsoleRequest) -> list[tuple[Run, Progress, Bar]]:
    visible = Campaign.objects.of(request.tenant).visible_to(request.member)
    chosen = Run.objects.of(request.tenant).filter(campaign__in=visible).select_related("campaign")
    going = list(chosen.filter(state__in=OPEN_RUNS).order_by("-pk"))
    done = list(chosen.filter(state=RunState.FINISHED, finished_at__gt=request.now - RECENT).order_by("-pk")[:10])
    found = figures.progress(request.tenant, [run.pk for run in (*going, *done)], now=request.now)
    nothing = Progress(0)
    return [(run, found.get(run.pk, nothing), _bar(found.get(run.pk, nothing))) for run in (*going, *done)]


def _bar(found: Progress) -> Bar:
    parts = [
        Part(_("handed over"), found.accepted, "good"),
        Part(_("in doubt"), found.in_doubt, "mark"),
        Part(_("rejected"), found.rejected, "loss"),
        Part(_("skipped, expired or cancelled"), found.skipped + found.expired + found.cancelled, "away"),
        Part(_("waiting"), found.waiting, "idle"),
    ]
    return charts.progress(parts, found.total)


def _ends(found: Progress, now: datetime) -> datetime | None:
    """When the rest will have gone at the rate of the last minute."""
    if not found.waiting or not found.last_minute:
        return None
    return now + timedelta(minutes=found.waiting / found.last_minute)


def _plot(by_minute: list[int], now: datetime, zone: str) -> Any:
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=59)
    labels = [as_time(start + timedelta(minutes=minute), zone) for minute in range(60)]
    short = [label.split(" ")[0] for label in labels]
    frame = charts.Frame(_("Minute"), short, names=labels, every=15, height=180)
    return charts.bars(frame, [charts.Series(_("Handed over"), by_minute)])


def page_of(request: ConsoleRequest, found: list[figures.Letter]) -> dict[str, Any]:
    """Gather what a list of messages shows besides them, and where it goes on."""
    shown = found[:PAGE_ROWS]
    return {
        "letters": shown,
        "runs": campaigns_of_runs(request, {letter.run_id for letter in shown}),
        "customers": Customer.objects.of(request.tenant).in_bulk({letter.customer_id for letter in shown}),
        "more": write_cursor(shown[-1].message_id) if len(found) > PAGE_ROWS else "",
    }


def campaigns_of_runs(request: ConsoleRequest, run_ids: set[int]) -> dict[int, Campaign]:
    """Map runs to their campaigns; those that the member may not see are left out."""
    visible = Campaign.objects.of(request.tenant).visible_to(request.member)
    runs = Run.objects.of(request.tenant).filter(pk__in=run_ids, campaign__in=visible).select_related("campaign")
    return {run.pk: run.campaign for run in runs}
