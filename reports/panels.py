"""What reports add to the pages of lower floors: tabs of a campaign, and the results in its list."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.figures import Results
from campaigns.models import Campaign, Run
from connect.core.models import Tenant
from connect.core.panels import Panel
from reports import queries, report


def panels(tenant: Tenant, kind: str, thing: UUID) -> list[Panel]:
    """Give the tabs of a campaign."""
    if kind != "campaign-tab":
        return []
    labels = {
        "campaign-report": _("Report"),
        "campaign-demographics": _("Demographics"),
        "campaign-recipients": _("People"),
    }
    return [Panel(label, reverse(name, args=[tenant.slug, thing])) for name, label in labels.items()]


def results_of(tenant: Tenant, campaign_ids: Sequence[int]) -> Mapping[int, Results]:
    """Tell what came of campaigns, by their newest run: handed over and not bounced stands for delivered."""
    campaigns = {campaign.pk: campaign for campaign in Campaign.objects.of(tenant).filter(pk__in=campaign_ids)}
    runs: dict[int, Run] = {}
    for run in Run.objects.of(tenant).filter(campaign_id__in=campaigns).order_by("started_at"):
        runs[run.campaign_id] = run
    found = {}
    for campaign_id, run in runs.items():
        counts = queries.totals(report.key_of(run))
        found[campaign_id] = Results(counts.handed_over - counts.bounced, counts.open_rate, counts.click_rate)
    return found
