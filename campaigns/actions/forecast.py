"""Count where a campaign's people would go and remember it. No deed: it changes what is known, not what is meant."""

from datetime import datetime
from uuid import UUID

from audiences.counts import bounded
from campaigns.fingerprint import fingerprint_of
from campaigns.forecast import write
from campaigns.gather import gather_one
from campaigns.models import Campaign, Forecast
from campaigns.waterfall import Waterfall, waterfall
from connect.core.models import Tenant
from connect.core.tenancy import in_tenant

#: A million customers take some seconds; what takes longer than this is given up.
COUNT_TIMEOUT_SECONDS = 30


@in_tenant
def count_campaign(tenant: Tenant, campaign_id: UUID, *, now: datetime) -> Waterfall | None:
    """Count a campaign's waterfall and keep it; None without a conversation.

    Errors: Campaign.DoesNotExist; Invalid where a rule asks about a field that is declared no more; TooSlow.
    """
    campaign = Campaign.objects.of(tenant).public(campaign_id)
    frozen = gather_one(tenant, campaign)
    if frozen.speaker is None:
        return None
    with bounded(COUNT_TIMEOUT_SECONDS):
        counted = waterfall(tenant, frozen, at=now)
    kept = Forecast(tenant=tenant, campaign=campaign, basis=fingerprint_of(frozen), as_of=now, numbers=write(counted))
    Forecast.objects.bulk_create(
        [kept],
        update_conflicts=True,
        unique_fields=["tenant", "campaign"],
        update_fields=["basis", "as_of", "numbers"],
    )
    return counted
