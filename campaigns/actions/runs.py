"""Plan, pause, resume, cancel and finish runs; their campaign moves with them, and is locked first.

`do_` functions take a run's key and are for delivery and the system; the others take a campaign's public id and ask for
a role. What becomes of messages is delivery's: it reads the run's state before each hand-over.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.edit import access
from campaigns.actions.tell import tell_owners
from campaigns.did import Did
from campaigns.models import Approval, Campaign, Run
from campaigns.states import ApprovalKind, ApprovalState, CampaignState, RunState
from connect.core.audit import audit
from connect.core.errors import Conflict, WrongState
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant

MAX_REASON = 240


@in_tenant
def do_planned(tenant: Tenant, run_id: int, *, members: int, filtered: int, recipients: int, now: datetime) -> None:
    """End the planning of a run: it sends. The counts are those of its books.

    Errors: Run.DoesNotExist; WrongState unless it is planning.
    """
    campaign, run = _locked(tenant, run_id)
    # A paused run may become a sending one too, but not by this.
    row = Run.objects.of(tenant).filter(pk=run.pk, state=RunState.PLANNING)
    row.move(RunState.SENDING, planned_at=now, members=members, filtered=filtered, recipients=recipients)
    audit(tenant, None, Did.PLANNED_RUN, campaign.public_id, now=now, run=str(run.public_id), recipients=recipients)
    ring(Bell.SEND_DUE, tenant.pk, run.pk)


@in_tenant
def do_pause(tenant: Tenant, run_id: int, *, reason: str = "", by: Member | None = None, now: datetime) -> None:
    """Keep a run from handing over further messages. `reason` says why where it stops by itself.

    Errors: Run.DoesNotExist; WrongState unless it is planning or sending.
    """
    campaign, run = _locked(tenant, run_id)
    Run.objects.of(tenant).filter(pk=run.pk).move(RunState.PAUSED, stop_reason=reason[:MAX_REASON])
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.PAUSED)
    audit(tenant, by, Did.PAUSED_RUN, campaign.public_id, now=now, run=str(run.public_id), reason=reason)
    name = {"name": campaign.name, "why": reason}
    if reason:
        tell_owners(tenant, campaign, lambda: _("“%(name)s” was paused: %(why)s") % name, by=by, now=now)
    else:
        tell_owners(tenant, campaign, lambda: _("“%(name)s” was paused.") % name, by=by, now=now)


@in_tenant
def do_resume(tenant: Tenant, run_id: int, *, by: Member | None = None, now: datetime) -> None:
    """Let a paused run go on where it stopped.

    Errors: Run.DoesNotExist; WrongState unless it is paused; Conflict when an approval was withdrawn.
    """
    campaign, run = _locked(tenant, run_id)
    if not approvals_stand(tenant, run):
        raise Conflict(_("An approval was withdrawn. Ask for it again; then it can go on."))
    planned = run.planned_at is not None
    Run.objects.of(tenant).filter(pk=run.pk).move(RunState.SENDING if planned else RunState.PLANNING, stop_reason="")
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.SENDING)
    audit(tenant, by, Did.RESUMED_RUN, campaign.public_id, now=now, run=str(run.public_id))
    ring(Bell.SEND_DUE if planned else Bell.RUN_STARTED, tenant.pk, run.pk)


@in_tenant
def do_cancel(tenant: Tenant, run_id: int, *, reason: str = "", by: Member | None = None, now: datetime) -> None:
    """End a run for good: what hasn't been handed over ends as cancelled.

    Errors: Run.DoesNotExist; WrongState when it is over.
    """
    campaign, run = _locked(tenant, run_id)
    row = Run.objects.of(tenant).filter(pk=run.pk)
    row.move(RunState.CANCELLED, stop_reason=reason[:MAX_REASON], finished_at=now)
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.CANCELLED)
    audit(tenant, by, Did.CANCELLED_CAMPAIGN, campaign.public_id, now=now, run=str(run.public_id), reason=reason)
    tell_owners(tenant, campaign, lambda: _("“%(name)s” was cancelled.") % {"name": campaign.name}, by=by, now=now)
    ring(Bell.SEND_DUE, tenant.pk, run.pk)


@in_tenant
def do_finish(tenant: Tenant, run_id: int, *, now: datetime) -> None:
    """End a run whose messages have all come to an end.

    Errors: Run.DoesNotExist; WrongState unless it is sending.
    """
    campaign, run = _locked(tenant, run_id)
    Run.objects.of(tenant).filter(pk=run.pk).move(RunState.FINISHED, finished_at=now)
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.FINISHED)
    audit(tenant, None, Did.FINISHED_RUN, campaign.public_id, now=now, run=str(run.public_id))
    tell_owners(tenant, campaign, lambda: _("“%(name)s” is finished.") % {"name": campaign.name}, now=now)


@in_tenant
def do_reopen(tenant: Tenant, run_id: int, *, by: Member | None, now: datetime) -> None:
    """Let a finished run send again: some of its messages were queued again. One that isn't over is left as it is.

    Errors: Run.DoesNotExist; WrongState where it was cancelled or its campaign archived; Conflict when its campaign
    has expired or an approval was withdrawn.
    """
    campaign, run = _locked(tenant, run_id)
    if campaign.expires_at and campaign.expires_at <= now:
        raise Conflict(_("The campaign has expired: nothing of it may leave any more."))
    if not approvals_stand(tenant, run):
        raise Conflict(_("An approval was withdrawn. Ask for it again; then it can go on."))
    if run.state in (RunState.SENDING, RunState.PAUSED):
        ring(Bell.SEND_DUE, tenant.pk, run.pk)
        return
    finished = Run.objects.of(tenant).filter(pk=run.pk, state=RunState.FINISHED)
    finished.move(RunState.SENDING, finished_at=None)
    Campaign.objects.of(tenant).filter(pk=campaign.pk, state=CampaignState.FINISHED).move(CampaignState.SENDING)
    audit(tenant, by, Did.REOPENED_RUN, campaign.public_id, now=now, run=str(run.public_id))
    ring(Bell.SEND_DUE, tenant.pk, run.pk)


@in_tenant
def pause_campaign(tenant: Tenant, campaign_id: UUID, *, by: Member, now: datetime) -> None:
    """Pause a sending campaign.

    Errors: Campaign.DoesNotExist; Forbidden; WrongState unless it is sending.
    """
    do_pause(tenant, _open_run(tenant, campaign_id, by).pk, by=by, now=now)


@in_tenant
def resume_campaign(tenant: Tenant, campaign_id: UUID, *, by: Member, now: datetime) -> None:
    """Let a paused campaign go on.

    Errors: Campaign.DoesNotExist; Forbidden; WrongState unless it is paused; Conflict when an approval was withdrawn.
    """
    do_resume(tenant, _open_run(tenant, campaign_id, by).pk, by=by, now=now)


@in_tenant
def cancel_campaign(tenant: Tenant, campaign_id: UUID, *, reason: str = "", by: Member, now: datetime) -> None:
    """Cancel a campaign that is scheduled, held, sending or paused.

    Errors: Campaign.DoesNotExist; Forbidden; WrongState.
    """
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    if campaign.state in (CampaignState.SCHEDULED, CampaignState.HELD):
        Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.CANCELLED)
        audit(tenant, by, Did.CANCELLED_CAMPAIGN, campaign.public_id, now=now, reason=reason)
        return
    do_cancel(tenant, _open_run(tenant, campaign_id, by).pk, reason=reason, by=by, now=now)


def approvals_stand(tenant: Tenant, run: Run) -> bool:
    """Tell whether both approvals of what a run froze are given; `predicates.may_send` asks the same in SQL."""
    given = Approval.objects.of(tenant).filter(
        campaign=run.campaign_id, fingerprint=run.fingerprint, state=ApprovalState.APPROVED
    )
    return set(given.values_list("kind", flat=True)) == {kind.value for kind in ApprovalKind}


def _open_run(tenant: Tenant, campaign_id: UUID, by: Member) -> Run:
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    run = Run.objects.of(tenant).open().latest_of(campaign)
    if run is None:
        raise WrongState(_("Nothing of it is running."))
    return run


def _locked(tenant: Tenant, run_id: int) -> tuple[Campaign, Run]:
    campaign_id = Run.objects.of(tenant).values_list("campaign_id", flat=True).get(pk=run_id)
    campaign = Campaign.objects.of(tenant).select_for_update().get(pk=campaign_id)
    return campaign, Run.objects.of(tenant).select_for_update().get(pk=run_id)
