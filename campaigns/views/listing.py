"""The list of campaigns: by state, found by name or tag, in the order in which they ask for attention."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.actions.filters import remove_filter, save_filter
from campaigns.figures import progress_of, results_of
from campaigns.forecast import people_counted
from campaigns.frozen import Start
from campaigns.menus import menu_of
from campaigns.models import Approval, Campaign, Run, SavedFilter
from campaigns.narrowing import Narrowed, read_narrowed
from campaigns.queries import OVER, RUNNING
from campaigns.states import ApprovalKind, ApprovalState, CampaignState, StartKind
from campaigns.views.progress import drawn
from campaigns.when import short_moment, start_words
from campaigns.words import KIND_NAMES
from connect.core.errors import Invalid
from connect.core.formats import as_date, as_datetime, as_time
from connect.core.links import with_query
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.models import Conversation

PAGE_ROWS = 50
SOON = timedelta(days=7)

#: The tabs: what they are called, and which states they show. Archived ones are shown only there.
TABS = {
    "": (gettext_lazy("All"), frozenset(CampaignState) - {CampaignState.ARCHIVED}),
    "draft": (gettext_lazy("Draft"), frozenset({CampaignState.DRAFT})),
    "in_review": (gettext_lazy("In review"), frozenset({CampaignState.IN_REVIEW, CampaignState.APPROVED})),
    "scheduled": (gettext_lazy("Scheduled"), frozenset({CampaignState.SCHEDULED, CampaignState.HELD})),
    "sending": (gettext_lazy("Sending"), frozenset({CampaignState.SENDING})),
    "paused": (gettext_lazy("Paused"), frozenset({CampaignState.PAUSED})),
    "done": (gettext_lazy("Done"), frozenset({CampaignState.FINISHED, CampaignState.EXPIRED})),
    "cancelled": (gettext_lazy("Cancelled"), frozenset({CampaignState.CANCELLED})),
    "archived": (gettext_lazy("Archived"), frozenset({CampaignState.ARCHIVED})),
}
GROUPS = {
    "now": gettext_lazy("Now"),
    "soon": gettext_lazy("Next seven days"),
    "later": gettext_lazy("Later or no date"),
    "over": gettext_lazy("Finished"),
}


@needs(Role.VIEWER)
def campaigns(request: ConsoleRequest) -> HttpResponse:
    """List the campaigns of the member's departments."""
    wanted, number = read_narrowed(request.GET, frozenset(TABS)), _page_number(request)
    shown = Campaign.objects.of(request.tenant).seen_by(request.member)
    counts = Counter(shown.order_by().values_list("state", flat=True))
    found = shown.filter(state__in=TABS[wanted.state][1]).narrowed(wanted, request.tenant.default_zone)
    going = list(found.exclude(state__in=OVER)) if number == 1 else []
    over = Paginator(found.filter(state__in=OVER).order_by("-updated_at", "-id"), PAGE_ROWS).get_page(number)
    rows = _rows(request, [*going, *over])
    context = {
        "tabs_shown": _tabs(request, wanted.state, counts),
        "groups": [(GROUPS[name], rows[name]) for name in GROUPS if rows[name]],
        "found": over,
        "shown": sum(len(group) for group in rows.values()) + over.paginator.count - len(over),
        "all": sum(counts[state] for state in TABS[wanted.state][1]),
        "wanted": wanted,
        "narrowed": wanted != Narrowed(state=wanted.state),
        "here": request.get_full_path(),
        "may_make": request.member.may(Role.MARKETER),
        "any": bool(counts),
    }
    if not request.htmx:
        context |= _filters(request, wanted)
    return page(request, "campaigns/list.html", context, part="campaigns/_table.html")


@needs(Role.VIEWER)
def keep_filter(request: ConsoleRequest) -> HttpResponse:
    """Keep what the list is narrowed down to under a name."""
    wanted = read_narrowed(QueryDict(request.POST.get("query", "")).dict(), frozenset(TABS))
    saved = save_filter(request.tenant, request.POST.get("name", ""), wanted.query, by=request.member, now=request.now)
    messages.success(request, _("Kept the filter “%(name)s”.") % {"name": saved.name})
    return redirect(f"{here(request, 'campaigns')}?{saved.query}")


@needs(Role.VIEWER)
def forget_filter(request: ConsoleRequest, filter_id: UUID) -> HttpResponse:
    """Take one of the member's own filters away."""
    remove_filter(request.tenant, filter_id, by=request.member, now=request.now)
    messages.success(request, _("Removed the filter."))
    return redirect(here(request, "campaigns"))


def _page_number(request: ConsoleRequest) -> int:
    number = request.GET.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) < 7 and int(number)):
        raise Invalid({"page": _("There is no such page.")})
    return int(number)


def _filters(request: ConsoleRequest, wanted: Narrowed) -> dict[str, Any]:
    """Write what stands above the table: the member's filters, the chips, and what one may narrow by."""
    saved = list(SavedFilter.objects.of(request.tenant).filter(member=request.member).order_by("name"))
    conversations = list(Conversation.objects.of(request.tenant).visible_to(request.member).order_by("name"))
    return {
        "saved": saved,
        "open_filter": next((one for one in saved if one.query == wanted.query), None),
        "conversations": [("", _("Any")), *((str(one.public_id), one.name) for one in conversations)],
        "chips": _chips(request.get_full_path(), wanted, {one.public_id: one.name for one in conversations}),
    }


