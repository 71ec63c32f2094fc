"""The app's pages, below /t/<tenant>/."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from audiences.views import builder, listing, reach, seeds
from audiences.views.audiences import AUDIENCES
from audiences.views.kinds import AnyKind

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def model_urls(kind: AnyKind, one: str) -> list[URLPattern]:
    """Write the routes of a kind of model: its list, and all that is done to one, whose place in a route `one` is."""

    def of_kind(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def handed(request: HttpRequest, slug: str, **ids: UUID) -> HttpResponse:
            return view(request, slug, kind, *ids.values())

        return handed

    at = f"{kind.folder}/"
    return [
        path(at, require_safe(of_kind(listing.listing)), name=kind.names),
        path(f"{at}new/", get_or_post(of_kind(builder.new)), name=f"{kind.name}-new"),
        path(f"{at}reach/", require_POST(of_kind(reach.draft_reach)), name=f"{kind.name}-draft-reach"),
        path(f"{at}{one}/", require_safe(of_kind(builder.show)), name=kind.name),
        path(f"{at}{one}/save/", require_POST(of_kind(builder.save)), name=f"{kind.name}-save"),
        path(f"{at}{one}/reach/", require_GET(of_kind(reach.reach)), name=f"{kind.name}-reach"),
        path(f"{at}{one}/copy/", require_POST(of_kind(builder.copy)), name=f"{kind.name}-copy"),
        path(f"{at}{one}/archive/", require_POST(of_kind(builder.archive)), name=f"{kind.name}-archive"),
        path(f"{at}{one}/restore/", require_POST(of_kind(builder.restore)), name=f"{kind.name}-restore"),
    ]


urlpatterns: list[URLPattern] = [
    *model_urls(AUDIENCES, "<uuid:audience_id>"),
    path("seeds/", require_safe(seeds.seeds), name="seeds"),
    path("seeds/new/", get_or_post(seeds.new), name="seed-list-new"),
    path("seeds/<uuid:seed_list_id>/", get_or_post(seeds.seed_list), name="seed-list"),
    path("seeds/<uuid:seed_list_id>/delete/", require_POST(seeds.delete), name="seed-list-delete"),
]
