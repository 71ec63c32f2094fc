"""What reports add to the pages of lower floors: tabs of a campaign, and the results in its list."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.figures import Results
from campaigns.models import Run
from connect.core.models import Tenant
from connect.core.panels import Panel
from reports import report
from reports.rates import Counts


def panels(tenant: Tenant, kind: str, thing: UUID) -> list[Panel]:
    """Give the tabs of a campaign that ran."""
    if kind != "campaign-tab" or not Run.objects.of(tenant).filter(campaign__public_id=thing).exists():
        return []
    labels = {
        "campaign-report": _("Report"),
        "campaign-demographics": _("Demographics"),
        "campaign-recipients": _("People"),
    }
    return [Panel(label, reverse(name, args=[tenant.slug, thing])) for name, label in labels.items()]


def results_of(tenant: Tenant, campaign_ids: Sequence[int]) -> Mapping[int, Results]:
    """Tell what came of campaigns, by their newest run: handed over and not bounced stands for delivered."""
    runs = {run.campaign_id: run for run in Run.objects.of(tenant).filter(campaign_id__in=campaign_ids).order_by("id")}
    counted = report.totals_of(runs.values())
    return {key: _results(counted[run.pk]) for key, run in runs.items()}


def _results(counts: Counts) -> Results:
    return Results(counts.handed_over - counts.bounced, counts.open_rate, counts.click_rate)
