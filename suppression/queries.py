"""Reads of suppression lists and their entries. Models import this; it never imports them."""

from collections import Counter
from typing import TYPE_CHECKING, Self

from django.db.models import Count, Q

from connect.core.queries import TenantQuerySet
from suppression.values import keys_of

if TYPE_CHECKING:
    from suppression.models import Application, Entry, SuppressionList  # noqa: F401 - named in the bases below


class EntryQuerySet(TenantQuerySet["Entry"]):
    """Reads of entries."""

    def on(self, listed: "SuppressionList") -> Self:
        """Keep the entries of one list."""
        return self.filter(suppression_list=listed)

    def naming(self, address: str) -> Self:
        """Keep the entries that name a normalised address in any way: itself, its domain, its hashes."""
        wanted = Q()
        for key in keys_of(address):
            wanted |= Q(kind=key.kind, value=key.value)
        return self.filter(wanted)

    def by_reason(self) -> Counter[str]:
        """Count by reason."""
        return Counter(dict(self.order_by().values_list("reason").annotate(count=Count("*"))))

    def by_list(self) -> Counter[int]:
        """Count by list."""
        return Counter(dict(self.order_by().values_list("suppression_list_id").annotate(count=Count("*"))))

    def page(self, size: int, *, after: int = 0, before: int = 0) -> "Page":
        """Take one page, newest first: those after a key in this order, or before one, or the first."""
        if before:
            found = list(self.filter(pk__gt=before).order_by("pk")[: size + 1])
            return Page(found[:size][::-1], earlier=len(found) > size, later=True)
        mine = self.filter(pk__lt=after) if after else self
        found = list(mine.order_by("-pk")[: size + 1])
        return Page(found[:size], earlier=bool(after), later=len(found) > size)


class Page:
    """Entries in sight, and the keys from which the list goes on either way; 0 where it doesn't."""

    def __init__(self, entries: "list[Entry]", *, earlier: bool, later: bool) -> None:
        self.entries = entries
        self.before = entries[0].pk if entries and earlier else 0
        self.after = entries[-1].pk if entries and later else 0


class ApplicationQuerySet(TenantQuerySet["Application"]):
    """Reads of which list is applied where."""

    def by_list(self) -> Counter[int]:
        """Count conversations by list."""
        return Counter(dict(self.order_by().values_list("suppression_list_id").annotate(count=Count("*"))))
