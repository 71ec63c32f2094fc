"""The app's pages, below /t/<tenant>/."""

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST, require_safe

from audiences.views import builder, listing, reach

urlpatterns: list[URLPattern] = [
    path("audiences/", require_safe(listing.audiences), name="audiences"),
    path("audiences/new/", builder.new, name="audience-new"),
    path("audiences/reach/", require_POST(reach.draft_reach), name="audience-draft-reach"),
    path("audiences/<uuid:audience_id>/", require_safe(builder.audience), name="audience"),
    path("audiences/<uuid:audience_id>/save/", require_POST(builder.save), name="audience-save"),
    path("audiences/<uuid:audience_id>/reach/", require_GET(reach.reach), name="audience-reach"),
    path("audiences/<uuid:audience_id>/copy/", require_POST(builder.copy), name="audience-copy"),
    path("audiences/<uuid:audience_id>/archive/", require_POST(builder.archive), name="audience-archive"),
    path("audiences/<uuid:audience_id>/restore/", require_POST(builder.restore), name="audience-restore"),
    # Seed lists.
]
