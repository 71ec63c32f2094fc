"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from suppression.views import entries, lists, standing

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
LIST = "suppression/<uuid:list_id>/"
CONVERSATION = "suppression/of-conversation/<uuid:conversation_id>/"

urlpatterns = [
    path("suppression/", require_GET(lists.lists), name="suppression"),
    path("suppression/new/", get_or_post(lists.new), name="suppression-new"),
    path("suppression/check/", require_GET(standing.check), name="suppression-check"),
    path(LIST, require_GET(lists.one_list), name="suppression-list"),
    path(f"{LIST}edit/", get_or_post(lists.edit), name="suppression-list-edit"),
    path(f"{LIST}delete/", require_POST(lists.delete), name="suppression-list-delete"),
    path(f"{LIST}export/", require_POST(lists.export), name="suppression-list-export"),
    path(f"{LIST}import/", get_or_post(entries.bring_in), name="suppression-import"),
    path(f"{LIST}import/<uuid:file_id>/", require_GET(entries.one_import), name="suppression-import-one"),
    path(f"{LIST}add/", require_POST(entries.add), name="suppression-add"),
    path(f"{LIST}entries/<uuid:entry_id>/remove/", require_POST(entries.remove), name="suppression-remove"),
    path(CONVERSATION, require_GET(standing.of_conversation), name="suppression-of-conversation"),
    path(f"{CONVERSATION}apply/", require_POST(standing.apply), name="suppression-apply"),
    path(f"{CONVERSATION}<uuid:list_id>/take-off/", require_POST(standing.take_off), name="suppression-take-off"),
    path(
        "suppression/of-customer/<uuid:customer_id>/",
        require_GET(standing.of_customer),
        name="suppression-of-customer",
    ),
]
