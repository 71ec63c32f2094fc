"""`manage.py restore FILE`: put a backup in the place of the database, so that nothing goes again by itself."""

from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from connect.dumps import DumpFailed, restore
from connect.embedded import services


class Command(BaseCommand):
    """Restore a backup. The former database is kept under another name."""

    help = (
        "Restore FILE in place of the database. Who was suppressed or left since stays so; messages that may have gone"
        " since are in doubt and never go again by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say what came of it."""
        if not options["file"].is_file():
            raise CommandError(f"{options['file']} isn't there")
        with services(settings.HOME) if settings.IS_EMBEDDED else nullcontext():
            try:
                done = restore(options["file"], now=datetime.now(UTC))
            except (DumpFailed, psycopg.Error, DatabaseError) as error:
                raise CommandError(f"nothing was changed: {error}") from error
        self.stdout.write(
            f"Restored. Carried over: {done.carried.suppressions:,} suppressions, {done.carried.unsubscribes:,}"
            f" unsubscribes, {len(done.carried.vanished):,} of customers who came since."
        )
        self.stdout.write(
            f"In doubt: {done.fenced.messages:,} messages of {done.fenced.runs:,} runs; campaigns held:"
            f" {done.fenced.held:,}."
        )
        if done.kept:
            self.stdout.write(f"The former database is kept as {done.kept}; drop it when it isn't needed any more.")
        if not done.follows:
            self.stdout.write(f"Nothing is sent until SEND_EPOCH={done.epoch} is set and all processes are restarted.")
