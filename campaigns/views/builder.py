"""The builder's steps: each saves its own part, as one goes by script, with a button without."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.models import AudienceModel, SeedList
from audiences.rules.sentence import Word, sentence
from campaigns.actions import campaigns as actions
from campaigns.charts import draw_flight, draw_quiet, draw_waterfall, flight_sentence, people_href
from campaigns.flight import Flight
from campaigns.forms.builder import (
    AudienceForm,
    InformationForm,
    ScheduleForm,
    initial_audience,
    initial_information,
    initial_schedule,
    languages_offered,
)
from campaigns.models import Campaign
from campaigns.queries import EDITABLE
from campaigns.views.shell import Builder, open_builder, refused, saved, step_url
from campaigns.when import short_moment
from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.formats import current_locale, zone_name
from connect.core.models import Department
from connect.core.queries import TenantQuerySet
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.models import Conversation
from segments.models import SegmentationModel

Save = Callable[[int], Campaign]


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Begin a campaign."""
    departments = departments_for(request)
    initial = {"language": request.tenant.default_language, "priority": 50}
    form = InformationForm(request.POST or None, initial=initial, departments=departments)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_campaign(request.tenant, form.information(), by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        else:
            return redirect(step_url(request, made, "audience"))
    context = {"form": form, "languages": languages_offered(current_locale())}
    return page(request, "campaigns/new.html", context, status=422 if form.errors else 200)


@needs(Role.VIEWER)
def information(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show and save what a campaign is called."""
    builder = open_builder(request, campaign_id, "information")
    initial = initial_information(builder.campaign)
    form = InformationForm(
        request.POST or None, initial=initial, departments=departments_for(request, builder.campaign)
    )

    def save(version: int) -> Campaign:
        changed = form.information()
        return actions.change_information(
            request.tenant, campaign_id, version, changed, by=request.member, now=request.now
        )

    return _step(builder, form, save, initial_information, {"languages": languages_offered(current_locale())})


@needs(Role.VIEWER)
def audience(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show and save to whom a campaign goes."""
    builder = open_builder(request, campaign_id, "audience")
    form = AudienceForm(request.POST or None, initial=initial_audience(builder.campaign), choices=_choices(builder))

    def save(version: int) -> Campaign:
        choice = form.choice()
        return actions.change_audience(request.tenant, campaign_id, version, choice, by=request.member, now=request.now)

    return _step(builder, form, save, initial_audience, {})


@needs(Role.VIEWER)
def schedule(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show and save when a campaign goes."""
    builder = open_builder(request, campaign_id, "schedule")
    lists = SeedList.objects.of(request.tenant).filter(department=builder.campaign.department_id).order_by("name")
    form = ScheduleForm(
        request.POST or None,
        initial=initial_schedule(builder.campaign, builder.zone),
        seed_lists=[("", _("Nobody")), *((str(one.public_id), one.name) for one in lists)],
        zone=builder.zone,
    )

    def save(version: int) -> Campaign:
        changed = form.schedule()
        return actions.change_schedule(
            request.tenant, campaign_id, version, changed, by=request.member, now=request.now
        )

    return _step(builder, form, save, lambda campaign: initial_schedule(campaign, builder.zone), {})


def _step(
    builder: Builder,
    form: forms.Form,
    save: Save,
    initial: Callable[[Campaign], dict[str, Any]],
    more: dict[str, Any],
) -> HttpResponse:
    """Answer for one step: show it, save it, or say what is wrong, with both versions where somebody else saved."""
    request, step = builder.request, builder.step
    template = f"campaigns/{step}.html"
    if builder.campaign.state not in EDITABLE:
        return redirect(here(request, "campaign", builder.campaign.public_id))
    if request.method != "POST":
        context = {"form": form, "errors": {}, **more, **details(builder)}
        return page(request, template, builder.context(**context))
    status = 422
    if form.is_valid():
        try:
            return saved(request, save(form.cleaned_data["version"] or 0), step)
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            differing = _differences(form, initial(error.current))
            if not differing:
                return saved(request, error.current, step)
            status = 409
            more["theirs"] = differing
            form.data = {**form.data.dict(), "version": str(error.current.version)}  # type: ignore[attr-defined]  # a QueryDict
            builder = open_builder(request, builder.campaign.public_id, step)
    return refused(request, builder, template, {"form": form, **more, **details(builder)}, status=status)


def details(builder: Builder) -> dict[str, Any]:
    """Gather what a step shows below its form."""
    if builder.step == "audience":
        return _audience_details(builder)
    if builder.step == "schedule":
        return _schedule_details(builder)
    return {}


def _audience_details(builder: Builder) -> dict[str, Any]:
    frozen, known = builder.found.frozen, builder.known
    counted = known.waterfall if known else None
    rows = []
    if frozen.segmentation:
        names = [(segment.id, segment.name) for segment in frozen.segmentation.segments] + [(None, _("Leftovers"))]
        rows = [
            {
                "name": name,
                "people": counted.of_segment(segment) + counted.without_content(segment) if counted else None,
                "languages": [counted.of_segment(segment, tag) if counted else None for tag in frozen.languages],
            }
            for segment, name in names
            if segment is not None or frozen.segmentation.leftovers
        ]
    return {
        "words": _words(builder.request, frozen.audience.rule) if frozen.audience else [],
        "rows": rows,
        "most": max((row["people"] or 0 for row in rows), default=0),
        "drawing": draw_waterfall(counted, frozen.speaker.name, people_href(builder.request, builder.campaign))
        if counted and frozen.speaker
        else None,
    }


def _schedule_details(builder: Builder) -> dict[str, Any]:
    flight, zone = builder.flight, builder.zone
    return {
        "band": draw_quiet(builder.found.frozen),
        "flight": flight,
        "plot": draw_flight(flight, zone) if flight else None,
        "sentence": flight_sentence(flight, zone, builder.request.now) if flight else "",
        "zones": _zone_rows(builder, flight) if flight else [],
    }


def _zone_rows(builder: Builder, flight: Flight) -> list[dict[str, Any]]:
    def moment(at: datetime | None) -> str:
        return short_moment(at, builder.zone, builder.request.now) if at else "–"

    return [
        {
            "zone": zone_name(plan.zone),
            "people": plan.people,
            "starts": moment(plan.starts),
            "goes": moment(plan.goes),
            "waits": plan.goes > plan.starts,
            "quiet": moment(plan.quiet_at),
            "late": plan.late,
        }
        for plan in flight.zones
    ]


def _words(request: ConsoleRequest, rule: dict[str, Any]) -> list[tuple[str, str]]:
    """Say a rule as the sentence macro wants it."""
    kinds = {"field": "b", "joiner": "join"}
    try:
        words: list[Word] = sentence(request.tenant, rule)
    except Invalid:
        return [("", _("It asks about a field that is declared no more."))]
    return [(kinds.get(word.kind, ""), word.text) for word in words]


def _differences(form: forms.Form, theirs: dict[str, Any]) -> list[dict[str, str]]:
    """List the fields in which what was typed differs from what somebody else saved."""
    found = []
    for name, field in form.fields.items():
        if name == "version":
            continue
        mine, other = (
            form.cleaned_data.get(name),
            field.clean(theirs.get(name)) if theirs.get(name) else theirs.get(name),
        )
        if (mine or None) != (other or None):
            found.append({"name": str(field.label), "mine": _shown(field, mine), "theirs": _shown(field, other)})
    return found


def _shown(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        return next((str(label) for key, label in field.choices if key == (value or "")), "–")  # type: ignore[union-attr,misc]  # pairs
    return str(value) if value not in (None, "") else "–"


def _choices(builder: Builder) -> dict[str, list[tuple[str, str]]]:
    tenant, campaign = builder.request.tenant, builder.campaign
    return {
        "conversation": [("", _("Choose one")), *_listed(Conversation.objects.of(tenant), campaign, "conversation")],
        "audience": [
            ("", _("Everybody in the conversation")),
            *_listed(AudienceModel.objects.of(tenant), campaign, "audience"),
        ],
        "segmentation": [
            ("", _("No segments: the same for all")),
            *_listed(SegmentationModel.objects.of(tenant), campaign, "segmentation"),
        ],
    }


def _listed(rows: "TenantQuerySet[Any]", campaign: Campaign, name: str) -> list[tuple[str, str]]:
    """List what may be chosen: live ones of the department, and what is chosen already."""
    mine = rows.filter(department=campaign.department_id)
    shown = mine.filter(archived_at=None) | mine.filter(pk=getattr(campaign, f"{name}_id"))
    return [(str(one.public_id), one.name) for one in shown.order_by("name")]


def departments_for(request: ConsoleRequest, campaign: Campaign | None = None) -> list[Department]:
    """List the departments in which the member may build campaigns, and the campaign's own."""
    mine = request.member.departments(Role.MARKETER)
    found = Department.objects.of(request.tenant).order_by("name")
    if mine is None:
        return list(found)
    return list(found.filter(pk__in=mine | ({campaign.department_id} if campaign else set())))
