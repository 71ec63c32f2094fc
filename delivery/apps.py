"""The app's entry in Django's registry."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """See the floor plan in docs/floors.md."""

    name = "delivery"
