"""Reads of audience models. Models import this; it never imports them."""

from typing import Any, Self

from django.db.models import Count, Q

from connect.core.queries import TenantQuerySet

#: What a list may be sorted by → the columns that do it. The name breaks ties.
ORDERS = {
    "name": ("name",),
    "-name": ("-name",),
    "updated": ("updated_at", "name"),
    "-updated": ("-updated_at", "name"),
}
DEFAULT_ORDER = "-updated"


class ModelQuerySet(TenantQuerySet[Any]):
    """Audience models; segmentation models are read the same way."""

    def live(self) -> Self:
        """Keep those that aren't archived."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        """Keep the archived ones."""
        return self.filter(archived_at__isnull=False)

    def tally(self) -> tuple[int, int]:
        """Count those in use and the archived ones."""
        found = self.aggregate(
            live=Count("pk", Q(archived_at=None)), archived=Count("pk", Q(archived_at__isnull=False))
        )
        return found["live"], found["archived"]

    def named_like(self, text: str) -> Self:
        """Keep those with these letters in their name or description, small or capital."""
        return self.filter(Q(name__icontains=text) | Q(description__icontains=text)) if text else self

    def sorted_by(self, order: str) -> Self:
        """Sort by one of ORDERS."""
        return self.order_by(*ORDERS[order], "pk")
