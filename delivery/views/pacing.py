"""The pacing page: how fast messages go to each receiver and in each conversation, and which receivers pause."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.models import Conversation
from delivery.actions.pacing import PaceOf, end_pause, pace_conversation, pace_of, pace_receiver, read_lane
from delivery.lanes import GROUPS
from delivery.models import Pace
from delivery.states import PaceKind

MOST_ROWS = 200
GROUP_NAMES = {"google": "Google", "microsoft": "Microsoft", "yahoo": "Yahoo, AOL", "apple": "Apple iCloud"}


@dataclass(frozen=True)
class ReceiverRow:
    """One receiver as the page lists it."""

    lane: str
    name: str
    domains: str
    pace: Pace | None
    paused: bool


class PaceForm(forms.Form):
    """Limits; an empty one doesn't limit. `was` is what was on the screen."""

    per_minute = forms.IntegerField(label=gettext_lazy("At most"), required=False)
    was = forms.CharField(widget=forms.HiddenInput, max_length=500)

    def shown_before(self) -> PaceOf:
        """Read what was on the screen; nothing readable is nothing set."""
        return _read_pace(self.cleaned_data["was"])


class ReceiverForm(PaceForm):
    """The pace of a receiver."""

    lane = forms.CharField(
        label=gettext_lazy("Receiver"),
        max_length=253,
        help_text=gettext_lazy("A domain, such as inbox.example; a domain of a large receiver stands for all of its."),
    )
    connections = forms.IntegerField(
        label=gettext_lazy("Connections"),
        required=False,
        help_text=gettext_lazy("At the same time, of each sender process."),
    )
    field_order = ("lane", "per_minute", "connections", "was")

    def wanted(self) -> PaceOf:
        """Read what was entered."""
        return PaceOf(self.cleaned_data["per_minute"], self.cleaned_data["connections"])


class ConversationForm(PaceForm):
    """The pace and the warm-up of a conversation."""

    daily_since = forms.DateField(
        label=gettext_lazy("Warm-up from"),
        required=False,
        widget=forms.DateInput,
        help_text=gettext_lazy("The first day on which a new sending domain is used, in UTC."),
    )
    daily_first = forms.IntegerField(
        label=gettext_lazy("On the first day"),
        required=False,
        help_text=gettext_lazy("Twice as many may go on each further day."),
    )
    daily_most = forms.IntegerField(
        label=gettext_lazy("Never more than"), required=False, help_text=gettext_lazy("A day; empty doubles for ever.")
    )

    def wanted(self) -> PaceOf:
        """Read what was entered."""
        found = self.cleaned_data
        return PaceOf(found["per_minute"], None, found["daily_first"], found["daily_most"], found["daily_since"])


@needs(Role.VIEWER)
def pacing(request: ConsoleRequest) -> HttpResponse:
    """List receivers and conversations with their limits."""
    conversations = list(
        Conversation.objects.of(request.tenant).visible_to(request.member).filter(archived_at=None).order_by("name")
    )
    paces = Pace.objects.of(request.tenant).filter(kind=PaceKind.CONVERSATION)
    of = {pace.key: pace for pace in paces}
    context = {
        "receivers": _receivers(request),
        "conversations": [(one, of.get(str(one.pk))) for one in conversations],
        "may_change": request.member.may(Role.ADMIN),
    }
    return page(request, "delivery/pacing.html", context)


@needs(Role.ADMIN)
def receiver(request: ConsoleRequest) -> HttpResponse:
    """Set the pace of a receiver."""
    if request.method != "POST":
        lane = read_lane(request.GET["lane"]) if request.GET.get("lane") else ""
        kept = pace_of(request.tenant, PaceKind.DOMAIN, lane)
        initial = {"lane": lane, "per_minute": kept.per_minute, "connections": kept.connections}
        return _form(request, ReceiverForm(initial={**initial, "was": _write_pace(kept)}), _("Pace of a receiver"))
    form = ReceiverForm(request.POST)
    if form.is_valid():
        try:
            lane = pace_receiver(
                request.tenant,
                form.cleaned_data["lane"],
                form.wanted(),
                was=form.shown_before(),
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("Saved the pace of %(lane)s.") % {"lane": GROUP_NAMES.get(lane, lane)})
            return redirect(here(request, "pacing"))
    return _form(request, form, _("Pace of a receiver"), status=422)


@needs(Role.ADMIN)
def conversation(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Set the pace and the warm-up of a conversation."""
    found = Conversation.objects.of(request.tenant).visible_to(request.member).public(conversation_id)
    if request.method != "POST":
        kept = pace_of(request.tenant, PaceKind.CONVERSATION, str(found.pk))
        return _form(request, ConversationForm(initial={**vars(kept), "was": _write_pace(kept)}), found.name)
    form = ConversationForm(request.POST)
    if form.is_valid():
        try:
            pace_conversation(
                request.tenant,
                conversation_id,
                form.wanted(),
                was=form.shown_before(),
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("Saved the pace of %(name)s.") % {"name": found.name})
            return redirect(here(request, "pacing"))
    return _form(request, form, found.name, status=422)


@needs(Role.ADMIN)
def let_go(request: ConsoleRequest) -> HttpResponse:
    """End a receiver's pause."""
    end_pause(request.tenant, read_lane(request.POST.get("lane", "")), by=request.member, now=request.now)
    messages.success(request, _("Messages go to it again."))
    return redirect(here(request, "pacing"))


def _receivers(request: ConsoleRequest) -> list[ReceiverRow]:
    """List the large receivers, and what else is limited or pauses."""
    paces = Pace.objects.of(request.tenant).filter(kind=PaceKind.DOMAIN)
    told = paces.exclude(per_minute=None, connections=None) | paces.filter(slow_until__gt=request.now)
    found = {pace.key: pace for pace in told.order_by("key")[:MOST_ROWS]}
    lanes = [*GROUPS, *(lane for lane in found if lane not in GROUPS)]
    return [
        ReceiverRow(
            lane,
            GROUP_NAMES.get(lane, lane),
            ", ".join(GROUPS.get(lane, ())[:4]),
            pace := found.get(lane),
            bool(pace and pace.slow_until and pace.slow_until > request.now),
        )
        for lane in lanes
    ]


def _form(request: ConsoleRequest, form: PaceForm, heading: str, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "heading": heading, "is_receiver": isinstance(form, ReceiverForm)}
    return page(request, "delivery/pace.html", context, status=status)


def _write_pace(of: PaceOf) -> str:
    values = {**vars(of), "daily_since": of.daily_since.isoformat() if of.daily_since else None}
    return json.dumps(values)


def _read_pace(raw: str) -> PaceOf:
    try:
        values = json.loads(raw)
        since = values["daily_since"]
        return PaceOf(**{**values, "daily_since": date.fromisoformat(since) if since else None})
    except (ValueError, TypeError, KeyError):
        return PaceOf()
