"""Reads of customers, conversations and what hangs on them. Models import this; it never imports them."""

from typing import TYPE_CHECKING

from connect.core.queries import TenantQuerySet

if TYPE_CHECKING:
    from conversations.models import Attribute


class AttributeQuerySet(TenantQuerySet["Attribute"]):
    """Declared attributes, interests and preferences."""
