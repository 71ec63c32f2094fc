"""What customers meet: links, pixel and unsubscribe page, below /."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
