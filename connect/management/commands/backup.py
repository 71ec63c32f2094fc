"""`manage.py backup FILE`: dump the database into one file."""

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connect.dumps import DumpFailed, back_up
from connect.embedded import services


class Command(BaseCommand):
    """Back up the database; senders and people go on meanwhile."""

    help = "Dump the database into FILE. Uploaded files and the keys of the environment are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        with services(settings.HOME) if settings.IS_EMBEDDED else nullcontext():
            try:
                size = back_up(options["file"])
            except (DumpFailed, OSError) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{options['file']}: {size:,} octets")
