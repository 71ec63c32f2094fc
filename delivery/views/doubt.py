"""The page of messages in doubt: the evidence, what members propose, and the decision of another."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Campaign, Run
from connect.core.cursors import read_cursor, write_cursor
from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.formats import number
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from delivery import doubts
from delivery.actions import doubt as actions
from delivery.doubts import OVERDUE, Doubtful
from delivery.models import DoubtProposal, Message
from delivery.states import DoubtVerdict, ProposalState
from delivery.views.console import PAGE_ROWS, page_of, scope_of
from delivery.words import DECISIONS, REASONS, VERDICTS


class ProposalForm(forms.Form):
    """What is proposed, and why."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("What becomes of it"),
        widget=forms.RadioSelect,
        choices=[
            (DoubtVerdict.WRITE_OFF.value, gettext_lazy("Treat it as arrived and write it off: nothing goes again")),
            (DoubtVerdict.RESEND.value, gettext_lazy("Hand it over again: who has it already gets it twice")),
        ],
        error_messages={
            "required": gettext_lazy("Choose one."),
            "invalid_choice": gettext_lazy("Choose one of the two."),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Who decides reads it, and so does the audit log."),
        max_length=actions.MAX_REASON,
        error_messages={"required": gettext_lazy("Say why.")},
    )
    message = forms.CharField(widget=forms.HiddenInput, required=False)


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for a decision; `address` is that of its one message."""

    proposal: DoubtProposal
    campaign: Campaign
    address: str
    is_own: bool
    may_confirm: bool
    may_refuse: bool


@needs(Role.VIEWER)
def in_doubt(request: ConsoleRequest) -> HttpResponse:
    """List what was handed over without an answer, with what speaks for its arrival and what is proposed."""
    scope = scope_of(request)
    before = read_cursor(request.GET.get("before", ""))
    found = doubts.in_doubt(request.tenant, scope, before=before, limit=PAGE_ROWS + 1)
    by_run = doubts.by_run(request.tenant, scope, now=request.now)
    context = {
        **page_of(request, found),
        **_decisions(request, by_run),
        "all": sum(one.count for one in by_run),
        "overdue_before": request.now - OVERDUE,
        "cursors": {one.message_id: write_cursor(one.message_id) for one in found},
        "domains": _domains(request, {one.run_id for one in found}),
        "may_propose": request.member.may(Role.MARKETER),
        "reasons": REASONS,
    }
    return page(request, "delivery/in_doubt.html", context, part="delivery/_in_doubt.html")


@needs(Role.MARKETER)
def propose(request: ConsoleRequest, run_id: UUID) -> HttpResponse:
    """Ask what becomes of one message, or of all in doubt of a run; on POST propose it."""
    run = Run.objects.of(request.tenant).select_related("campaign").get(public_id=run_id)
    Campaign.objects.of(request.tenant).visible_to(request.member).get(pk=run.campaign_id)
    cursor = request.POST.get("message", request.GET.get("message", ""))
    letter = doubts.one(request.tenant, run, read_cursor(cursor)) if cursor else None
    if cursor and letter is None:
        raise Message.DoesNotExist
    form = ProposalForm(request.POST or None, initial={"verdict": DoubtVerdict.WRITE_OFF.value, "message": cursor})
    if request.method == "POST" and form.is_valid():
        try:
            actions.propose(
                request.tenant,
                run_id,
                verdict=DoubtVerdict(form.cleaned_data["verdict"]),
                reason=form.cleaned_data["reason"],
                message_id=letter.message_id if letter else None,
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("Proposed. A launch approver or an admin, somebody else than you, decides."))
            return redirect(here(request, "delivery-in-doubt"))
    found = [one for one in doubts.by_run(request.tenant, scope_of(request), now=request.now) if one.run_id == run.pk]
    context = {
        "run": run,
        "letter": letter,
        "found": found[0] if found else Doubtful(run.pk, 0, request.now, 0),
        "domain": _domains(request, {run.pk})[run.pk],
        "overdue_before": request.now - OVERDUE,
        "form": form,
    }
    return page(request, "delivery/propose.html", context, status=422 if form.errors else 200)


@needs(Role.VIEWER)
def confirm(request: ConsoleRequest, doubt_id: UUID) -> HttpResponse:
    """Do what somebody else proposed."""
    done = actions.confirm(request.tenant, doubt_id, by=request.member, now=request.now)
    if done.verdict == DoubtVerdict.RESEND:
        said = ngettext("%(count)s message goes again.", "%(count)s messages go again.", done.messages)
    else:
        said = ngettext("%(count)s message was written off.", "%(count)s messages were written off.", done.messages)
    messages.success(request, said % {"count": number(done.messages)})
    return redirect(here(request, "delivery-in-doubt"))


@needs(Role.VIEWER)
def refuse(request: ConsoleRequest, doubt_id: UUID) -> HttpResponse:
    """Turn a proposal down, or take one's own back."""
    done = actions.refuse(request.tenant, doubt_id, by=request.member, now=request.now)
    own = done.state == ProposalState.WITHDRAWN
    messages.success(request, _("Taken back. Nothing moved.") if own else _("Refused. Nothing moved."))
    return redirect(here(request, "delivery-in-doubt"))


def _decisions(request: ConsoleRequest, by_run: list[Doubtful]) -> dict[str, Any]:
    """Gather the runs in doubt, what waits for a decision, and what was decided last."""
    member, tenant = request.member, request.tenant
    visible = Campaign.objects.of(tenant).visible_to(member)
    runs = Run.objects.of(tenant).filter(campaign__in=visible).select_related("campaign")
    seen = None if member.departments(Role.VIEWER) is None else set(runs.values_list("pk", flat=True))
    decided = doubts.decided_proposals(tenant, seen)
    everything = DoubtProposal.objects.of(tenant).filter(state=ProposalState.PROPOSED).values_list("run_id", flat=True)
    wanted = {one.run_id for one in by_run} | {one.run_id for one in decided} | set(everything)
    known = {run.pk: run for run in runs.filter(pk__in=wanted)}
    waiting = [_waiting(request, one, known[one.run_id]) for one in doubts.open_proposals(tenant, set(known))]
    taken = {one.proposal.run_id for one in waiting if one.proposal.message_id is None}
    return {
        "by_run": [(one, known[one.run_id], one.run_id in taken) for one in by_run if one.run_id in known],
        "waiting": waiting,
        "proposed": {one.proposal.message_id for one in waiting},
        "decided": [(one, known[one.run_id].campaign) for one in decided],
        "keys": {run.pk: run.public_id for run in known.values()},
        "verdicts": VERDICTS,
        "decisions": DECISIONS,
    }


def _waiting(request: ConsoleRequest, proposal: DoubtProposal, run: Run) -> Waiting:
    address = ""
    if proposal.message_id:
        addresses = Message.objects.of(request.tenant).filter(month=run.month, pk=proposal.message_id)
        address = addresses.values_list("address", flat=True).first() or ""
    is_own = proposal.proposed_by_id == request.member.pk
    may = actions.may_decide(proposal, run.campaign, request.member)
    return Waiting(proposal, run.campaign, address, is_own, may_confirm=may, may_refuse=may or is_own)


def _domains(request: ConsoleRequest, run_ids: set[int]) -> dict[int, str]:
    """Map runs to the domains of their message ids, as they were frozen."""
    speakers = Run.objects.of(request.tenant).filter(pk__in=run_ids).values_list("pk", "frozen__speaker__from_email")
    return {run_id: (email or "").rpartition("@")[2] for run_id, email in speakers}
