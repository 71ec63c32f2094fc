"""`manage.py fence`: after the database was restored by other means, put in doubt whatever may have gone."""

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from connect.core import fence
from connect.embedded import services
from delivery.actions.fence import count_up, doubt_everything


class Command(BaseCommand):
    """Count the restore fence up on both sides."""

    help = (
        "After the database came back from a snapshot or a standby: nothing that may have gone since goes again by"
        " itself. Every unfinished message that is due is in doubt afterwards."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Close the fence, put in doubt, open it again."""
        now = datetime.now(UTC)
        with services(settings.HOME) if settings.IS_EMBEDDED else nullcontext():
            epoch = count_up(now=now)
            done = doubt_everything(now=now)
        self.stdout.write(f"In doubt: {done.messages:,} messages of {done.runs:,} runs; campaigns held: {done.held:,}.")
        if fence.write_outside(epoch):
            self.stdout.write(f"The fence is at {epoch}; senders go on.")
        else:
            self.stdout.write(f"Nothing is sent until SEND_EPOCH={epoch} is set and all processes are restarted.")
