"""The app's pages, below /t/<tenant>/."""

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from audiences.views import builder, listing, reach, seeds

get_or_post = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns: list[URLPattern] = [
    path("audiences/", require_safe(listing.audiences), name="audiences"),
    path("audiences/new/", get_or_post(builder.new), name="audience-new"),
    path("audiences/reach/", require_POST(reach.draft_reach), name="audience-draft-reach"),
    path("audiences/<uuid:audience_id>/", require_safe(builder.audience), name="audience"),
    path("audiences/<uuid:audience_id>/save/", require_POST(builder.save), name="audience-save"),
    path("audiences/<uuid:audience_id>/reach/", require_GET(reach.reach), name="audience-reach"),
    path("audiences/<uuid:audience_id>/copy/", require_POST(builder.copy), name="audience-copy"),
    path("audiences/<uuid:audience_id>/archive/", require_POST(builder.archive), name="audience-archive"),
    path("audiences/<uuid:audience_id>/restore/", require_POST(builder.restore), name="audience-restore"),
    path("seeds/", require_safe(seeds.seeds), name="seeds"),
    path("seeds/new/", get_or_post(seeds.new), name="seed-list-new"),
    path("seeds/<uuid:seed_list_id>/", get_or_post(seeds.seed_list), name="seed-list"),
    path("seeds/<uuid:seed_list_id>/delete/", require_POST(seeds.delete), name="seed-list-delete"),
]
