"""The app's pages, below /t/<tenant>/."""

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from segments.views import builder, listing, reach

get_or_post = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns: list[URLPattern] = [
    path("segments/", require_safe(listing.segmentations), name="segmentations"),
    path("segments/new/", get_or_post(builder.new), name="segmentation-new"),
    path("segments/reach/", require_POST(reach.draft_reach), name="segmentation-draft-reach"),
    path("segments/<uuid:model_id>/", require_safe(builder.segmentation), name="segmentation"),
    path("segments/<uuid:model_id>/save/", require_POST(builder.save), name="segmentation-save"),
    path("segments/<uuid:model_id>/reach/", require_GET(reach.reach), name="segmentation-reach"),
    path("segments/<uuid:model_id>/copy/", require_POST(builder.copy), name="segmentation-copy"),
    path("segments/<uuid:model_id>/archive/", require_POST(builder.archive), name="segmentation-archive"),
    path("segments/<uuid:model_id>/restore/", require_POST(builder.restore), name="segmentation-restore"),
]
