"""The app's entry in Django's registry."""

from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    """See the floor plan in docs/floors.md."""

    name = "suppression"
