"""Every address of Connect: the front door, the customers' pages, and each tenant's console below /t/<slug>/."""

from django.conf import settings
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from connect import errors as error_pages
from connect import mailbox, metrics, search, views
from connect.core.patterns import patterns

APPS = ["conversations", "audiences", "suppression", "segments", "content", "campaigns", "delivery", "reports"]

urlpatterns = [
    path("", views.door, name="door"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("connect.core.urls_public")),
    path("", include("delivery.urls_public")),
    path("t/<slug:slug>/", views.home, name="home"),
    path("t/<slug:slug>/", include("connect.core.urls")),
    path("t/<slug:slug>/search/", search.search, name="search"),
    path("t/<slug:slug>/mailbox/", mailbox.mailbox, name="mailbox"),
    path("t/<slug:slug>/mailbox/<int:number>/", mailbox.mail, name="mail"),
    path("t/<slug:slug>/mailbox/<int:number>/html/", mailbox.mail_html, name="mail-html"),
    *[path("t/<slug:slug>/", include(f"{app}.urls")) for app in APPS],
]

if settings.DEBUG:
    urlpatterns += [path("_patterns/", patterns, name="patterns"), *staticfiles_urlpatterns()]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.server_error
