"""Reads of customers, conversations and what hangs on them. Models import this; it never imports them."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from connect.core.queries import TenantQuerySet

#: Room for letters whose small form is longer.
NAME_KEY_CHARACTERS = 240
#: Sorts after every character of a text.
LAST = "\U0010ffff"


class NameKey(models.Func):
    """Last and first name in small letters, from a column of attributes; what search and sorting by name go by."""

    template = (
        "lower(left(btrim(coalesce(%(expressions)s ->> 'last_name', '') || ' '"
        " || coalesce(%(expressions)s ->> 'first_name', '')), 120))"
    )
    output_field = models.CharField()


class AttributeQuerySet(TenantQuerySet[Any]):
    """Declared attributes, interests and preferences."""

    def in_order(self) -> Self:
        """Order them as people read them."""
        return self.order_by("kind", "label", "name")


class CustomerQuerySet(TenantQuerySet[Any]):
    """Customers. Searches compare plain columns by their order, for that is what an index may serve here."""

    def search(self, typed: str) -> Self:
        """Keep those whose customer id, address or last name begins with what was typed."""
        words = typed.lower().split()
        if not words:
            return self
        names = {" ".join(words), " ".join(reversed(words))}
        wanted = _begins("external_id", typed.strip()) | _begins("email_key", "".join(words))
        for name in names:
            wanted |= _begins("name_key", name)
        return self.filter(wanted)


def _begins(field: str, text: str) -> Q:
    """Write "begins with" as a range: `LIKE` isn't leakproof, so row-level security would keep it from the index."""
    bounds: dict[str, Any] = {f"{field}__gte": text, f"{field}__lt": text + LAST}
    return Q(**bounds)
