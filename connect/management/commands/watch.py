"""`manage.py watch`: do what is due without Celery's broker, wherever nobody else does."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from connect.watch import Watch


class Command(BaseCommand):
    """Watch, until SIGTERM."""

    help = "Start, plan and hand over what is due and what nobody does, as while Redis is away. Needs PostgreSQL alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how many may send at once."""
        parser.add_argument(
            "--senders",
            type=int,
            default=settings.SENDERS_PER_TENANT,
            help="how many child processes may hand over at once: one a core is best",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Watch."""
        Watch(options["senders"]).run()
