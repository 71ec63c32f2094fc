"""The builder's last step, and the review queue: ask, look, decide, withdraw, talk."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from audiences.counts import TooSlow
from campaigns.actions import review as actions
from campaigns.actions.forecast import count_campaign
from campaigns.changes import approved_hashes, changes, public_ids
from campaigns.charts import draw_flight, draw_waterfall, flight_sentence, people_href
from campaigns.forecast import people_counted
from campaigns.forms.builder import AskForm
from campaigns.frozen import Frozen
from campaigns.models import Approval, Campaign, Note
from campaigns.people import ROLE_OF, authors, why_not
from campaigns.queries import EDITABLE
from campaigns.standing import Standing, Stands
from campaigns.states import ApprovalKind, ApprovalState, CampaignState
from campaigns.views.content import matrix_rows, opened_cell
from campaigns.views.shell import Builder, open_builder, step_url
from campaigns.when import expiry_words, quiet_words, rate_words, short_moment, start_sentence
from campaigns.words import KIND_NAMES
from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.formats import as_datetime, number
from connect.core.jinja import language_name
from connect.core.links import with_query
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.models import Revision


@needs(Role.VIEWER)
def ask(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show everything as the approver will see it; on POST ask for approval."""
    builder = open_builder(request, campaign_id, "review")
    if builder.campaign.state not in EDITABLE and builder.campaign.state != CampaignState.PAUSED:
        return redirect(here(request, "campaign", campaign_id))
    form = AskForm(request.POST or None, zone=builder.zone)
    if request.method == "POST" and form.is_valid():
        note, deadline = form.cleaned_data["note"], form.deadline()
        try:
            actions.ask_approval(
                request.tenant, campaign_id, note=note, deadline=deadline, by=request.member, now=request.now
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            _count(request, builder)
            messages.success(request, _("Asked. The approvers find it in their review queue."))
            return redirect(step_url(request, builder.campaign, "review"))
    context = builder.context(
        form=form,
        errors=form.errors,
        facts=facts(builder),
        languages=[language_name(language) for language in builder.found.frozen.languages],
        rows=matrix_rows(builder, "", _cell_urls(builder)),
        open_kinds=[KIND_NAMES[standing.kind] for standing in builder.found.both if standing.is_open],
        thread=thread(request, builder.campaign),
        may_take_back=builder.may_edit and builder.campaign.state == CampaignState.IN_REVIEW,
    )
    return page(request, "campaigns/review.html", context, status=422 if form.errors else 200)


def _count(request: ConsoleRequest, builder: Builder) -> None:
    """Let approvers see how many it is, where that isn't known; what takes too long is left to a button."""
    if not (builder.known and builder.known.current):
        with suppress(TooSlow):
            count_campaign(request.tenant, builder.campaign.public_id, now=request.now)


@needs(Role.VIEWER)
def take_back(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Take the request for approval back."""
    actions.take_back_request(request.tenant, campaign_id, by=request.member, now=request.now)
    messages.success(request, _("Taken back. It is a draft again; what was approved stands."))
    return redirect(here(request, "campaign-review", campaign_id))


@needs(Role.VIEWER)
def queue(request: ConsoleRequest) -> HttpResponse:
    """Go to the first thing that waits for a decision, or say that nothing does."""
    waiting = waiting_for(request)
    if waiting:
        return redirect(here(request, "review-item", waiting[0].public_id))
    return page(request, "campaigns/queue_empty.html", {})


@needs(Role.VIEWER)
def item(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show one campaign to decide about, with all that stands beside it."""
    builder = open_builder(request, campaign_id, "review")
    return page(request, "campaigns/queue.html", _item(builder, {}))


@needs(Role.VIEWER)
def decide(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Take a decision: which button was pressed says which, and about what was on the screen.

    Only an approver may; the action says so to everybody else, and who can.
    """
    verb, _colon, approval_id = request.POST.get("decision", "").partition(":")
    note, mark = request.POST.get("note", ""), request.POST.get("fingerprint", "")
    try:
        asked = UUID(approval_id)
    except ValueError as error:
        raise Http404 from error
    builder = open_builder(request, campaign_id, "review")
    approval = Approval.objects.of(request.tenant).filter(campaign=builder.campaign).public(asked)
    kept: dict[str, Any] = {"by": request.member, "now": request.now}
    try:
        if verb == "approve":
            campaign = actions.approve(request.tenant, asked, mark, note=note, **kept)
        elif verb == "changes":
            campaign = actions.request_changes(request.tenant, asked, mark, reason=note, **kept)
        elif verb == "reject":
            campaign = actions.reject(request.tenant, asked, mark, reason=note, **kept)
        elif verb == "withdraw":
            campaign = actions.withdraw_approval(request.tenant, asked, reason=note, **kept)
        else:
            raise Http404
    except Invalid as error:
        return page(request, "campaigns/queue.html", _item(builder, error.fields, note), status=422)
    messages.success(request, _said(verb, ApprovalKind(approval.kind), campaign))
    waiting = waiting_for(request)
    if verb != "withdraw" and campaign.pk not in {one.pk for one in waiting} and waiting:
        return redirect(here(request, "review-item", waiting[0].public_id))
    return redirect(here(request, "review-item", campaign_id))


@needs(Role.VIEWER)
def comment(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Say something in the thread."""
    actions.comment(request.tenant, campaign_id, request.POST.get("note", ""), by=request.member, now=request.now)
    return redirect(here(request, "review-item", campaign_id) + "#thread")


def waiting_for(request: ConsoleRequest) -> list[Campaign]:
    """List the campaigns that wait for a decision: those that the member may take first, then by deadline and age."""
    asked = Approval.objects.of(request.tenant).filter(state=ApprovalState.ASKED).order_by("asked_at", "id")
    by_campaign: dict[int, list[Approval]] = {}
    for approval in asked:
        by_campaign.setdefault(approval.campaign_id, []).append(approval)
    shown = Campaign.objects.of(request.tenant).seen_by(request.member).filter(pk__in=by_campaign)

    def place(campaign: Campaign) -> tuple[bool, bool, datetime, datetime]:
        approvals = by_campaign[campaign.pk]
        mine = any(request.member.may(ROLE_OF[ApprovalKind(one.kind)], campaign.department_id) for one in approvals)
        deadlines = [one.deadline for one in approvals if one.deadline]
        return not mine, not deadlines, min(deadlines, default=approvals[0].asked_at), approvals[0].asked_at

    return sorted(shown, key=place)


def facts(builder: Builder) -> list[tuple[str, str]]:
    """Say what was chosen, in pairs."""
    frozen = builder.found.frozen
    nothing = _("Not chosen yet")
    return [
        (_("Conversation"), frozen.speaker.name if frozen.speaker else nothing),
        (_("From"), f"{frozen.speaker.from_name} <{frozen.speaker.from_email}>" if frozen.speaker else nothing),
        (_("Audience"), f"{frozen.audience.name}, v{frozen.audience.version}" if frozen.audience else _("Everybody")),
        (_("Segments"), _segments(frozen)),
        (_("Start"), start_sentence(frozen)),
        (_("Quiet period"), quiet_words(frozen)),
        (_("Expiry"), expiry_words(frozen)),
        (_("Rate"), rate_words(frozen.rate_per_minute)),
        (
            _("Seed list"),
            _("%(name)s, %(count)d people") % {"name": frozen.seeds.name, "count": len(frozen.seeds.seeds)},
        )
        if frozen.seeds
        else (_("Seed list"), _("None")),
    ]


def thread(request: ConsoleRequest, campaign: Campaign) -> list[dict[str, Any]]:
    """List what was said and done about a campaign's approvals, the oldest first."""
    notes = Note.objects.of(request.tenant).filter(campaign=campaign).select_related("member", "approval")
    return [
        {
            "kind": note.kind,
            "name": note.member.name if note.member else _("Connect"),
            "initials": note.member.initials if note.member else "C",
            "text": note.text,
            "at": note.at,
            "says": _happened(note),
        }
        for note in notes.order_by("at", "id")
    ]


def _item(builder: Builder, faults: dict[str, list[str]], note: str = "") -> dict[str, Any]:
    request, campaign, found = builder.request, builder.campaign, builder.found
    waiting = waiting_for(request)
    places = [one.pk for one in waiting]
    place = places.index(campaign.pk) if campaign.pk in places else None
    last = _last_approved(request, campaign)
    hashes = approved_hashes(last.parts) if last else None
    first = _first_cell(builder)
    opened = request.GET.get("cell", "") or first
    known, flight = builder.known, builder.flight

    return builder.context(
        items=_cards(request, waiting, campaign),
        place=place,
        previous=here(request, "review-item", waiting[place - 1].public_id) if place else None,
        next=here(request, "review-item", waiting[place + 1].public_id)
        if place is not None and place + 1 < len(waiting)
        else None,
        waiting=len(waiting),
        last_approval=last,
        changes=_changes(request, last, builder) if last else [],
        languages=[language_name(language) for language in found.frozen.languages],
        rows=matrix_rows(builder, opened, _cell_urls(builder), before=hashes),
        open=opened_cell(builder, opened) if opened else None,
        drawing=draw_waterfall(known.waterfall, found.frozen.speaker.name, people_href(request, campaign))
        if known and found.frozen.speaker
        else None,
        plot=draw_flight(flight, builder.zone) if flight else None,
        sentence=flight_sentence(flight, builder.zone, request.now) if flight else "",
        facts=facts(builder),
        thread=thread(request, campaign),
        decisions=[_decision(request, campaign, found.frozen, standing) for standing in found.both],
        faults=faults,
        note=note,
        start=start_sentence(found.frozen),
        before=_before_deciding(builder),
        asked=next((one.approval for one in found.both if one.stands == Stands.ASKED), None),
    )


def _cell_urls(builder: Builder) -> Callable[[str, str], str]:
    base = here(builder.request, "review-item", builder.campaign.public_id)
    return lambda row_id, language: with_query(base, cell=f"{row_id}:{language}") + "#content"


def _before_deciding(builder: Builder) -> list[dict[str, str]]:
    """Say how many get it and when, with the way to the pictures."""
    known, flight = builder.known, builder.flight
    if known is None or flight is None:
        return []
    counts = {"left": number(known.waterfall.recipients), "all": number(known.waterfall.members)}
    says = [("#waterfall", _("%(left)s of %(all)s will get it") % counts, _("Open waterfall"))]
    if flight.zones:
        last = max(plan.goes for plan in flight.zones)
        when = short_moment(last, builder.zone, builder.request.now, inside=True)
        expire = {"when": when, "late": number(flight.late)}
        says.append(("#flight", _("The last may go %(when)s; %(late)s come too late") % expire, _("Open flight plan")))
    return [{"level": "info", "text": text, "url": url, "go": go} for url, text, go in says]


def _cards(request: ConsoleRequest, waiting: Sequence[Campaign], current: Campaign) -> list[dict[str, Any]]:
    """Write the strip: what is asked, for how many, for when, who asks."""
    listed = list(waiting) if current.pk in {one.pk for one in waiting} else [current, *waiting]
    asked: dict[int, list[Approval]] = {}
    rows = Approval.objects.of(request.tenant).filter(
        campaign__in=[one.pk for one in listed], state=ApprovalState.ASKED
    )
    for approval in rows.select_related("asked_by").order_by("id"):
        asked.setdefault(approval.campaign_id, []).append(approval)
    people = people_counted(request.tenant, [one.pk for one in listed])
    decided = set(
        Approval.objects.of(request.tenant)
        .filter(campaign__in=[one.pk for one in listed], decided_at__isnull=False)
        .values_list("campaign_id", flat=True)
    )
    cards = []
    for one in listed:
        approvals = asked.get(one.pk, [])
        kinds = _(" and ").join(str(KIND_NAMES[ApprovalKind(approval.kind)]) for approval in approvals)
        first = approvals[0] if approvals else None
        lines = [kinds or _("Nothing is asked")]
        if one.pk in people:
            lines[0] = _("%(what)s · %(count)s people") % {"what": lines[0], "count": number(people[one.pk])}
        if first and first.asked_by:
            lines.append(_("%(name)s asks") % {"name": first.asked_by.name})
        if first and first.deadline:
            zone = one.conversation.default_zone if one.conversation else request.tenant.default_zone
            lines.append(_("by %(when)s") % {"when": as_datetime(first.deadline, zone)})
        yours = bool(first and first.asked_by_id == request.member.pk)
        cards.append(
            {
                "name": one.name,
                "url": here(request, "review-item", one.public_id),
                "current": one.pk == current.pk,
                "lines": lines,
                "kind": ("yours" if yours else "again" if one.pk in decided else "new") if approvals else "",
            }
        )
    return cards


def _decision(request: ConsoleRequest, campaign: Campaign, frozen: Frozen, standing: Standing) -> dict[str, Any]:
    """Tell what the member may do about one kind, and why not."""
    approval = standing.approval
    refusal = ""
    if standing.stands == Stands.ASKED:
        wrote = authors(request.tenant, campaign, frozen, standing.kind)
        refusal = why_not(request.tenant, campaign, standing.kind, request.member, wrote)
    holds_role = request.member.may(ROLE_OF[standing.kind], campaign.department_id)
    return {
        "kind": standing.kind.value,
        "name": KIND_NAMES[standing.kind],
        "asked": standing.stands == Stands.ASKED,
        "may": standing.stands == Stands.ASKED and not refusal,
        "may_withdraw": standing.holds and holds_role and campaign.state != CampaignState.FINISHED,
        "why_not": refusal,
        "approval": approval,
    }


def _last_approved(request: ConsoleRequest, campaign: Campaign) -> Approval | None:
    given = Approval.objects.of(request.tenant).filter(campaign=campaign, decided_at__isnull=False)
    given = given.filter(state__in=[ApprovalState.APPROVED, ApprovalState.VOIDED, ApprovalState.WITHDRAWN])
    return given.select_related("decided_by").order_by("-decided_at", "-id").first()


def _changes(request: ConsoleRequest, last: Approval, builder: Builder) -> list[dict[str, Any]]:
    found = changes(request.tenant, last.parts, builder.found.parts)
    keys = {key for change in found if change.compare for key in change.compare}
    rows = Revision.objects.of(request.tenant).filter(pk__in=keys).select_related("content").defer("html", "text")
    revisions = {row.pk: row for row in rows}
    shown = []
    for change in found:
        ids = public_ids({key: row.public_id for key, row in revisions.items()}, change)
        url = ""
        if ids and change.compare:
            base = reverse(
                "content-compare", args=[request.tenant.slug, revisions[change.compare[0]].content.public_id]
            )
            url = with_query(base, before=ids[0], after=ids[1])
        shown.append({**asdict(change), "url": url, "go": _("Compare")})
    return shown


def _first_cell(builder: Builder) -> str:
    cells = builder.found.frozen.cells
    if not cells:
        return ""
    segments = {
        one.id: one.public_id
        for one in (builder.found.frozen.segmentation.segments if builder.found.frozen.segmentation else ())
    }
    return f"{segments.get(cells[0].segment, 'rest') if cells[0].segment else 'rest'}:{cells[0].language}"


def _segments(frozen: Frozen) -> str:
    model = frozen.segmentation
    if model is None:
        return _("None: the same for all")
    rest = _("leftovers get content") if model.leftovers else _("leftovers get nothing")
    return f"{model.name}, v{model.version}: {', '.join(one.name for one in model.segments)}; {rest}"


def _said(verb: str, kind: ApprovalKind, campaign: Campaign) -> str:
    name = {"name": campaign.name, "what": str(KIND_NAMES[kind]).lower()}
    if verb == "approve" and campaign.state == CampaignState.SCHEDULED and campaign.fires_at:
        zone = campaign.conversation.default_zone if campaign.conversation else "UTC"
        return _("Approved. %(name)s goes from %(when)s on.") % {**name, "when": as_datetime(campaign.fires_at, zone)}
    if verb == "approve" and campaign.state == CampaignState.HELD:
        return _("Approved, but held: %(why)s") % {"why": campaign.held_reason}
    return {
        "approve": _("Approved the %(what)s of %(name)s."),
        "changes": _("Sent %(name)s back to be changed."),
        "reject": _("Rejected %(name)s."),
        "withdraw": _("Withdrew the approval of the %(what)s of %(name)s."),
    }[verb] % name


def _happened(note: Note) -> str:
    who = note.member.name if note.member else _("Connect")
    what = str(KIND_NAMES[ApprovalKind(note.approval.kind)]).lower() if note.approval else ""
    says = {
        "asked": _("%(who)s asked for approval."),
        "approved": _("%(who)s approved the %(what)s."),
        "changes_requested": _("%(who)s asked for changes."),
        "rejected": _("%(who)s rejected the %(what)s."),
        "withdrawn": _("%(who)s withdrew the approval of the %(what)s."),
        "voided": _("Approvals were voided."),
    }
    return says[note.kind] % {"who": who, "what": what} if note.kind in says else ""
