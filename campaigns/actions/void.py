"""Void approvals that no longer fit what a campaign is made of, and bring the campaign back to draft."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.tell import tell_owners
from campaigns.did import Did
from campaigns.models import Approval, Campaign, Note
from campaigns.people import last_to_change
from campaigns.queries import LIVE_APPROVAL, UNDER_APPROVAL
from campaigns.standing import Review, Stands, reviews
from campaigns.states import ApprovalState, CampaignState
from connect.core.audit import audit
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant

#: By which key a campaign rests on a shared thing of each kind.
RESTS_ON = {
    "audience": "audience__public_id",
    "segmentation": "segmentation__public_id",
    "conversation": "conversation__public_id",
    "seed_list": "seed_list__public_id",
}
MAX_REASON = 240


@in_tenant
def void_for_model(
    tenant: Tenant, kind: str, model_id: UUID, *, by: Member | None = None, now: datetime
) -> list[Campaign]:
    """Void the approvals that rest on a shared thing that has changed.

    Shape: `kind` is a key of `RESTS_ON`; returns the campaigns whose approvals were voided.
    """
    resting = Campaign.objects.of(tenant).filter(**{RESTS_ON[kind]: model_id})
    return void_stale(tenant, resting.filter(state__in={*UNDER_APPROVAL, CampaignState.DRAFT}), by=by, now=now)


@in_tenant
def check_approvals(tenant: Tenant, *, now: datetime) -> list[Campaign]:
    """Void the approvals whose fingerprint no longer fits; the beat calls it after a shared model's change.

    Shape: the campaigns whose approvals were voided.
    """
    waiting = Campaign.objects.of(tenant).filter(state__in=UNDER_APPROVAL)
    voided = void_stale(tenant, waiting, now=now)
    waiting.update(checked_at=now)
    return voided


def void_stale(
    tenant: Tenant, campaigns: Iterable[Campaign], *, by: Member | None = None, now: datetime
) -> list[Campaign]:
    """Lock campaigns in the order of their keys, compare, and void what no longer fits."""
    keys = sorted(campaign.pk for campaign in campaigns)
    locked = list(Campaign.objects.of(tenant).filter(pk__in=keys).select_for_update().order_by("pk"))
    standing = reviews(tenant, locked)
    voided = [campaign for campaign in locked if _is_stale(standing[campaign.pk])]
    for campaign in voided:
        do_void(tenant, campaign, _reason(tenant, standing[campaign.pk]), by=by, now=now)
    return voided


def do_void(tenant: Tenant, campaign: Campaign, reason: str, *, by: Member | None, now: datetime) -> int:
    """Void a locked campaign's live approvals, note why, and bring it back to draft.

    Shape: how many approvals were voided.
    """
    live = Approval.objects.of(tenant).filter(campaign=campaign).live()
    voided = 0
    for approval in live.order_by("pk"):
        live.filter(pk=approval.pk).move(ApprovalState.VOIDED, void_reason=reason[:MAX_REASON])
        voided += 1
    if campaign.state in UNDER_APPROVAL:
        back_to_draft(campaign)
    if voided:
        Note.objects.create(tenant=tenant, campaign=campaign, member=by, kind="voided", text=reason, at=now)
        audit(tenant, by, Did.VOIDED_APPROVALS, campaign.public_id, now=now, approvals=voided, reason=reason)
        name = {"name": campaign.name, "why": reason}
        tell_owners(tenant, campaign, lambda: _("Approvals of “%(name)s” were voided: %(why)s") % name, by=by, now=now)
    return voided


def back_to_draft(campaign: Campaign) -> None:
    """Bring a locked campaign back to draft; it goes nowhere until it was approved again."""
    Campaign.objects.filter(pk=campaign.pk).move(CampaignState.DRAFT, fires_at=None, held_reason="")
    campaign.state, campaign.fires_at, campaign.held_reason = CampaignState.DRAFT, None, ""


def _is_stale(found: Review) -> bool:
    return any(
        standing.stands == Stands.VOIDED and standing.approval and standing.approval.state in LIVE_APPROVAL
        for standing in found.both
    )


def _reason(tenant: Tenant, found: Review) -> str:
    what = next(standing for standing in found.both if standing.stands == Stands.VOIDED)
    who = last_to_change(tenant, found.frozen)
    return _("%(what)s By %(who)s.") % {"what": what.reason, "who": who} if who else what.reason
