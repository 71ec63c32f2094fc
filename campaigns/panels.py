"""What campaigns show on lower apps' pages, in the rail and at the top: `connect/wiring.py` puts it there."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.actions.void import RESTS_ON
from campaigns.models import Approval, Campaign, Cell
from campaigns.people import ROLE_OF
from campaigns.queries import LIVE_APPROVAL, UNDER_APPROVAL
from campaigns.states import ApprovalKind, ApprovalState, CampaignState
from connect.core.models import Member, Tenant
from connect.core.panels import Use

#: States in which a campaign no longer rests on what it was made of.
_LEFT = (CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.ARCHIVED)


def used_by(tenant: Tenant, kind: str, thing: UUID) -> list[Use]:
    """List the campaigns that rest on a thing. A running one goes by what it froze, so a change voids nothing of it."""
    campaigns = Campaign.objects.of(tenant).exclude(state__in=_LEFT).order_by("name", "id")
    if kind == "content":
        used = Cell.objects.of(tenant).filter(revision__content__public_id=thing).values("campaign_id")
        found = list(campaigns.filter(pk__in=used))
    elif kind in RESTS_ON:
        found = list(campaigns.filter(**{RESTS_ON[kind]: thing}))
    else:
        return []
    voids = _would_void(tenant, found) if kind != "content" else set()
    return [
        Use(
            name=campaign.name,
            url=reverse("campaign", args=[tenant.slug, campaign.public_id]),
            kind=_("Campaign"),
            voids=campaign.pk in voids,
        )
        for campaign in found
    ]


def use_counts(tenant: Tenant, kind: str, things: Sequence[UUID]) -> Mapping[UUID, int]:
    """Count the campaigns that rest on each of many things."""
    if kind == "content":
        cells = (
            Cell.objects.of(tenant).filter(revision__content__public_id__in=things).exclude(campaign__state__in=_LEFT)
        )
        counted = cells.values_list("revision__content__public_id").annotate(count=Count("campaign_id", distinct=True))
        return dict(counted.order_by())
    if kind not in RESTS_ON:
        return {}
    key = RESTS_ON[kind]
    campaigns = Campaign.objects.of(tenant).filter(**{f"{key}__in": things}).exclude(state__in=_LEFT)
    return dict(campaigns.values_list(key).annotate(count=Count("id")).order_by())


def waiting_count(tenant: Tenant, member: Member) -> int:
    """Count the campaigns that a member may be asked about, for the rail."""
    asked = Approval.objects.of(tenant).filter(state=ApprovalState.ASKED)
    found = asked.values_list("campaign_id", "kind", "campaign__department_id")
    return len({key for key, kind, department in found if member.may(ROLE_OF[ApprovalKind(kind)], department)})


def _would_void(tenant: Tenant, campaigns: Sequence[Campaign]) -> set[int]:
    """Tell whose live approvals would fall: those of campaigns that haven't started."""
    waiting = [one.pk for one in campaigns if one.state in UNDER_APPROVAL or one.state == CampaignState.DRAFT]
    live = Approval.objects.of(tenant).filter(campaign__in=waiting, state__in=LIVE_APPROVAL)
    return set(live.values_list("campaign_id", flat=True))
