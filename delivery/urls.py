"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from delivery.views import breakers, console, doubt, pacing, relays, retry

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
RELAY = "delivery/relays/<uuid:relay_id>/"

urlpatterns = [
    path("delivery/", require_GET(console.overview), name="delivery"),
    path("delivery/in-doubt/", require_GET(doubt.in_doubt), name="delivery-in-doubt"),
    path(
        "delivery/runs/<uuid:run_id>/doubt/", require_http_methods(["GET", "POST"])(doubt.propose), name="doubt-propose"
    ),
    path("delivery/doubts/<uuid:doubt_id>/confirm/", require_POST(doubt.confirm), name="doubt-confirm"),
    path("delivery/doubts/<uuid:doubt_id>/refuse/", require_POST(doubt.refuse), name="doubt-refuse"),
    path("delivery/rejected/", require_GET(console.rejected), name="delivery-rejected"),
    path("delivery/runs/<uuid:run_id>/retry/", require_POST(retry.retry), name="run-retry"),
    path("delivery/pacing/", require_GET(pacing.pacing), name="pacing"),
    path(
        "delivery/pacing/receiver/",
        get_or_post(pacing.receiver),
        name="pace-receiver",
    ),
    path("delivery/pacing/let-go/", require_POST(pacing.let_go), name="pace-let-go"),
    path(
        "delivery/pacing/conversations/<uuid:conversation_id>/",
        get_or_post(pacing.conversation),
        name="pace-conversation",
    ),
    path("delivery/breakers/", require_GET(breakers.breakers), name="breakers"),
    path("delivery/breakers/limits/", require_POST(breakers.change_limits), name="breaker-limits"),
    path("delivery/relays/", require_GET(relays.relays), name="relays"),
    path("delivery/relays/new/", get_or_post(relays.new), name="relay-new"),
    path(RELAY, require_GET(relays.relay), name="relay"),
    path(f"{RELAY}edit/", get_or_post(relays.edit), name="relay-edit"),
    path(f"{RELAY}remove/", require_POST(relays.remove), name="relay-remove"),
    path(f"{RELAY}try/", require_POST(relays.try_it), name="relay-try"),
    path("delivery/customers/<uuid:customer_id>/", require_GET(console.timeline), name="delivery-timeline"),
    path("delivery/campaigns/<uuid:campaign_id>/", require_GET(console.progress), name="delivery-progress"),
]
