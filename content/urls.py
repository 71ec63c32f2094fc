"""The app's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content.views import contents, drafts, editor, preview, revisions

require_form = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("content/", require_GET(contents.contents), name="contents"),
    path("content/new/", require_form(contents.new), name="content-new"),
    path("content/revisions/<uuid:revision_id>/html/", require_GET(preview.revision_html), name="revision-html"),
    path("content/revisions/<uuid:revision_id>/text/", require_GET(preview.revision_text), name="revision-text"),
    path("content/<uuid:content_id>/", require_GET(editor.content), name="content"),
    path("content/<uuid:content_id>/draft/", require_POST(drafts.draft), name="content-draft"),
    path("content/<uuid:content_id>/draft/html/", require_POST(drafts.draft_html), name="content-draft-html"),
    path("content/<uuid:content_id>/save/", require_POST(editor.save), name="content-save"),
    path("content/<uuid:content_id>/rename/", require_POST(contents.rename), name="content-rename"),
    path("content/<uuid:content_id>/copy/", require_POST(contents.copy), name="content-copy"),
    path("content/<uuid:content_id>/archive/", require_POST(contents.archive), name="content-archive"),
    path("content/<uuid:content_id>/restore/", require_POST(contents.restore), name="content-restore"),
    path("content/<uuid:content_id>/preview/", require_GET(preview.preview), name="content-preview"),
    path("content/<uuid:content_id>/revisions/", require_GET(revisions.revisions), name="content-revisions"),
    path("content/<uuid:content_id>/compare/", require_GET(revisions.compared), name="content-compare"),
]
