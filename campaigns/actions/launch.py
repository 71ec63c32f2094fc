"""Launch an approved campaign: schedule it, and start its run when it is due, by one conditional move and one row.

On both occasions all is looked at again, under the campaign's lock: approvals against the fingerprint, expiry, time.
What is frozen into the run is hashed from the same reading: it goes by what was approved, whoever saves meanwhile.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.edit import access
from campaigns.actions.tell import tell_owners
from campaigns.actions.void import do_void
from campaigns.did import Did
from campaigns.fingerprint import fingerprint_of
from campaigns.frozen import Frozen, to_json
from campaigns.models import Campaign, Run
from campaigns.readiness import blockers, not_ready
from campaigns.standing import Review, review
from campaigns.states import CampaignState, RunState, StartKind
from campaigns.timetable import first_start
from connect.core.audit import audit
from connect.core.errors import Conflict, WrongState
from connect.core.formats import as_datetime
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant

#: A start that is later than this is no longer the one that was approved: a person decides.
LATE_START = timedelta(hours=1)
#: A one-time campaign runs once, whatever happens.
ONCE = "once"
_LAUNCHED = frozenset({CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FINISHED})


@in_tenant
def launch_campaign(tenant: Tenant, campaign_id: UUID, *, by: Member, now: datetime) -> Campaign:
    """Launch an approved campaign: it is scheduled for its first start. Launching twice is launching once.

    Errors: Campaign.DoesNotExist; Forbidden; Conflict when an approval doesn't hold or it isn't ready; WrongState.
    """
    campaign = access(tenant, campaign_id, Role.LAUNCH_APPROVER, by)
    if campaign.state in _LAUNCHED:
        return campaign
    if campaign.state != CampaignState.APPROVED:
        raise WrongState(_("Only an approved campaign can be launched."))
    return do_launch(tenant, campaign.pk, by=by, now=now)


def do_launch(tenant: Tenant, campaign_id: int, *, by: Member | None, now: datetime) -> Campaign:
    """Schedule a locked, approved campaign; hold it where its time is past.

    Errors: Conflict when an approval doesn't hold or it isn't ready.
    """
    campaign = Campaign.objects.of(tenant).get(pk=campaign_id)
    found = review(tenant, campaign)
    if not found.holds:
        raise Conflict(_("It has changed since it was approved. Ask again."))
    row = Campaign.objects.of(tenant).filter(pk=campaign.pk)
    starts = first_start(found.frozen, _zones(found.frozen), at=now)
    row.move(CampaignState.SCHEDULED, fires_at=starts, checked_at=now)
    audit(tenant, by, Did.LAUNCHED_CAMPAIGN, campaign.public_id, now=now, starts=starts.isoformat())
    if starts < now:
        _hold(tenant, campaign, _too_late(campaign, starts), now=now)
    elif missing := blockers(tenant, found.frozen, now=now - timedelta(seconds=1)):
        _hold(tenant, campaign, not_ready(missing), now=now)
    elif starts <= now:
        ring(Bell.CAMPAIGN_DUE, tenant.pk, campaign.pk)
    return row.get()


@dataclass(frozen=True)
class Started:
    """What became of a due campaign: the run that was made, or None and the state that it went to instead."""

    campaign: Campaign
    run: Run | None


@in_tenant
def start_due(tenant: Tenant, *, campaign_id: int | None = None, now: datetime) -> list[Started]:
    """Start the tenant's due campaigns, or this one if it is due, and end those whose expiry has come.

    Losing this call is harmless, and so is calling it twice at once: who moves the campaign makes the run.
    """
    due = Campaign.objects.of(tenant).filter(state=CampaignState.SCHEDULED, fires_at__lte=now)
    over = Campaign.objects.of(tenant).filter(
        state__in=[CampaignState.SCHEDULED, CampaignState.HELD], expires_at__lte=now
    )
    keys = sorted({*due.values_list("pk", flat=True), *over.values_list("pk", flat=True)})
    if campaign_id is not None:
        keys = [key for key in keys if key == campaign_id]
    answers = (_start(tenant, key, now=now) for key in keys)
    return [answer for answer in answers if answer]


def _start(tenant: Tenant, campaign_id: int, *, now: datetime) -> Started | None:
    campaign = Campaign.objects.of(tenant).select_for_update().get(pk=campaign_id)
    waits = campaign.state == CampaignState.SCHEDULED
    if not waits and campaign.state != CampaignState.HELD:
        return None
    if campaign.expires_at and campaign.expires_at <= now:
        Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.EXPIRED)
        audit(tenant, None, Did.EXPIRED_CAMPAIGN, campaign.public_id, now=now)
    elif waits and campaign.fires_at and campaign.fires_at <= now:
        run = _start_run(tenant, campaign, review(tenant, campaign), now=now)
        return Started(Campaign.objects.of(tenant).get(pk=campaign.pk), run)
    else:
        return None
    return Started(Campaign.objects.of(tenant).get(pk=campaign.pk), None)


def _start_run(tenant: Tenant, campaign: Campaign, found: Review, *, now: datetime) -> Run | None:
    frozen = found.frozen
    if not found.holds:
        reason = next((standing.reason for standing in found.both if standing.reason), _("An approval was taken back."))
        do_void(tenant, campaign, reason, by=None, now=now)
        return None
    starts = first_start(frozen, _zones(frozen), at=now)
    if starts > now:
        # The rules of a zone have changed since, or its only customers have left: it fires at the new instant.
        Campaign.objects.of(tenant).filter(pk=campaign.pk).update(fires_at=starts)
        return None
    if campaign.fires_at and now - campaign.fires_at > LATE_START:
        _hold(tenant, campaign, _missed(campaign), now=now)
        return None
    if missing := blockers(tenant, _without_start(frozen), now=now):
        _hold(tenant, campaign, not_ready(missing), now=now)
        return None
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.SENDING)
    run = Run.objects.create(
        tenant=tenant,
        campaign=campaign,
        conversation=campaign.conversation,
        launch_key=ONCE,
        state=RunState.PLANNING,
        fingerprint=fingerprint_of(frozen),
        frozen=to_json(frozen),
        month=now.astimezone(UTC).date().replace(day=1),
        started_at=now,
    )
    audit(tenant, None, Did.STARTED_RUN, campaign.public_id, now=now, run=str(run.public_id))
    ring(Bell.RUN_STARTED, tenant.pk, run.pk)
    return run


def _hold(tenant: Tenant, campaign: Campaign, reason: str, *, now: datetime) -> None:
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.HELD, held_reason=reason[:240])
    audit(tenant, None, Did.HELD_CAMPAIGN, campaign.public_id, now=now, reason=reason)
    name = {"name": campaign.name, "why": reason}
    tell_owners(tenant, campaign, lambda: _("“%(name)s” is held: %(why)s") % name, now=now)


@in_tenant
def do_hold_due(tenant: Tenant, *, now: datetime) -> int:
    """Hold the campaigns that are due, after a restore: they may have started since the backup. Counts them."""
    due = Campaign.objects.of(tenant).filter(state=CampaignState.SCHEDULED, fires_at__lte=now)
    campaigns = list(due.select_for_update().order_by("pk"))
    for campaign in campaigns:
        _hold(tenant, campaign, _("The database was restored from a backup: it may have gone already."), now=now)
    return len(campaigns)


def _too_late(campaign: Campaign, starts: datetime) -> str:
    when = as_datetime(starts, campaign.conversation.default_zone if campaign.conversation else "UTC")
    return _("It was approved after its start, %(when)s. Nothing has gone. Choose a new time.") % {"when": when}


def _missed(campaign: Campaign) -> str:
    when = as_datetime(campaign.fires_at, campaign.conversation.default_zone if campaign.conversation else "UTC")
    return _("It was due at %(when)s and could not start then. Nothing has gone. Choose a new time.") % {"when": when}


def _without_start(frozen: Frozen) -> Frozen:
    """What is left to look at once the start has come."""
    return Frozen(**{**vars(frozen), "start": type(frozen.start)(StartKind.NOW, "")})


def _zones(frozen: Frozen) -> list[str]:
    """List the zones that members of the conversation live in; needed only where each has its own start."""
    if frozen.speaker is None or frozen.start.kind != StartKind.LOCAL:
        return []
    asked = Sql(
        "SELECT DISTINCT c.zone FROM conversations_subscription s"
        " JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id"
        " WHERE s.conversation_id = %s AND s.channel = 'email' AND c.zone <> ''",
        (frozen.speaker.id,),
    )
    return [zone for (zone,) in rows(asked)]
