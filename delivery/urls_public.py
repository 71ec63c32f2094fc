"""What customers meet: links, pixel and unsubscribe page, below /."""

from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from delivery.views import tracking

urlpatterns = [
    path("c/<str:token>", require_safe(tracking.click), name="track-click"),
    path("o/<str:token>.gif", require_safe(tracking.pixel), name="track-open"),
    path(
        "u/<str:token>", require_http_methods(["GET", "HEAD", "POST"])(tracking.unsubscribe), name="track-unsubscribe"
    ),
]
