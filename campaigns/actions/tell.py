"""Tell the people whose campaign it is what happened to it."""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse

from campaigns.models import Approval, Campaign
from connect.core.models import Member, Tenant
from connect.core.notices import tell


def tell_owners(
    tenant: Tenant, campaign: Campaign, says: Callable[[], str], *, by: Member | None = None, now: datetime
) -> None:
    """Write a notice to who made a campaign and who asked for its approvals, but not to whom it is the act of."""
    asked = Approval.objects.of(tenant).filter(campaign=campaign).values("asked_by")
    made = Member.objects.of(tenant).filter(pk__in=[campaign.created_by_id] if campaign.created_by_id else [])
    owners = (made | Member.objects.of(tenant).filter(pk__in=asked)).select_related("user").distinct()
    if by is not None:
        owners = owners.exclude(pk=by.pk)
    url = reverse("campaign", args=[tenant.slug, campaign.public_id])
    tell(tenant, owners, says, url, now=now)
