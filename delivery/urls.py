"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET

from delivery.views import console

urlpatterns = [
    path("delivery/", require_GET(console.overview), name="delivery"),
    path("delivery/in-doubt/", require_GET(console.in_doubt), name="delivery-in-doubt"),
    path("delivery/rejected/", require_GET(console.rejected), name="delivery-rejected"),
    path("delivery/customers/<uuid:customer_id>/", require_GET(console.timeline), name="delivery-timeline"),
    path("delivery/campaigns/<uuid:campaign_id>/", require_GET(console.progress), name="delivery-progress"),
]
