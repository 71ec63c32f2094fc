"""The roof: puts the floors together."""

from django.apps import AppConfig


class ConnectConfig(AppConfig):
    """Composition: wiring, commands that span apps, the front door."""

    name = "connect"
    verbose_name = "Connect"

    def ready(self) -> None:
        """Wire the floors; an unwired hand-off stops start-up here."""
        from connect import wiring

        wiring.wire()
