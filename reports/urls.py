"""The reports' pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET

from reports.views import campaign

urlpatterns = [
    path("reports/", require_GET(campaign.reports), name="reports"),
    path("campaigns/<uuid:campaign_id>/report/", require_GET(campaign.campaign_report), name="campaign-report"),
    path(
        "campaigns/<uuid:campaign_id>/demographics/",
        require_GET(campaign.campaign_demographics),
        name="campaign-demographics",
    ),
    path("campaigns/<uuid:campaign_id>/recipients/", require_GET(campaign.campaign_people), name="campaign-recipients"),
]
