"""The app's pages, below /t/<tenant>/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