def _chips(url: str, wanted: Narrowed, conversations: dict[UUID, str]) -> list[tuple[str, str, str]]:
    """Say what the list is narrowed down to beside the words: what, which, and the address without it."""
    chips = []
    if wanted.tag:
        chips.append((_("Tag"), wanted.tag, with_query(url, tag=None)))
    if wanted.conversation:
        name = conversations.get(wanted.conversation, "–")
        chips.append((_("Conversation"), name, with_query(url, conversation=None)))
    if wanted.since or wanted.until:
        days = f"{as_date(wanted.since) if wanted.since else '…'} – {as_date(wanted.until) if wanted.until else '…'}"
        chips.append((_("Starts"), days, with_query(url, **{"from": None, "until": None})))
    return chips


def _tabs(request: ConsoleRequest, current: str, counts: Counter[str]) -> list[dict[str, Any]]:
    base = here(request, "campaigns")
    return [
        {
            "label": label,
            "url": with_query(base, state=name) if name else base,
            "count": sum(counts[state] for state in states),
            "current": name == current,
        }
        for name, (label, states) in TABS.items()
    ]


def _rows(request: ConsoleRequest, listed: list[Campaign]) -> dict[str, list[dict[str, Any]]]:
    """Write the rows by group, with the same few queries for any number."""
    keys = [campaign.pk for campaign in listed]
    runs = {run.campaign_id: run for run in Run.objects.of(request.tenant).filter(campaign__in=keys).order_by("id")}
    progress = progress_of(
        request.tenant, [run.pk for run in runs.values() if run.finished_at is None], now=request.now
    )
    results = results_of(request.tenant, [key for key in keys if key in runs])
    people = people_counted(request.tenant, [key for key in keys if key not in runs])
    notes = _approval_notes(request, keys)
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS}
    for campaign in listed:
        run = runs.get(campaign.pk)
        zone = campaign.conversation.default_zone if campaign.conversation else request.tenant.default_zone
        when, whose = _when(campaign, run, zone, request.now)
        known = progress.get(run.pk) if run else None
        row = {
            "campaign": campaign,
            "people": run.recipients if run and run.planned_at else people.get(campaign.pk),
            "when": when,
            "whose": whose,
            "detail": campaign.held_reason or (run.stop_reason if run else "") or notes.get(campaign.pk, ""),
            "progress": drawn(known, request.now, zone, moving=campaign.state == CampaignState.SENDING)
            if known and campaign.state in RUNNING
            else None,
            "results": results.get(campaign.pk),
            "menu": menu_of(request.member, campaign, known.waiting if known else None),
        }
        groups[_group(campaign, request.now, zone)].append({**row, "key": _due(campaign, run)})
    for name in ("now", "soon", "later"):
        groups[name].sort(key=lambda row: (row["key"] is None, row["key"] or request.now, row["campaign"].name))
    return groups


def _group(campaign: Campaign, now: datetime, zone: str) -> str:
    if campaign.state in OVER:
        return "over"
    if campaign.state in RUNNING or campaign.state == CampaignState.HELD:
        return "now"
    due = _due(campaign, None)
    return "soon" if due and due <= now + SOON else "later"


def _due(campaign: Campaign, run: Run | None) -> datetime | None:
    """Tell when it started, or is to start. A wall time is read as UTC here: near enough to sort by."""
    if run:
        return run.started_at
    if campaign.fires_at:
        return campaign.fires_at
    return datetime.fromisoformat(f"{campaign.start_at}+00:00") if campaign.start_at else None


def _when(campaign: Campaign, run: Run | None, zone: str, now: datetime) -> tuple[str, str]:
    when, whose = start_words(Start(StartKind(campaign.start_kind), campaign.start_at), zone, now)
    if run is None:
        return when, whose
    if run.finished_at:
        whose = _("ended %(when)s") % {"when": _ended(run, zone)}
    return short_moment(run.started_at, zone, now), whose


def _ended(run: Run, zone: str) -> str:
    """Write the end of a run: the time alone on the day of its start."""
    where = ZoneInfo(zone)
    ended = run.finished_at or run.started_at
    same = ended.astimezone(where).date() == run.started_at.astimezone(where).date()
    return as_time(ended, zone) if same else as_datetime(ended, zone)


def _approval_notes(request: ConsoleRequest, keys: list[int]) -> dict[int, str]:
    """Say what is asked of campaigns in review, and what was voided of drafts."""
    rows = Approval.objects.of(request.tenant).filter(campaign__in=keys).order_by("asked_at", "id")
    last: dict[int, dict[str, Approval]] = {}
    for approval in rows.defer("parts"):
        last.setdefault(approval.campaign_id, {})[approval.kind] = approval
    said = {}
    for key, kinds in last.items():
        asked = [KIND_NAMES[ApprovalKind(kind)] for kind, one in kinds.items() if one.state == ApprovalState.ASKED]
        voided = [one for one in kinds.values() if one.state == ApprovalState.VOIDED]
        if len(asked) == 1:
            said[key] = _("%(kind)s only") % {"kind": asked[0]}
        elif voided:
            said[key] = (
                _("%(count)d approvals voided") % {"count": len(voided)} if len(voided) > 1 else _("1 approval voided")
            )
    return said
