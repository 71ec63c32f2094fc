"""The button that queues a run's failed messages again, and where it stands."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext

from campaigns.models import Campaign, Run
from campaigns.states import RunState
from connect.core.formats import number
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs
from delivery.actions.retry import STATES, Failed, failed, retry_failed

#: Runs that ended longer ago aren't offered.
OFFERED = timedelta(days=14)
MOST_RUNS = 30


@dataclass(frozen=True)
class Again:
    """A run of which something may be tried again, and whether this member may say so."""

    run: Run
    failed: Failed
    may: bool


def retryable(request: ConsoleRequest) -> list[Again]:
    """List the runs whose failed messages may be tried again, the newest first."""
    visible = Campaign.objects.of(request.tenant).visible_to(request.member)
    alive = visible.filter(Q(expires_at=None) | Q(expires_at__gt=request.now))
    recent = ~Q(state=RunState.FINISHED) | Q(finished_at__gt=request.now - OFFERED)
    runs = Run.objects.of(request.tenant).filter(recent, campaign__in=alive, state__in=STATES, planned_at__isnull=False)
    listed = list(runs.select_related("campaign").order_by("-pk")[:MOST_RUNS])
    found = failed(request.tenant, [run.pk for run in listed])
    return [
        Again(run, found[run.pk], request.member.may(Role.MARKETER, run.campaign.department_id))
        for run in listed
        if run.pk in found
    ]


@needs(Role.MARKETER)
def retry(request: ConsoleRequest, run_id: UUID) -> HttpResponse:
    """Queue a run's failed messages again."""
    count = retry_failed(request.tenant, run_id, by=request.member, now=request.now)
    said = ngettext(
        "%(count)s message goes again, unless its customer has left or was suppressed meanwhile.",
        "%(count)s messages go again, unless their customers have left or were suppressed meanwhile.",
        count,
    )
    messages.success(request, said % {"count": number(count)})
    return redirect(here(request, "delivery"))
