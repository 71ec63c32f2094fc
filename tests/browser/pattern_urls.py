"""The site, and /_patterns/ beside it, which is otherwise only there where DEBUG is on."""

from django.urls import path

from connect.core.patterns import patterns
from connect.urls import urlpatterns as site

urlpatterns = [path("_patterns/", patterns, name="patterns"), *site]
