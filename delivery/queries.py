"""What may be asked about messages, chunks and events."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.functions import Now

from connect.core.queries import TenantQuerySet

if TYPE_CHECKING:
    from delivery.models import Chunk


class ChunkQuerySet(TenantQuerySet["Chunk"]):
    """Reads of chunks."""

    def open(self) -> "ChunkQuerySet":
        """Keep those that still hold something to do."""
        return self.filter(Q(next_at__isnull=False) | Q(lease_until__isnull=False))

    def of_run(self, run_id: int) -> "TenantQuerySet[Chunk]":
        """Keep those of one run."""
        return self.filter(run_id=run_id)

    def months_to_drain(self) -> list[date]:
        """List the months in which something is due or a sender has gone, the oldest first."""
        due = self.filter(Q(next_at__lte=Now(), lease_until__isnull=True) | Q(lease_until__lt=Now()))
        return list(due.order_by("month").values_list("month", flat=True).distinct())


class PaceQuerySet(TenantQuerySet[Any]):
    """Reads of paces."""

    def own_lanes(self) -> list[str]:
        """List the domains that people paced by themselves."""
        return list(self.filter(kind="domain").exclude(per_minute=None, connections=None).values_list("key", flat=True))
