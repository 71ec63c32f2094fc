"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversations.views import attributes, conversations, customers, dkim_keys, imports

get_or_post = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("conversations/", require_GET(conversations.conversations), name="conversations"),
    path("conversations/preview/", require_POST(conversations.preview), name="conversation-preview"),
    path("conversations/new/", get_or_post(conversations.new), name="conversation-new"),
    path("conversations/<uuid:conversation_id>/", require_GET(conversations.conversation), name="conversation"),
    path("conversations/<uuid:conversation_id>/edit/", get_or_post(conversations.edit), name="conversation-edit"),
    path(
        "conversations/<uuid:conversation_id>/archive/",
        require_POST(conversations.archive),
        name="conversation-archive",
    ),
    path(
        "conversations/<uuid:conversation_id>/restore/",
        require_POST(conversations.restore),
        name="conversation-restore",
    ),
    path("conversations/<uuid:conversation_id>/reach/", require_GET(conversations.reach), name="conversation-reach"),
    path("conversations/<uuid:conversation_id>/keys/", require_GET(dkim_keys.keys), name="dkim-keys"),
    path("conversations/<uuid:conversation_id>/keys/make/", require_POST(dkim_keys.make), name="dkim-key-make"),
    path("conversations/keys/<uuid:key_id>/check/", require_POST(dkim_keys.check), name="dkim-key-check"),
    path("conversations/keys/<uuid:key_id>/start/", require_POST(dkim_keys.start), name="dkim-key-start"),
    path("conversations/keys/<uuid:key_id>/stop/", require_POST(dkim_keys.stop), name="dkim-key-stop"),
    path("conversations/keys/<uuid:key_id>/remove/", require_POST(dkim_keys.remove), name="dkim-key-remove"),
    path("customers/", require_GET(customers.customers), name="customers"),
    path("customers/new/", get_or_post(customers.new), name="customer-new"),
    path("customers/imports/", require_GET(imports.imports), name="imports"),
    path("customers/imports/upload/", require_POST(imports.upload), name="import-upload"),
    path("customers/imports/<uuid:import_id>/", require_GET(imports.one), name="import"),
    path("customers/imports/<uuid:import_id>/columns/", require_POST(imports.map_columns), name="import-map"),
    path("customers/imports/<uuid:import_id>/start/", require_POST(imports.start), name="import-start"),
    path("customers/imports/<uuid:import_id>/faults/", require_GET(imports.faults), name="import-faults"),
    path("customers/<uuid:customer_id>/", require_GET(customers.customer), name="customer"),
    path("customers/<uuid:customer_id>/edit/", get_or_post(customers.edit), name="customer-edit"),
    path("customers/<uuid:customer_id>/consent/", require_POST(customers.consent), name="customer-consent"),
    path("admin/attributes/", require_GET(attributes.attributes), name="attributes"),
    path("admin/attributes/declare/", require_POST(attributes.declare), name="attribute-declare"),
    path("admin/attributes/<uuid:attribute_id>/", get_or_post(attributes.attribute), name="attribute"),
]
