"""The app's pages, below /t/<tenant>/."""

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.views import builder, campaign, content, listing, review

get_or_post = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns: list[URLPattern] = [
    path("campaigns/", require_GET(listing.campaigns), name="campaigns"),
    path("campaigns/filters/", require_POST(listing.keep_filter), name="campaign-filters"),
    path(
        "campaigns/filters/<uuid:filter_id>/remove/",
        require_POST(listing.forget_filter),
        name="campaign-filter-remove",
    ),
    path("campaigns/new/", get_or_post(builder.new), name="campaign-new"),
    path("campaigns/<uuid:campaign_id>/", require_GET(campaign.campaign), name="campaign"),
    path("campaigns/<uuid:campaign_id>/information/", get_or_post(builder.information), name="campaign-information"),
    path("campaigns/<uuid:campaign_id>/audience/", get_or_post(builder.audience), name="campaign-audience"),
    path("campaigns/<uuid:campaign_id>/content/", get_or_post(content.content), name="campaign-content"),
    path(
        "campaigns/<uuid:campaign_id>/content/<str:segment>/<str:language>/",
        get_or_post(content.cell),
        name="campaign-cell",
    ),
    path("campaigns/<uuid:campaign_id>/schedule/", get_or_post(builder.schedule), name="campaign-schedule"),
    path("campaigns/<uuid:campaign_id>/review/", get_or_post(review.ask), name="campaign-review"),
    path("campaigns/<uuid:campaign_id>/review/take-back/", require_POST(review.take_back), name="campaign-take-back"),
    path("campaigns/<uuid:campaign_id>/count/", require_POST(campaign.count), name="campaign-count"),
    path("campaigns/<uuid:campaign_id>/people/", require_GET(campaign.people), name="campaign-people"),
    path("campaigns/<uuid:campaign_id>/history/", require_GET(campaign.history), name="campaign-history"),
    path("campaigns/<uuid:campaign_id>/copy/", require_POST(campaign.copy), name="campaign-copy"),
    path("campaigns/<uuid:campaign_id>/archive/", require_POST(campaign.archive), name="campaign-archive"),
    path("campaigns/<uuid:campaign_id>/launch/", require_POST(campaign.launch), name="campaign-launch"),
    path("campaigns/<uuid:campaign_id>/pause/", require_POST(campaign.pause), name="campaign-pause"),
    path("campaigns/<uuid:campaign_id>/resume/", require_POST(campaign.resume), name="campaign-resume"),
    path("campaigns/<uuid:campaign_id>/cancel/", require_POST(campaign.cancel), name="campaign-cancel"),
    path("review/", require_GET(review.queue), name="review"),
    path("review/<uuid:campaign_id>/", require_GET(review.item), name="review-item"),
    path("review/<uuid:campaign_id>/decide/", require_POST(review.decide), name="review-decide"),
    path("review/<uuid:campaign_id>/comment/", require_POST(review.comment), name="review-comment"),
]
