"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from delivery.views import breakers, console

urlpatterns = [
    path("delivery/", require_GET(console.overview), name="delivery"),
    path("delivery/in-doubt/", require_GET(console.in_doubt), name="delivery-in-doubt"),
    path("delivery/rejected/", require_GET(console.rejected), name="delivery-rejected"),
    path("delivery/breakers/", require_GET(breakers.breakers), name="breakers"),
    path("delivery/breakers/limits/", require_POST(breakers.change_limits), name="breaker-limits"),
    path("delivery/customers/<uuid:customer_id>/", require_GET(console.timeline), name="delivery-timeline"),
    path("delivery/campaigns/<uuid:campaign_id>/", require_GET(console.progress), name="delivery-progress"),
]
