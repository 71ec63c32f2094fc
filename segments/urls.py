"""The app's pages, below /t/<tenant>/: those of any kind of model."""

from django.urls import URLPattern

from audiences.urls import model_urls
from segments.views.segmentations import SEGMENTATIONS

urlpatterns: list[URLPattern] = model_urls(SEGMENTATIONS, "<uuid:model_id>")
