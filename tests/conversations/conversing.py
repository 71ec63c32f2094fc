"""Conversations for tests, made by the product's own action."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from connect.core.models import Department, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.conversations import Identity, make_conversation
from conversations.models import Conversation


def identity(tenant: Tenant, **changes: Any) -> Identity:
    """News of Northwind, with changes."""
    with open_tenant(tenant):
        department = Department.objects.of(tenant).order_by("pk")[0]
    news = Identity(
        name="News",
        department=department.public_id,
        from_name="Northwind Outfitters",
        from_email="hello@news.northwind.example",
        postal_address="1 Harbour Road\nHalifax NS",
        default_language="en-CA",
        default_zone="America/Halifax",
        reply_to="care@northwind.example",
        footer="You get this because you asked for it.",
    )
    return replace(news, **changes)


def a_conversation(tenant: Tenant, told: Identity | None = None, *, now: datetime) -> Conversation:
    """Make a conversation."""
    return make_conversation(tenant, told or identity(tenant), by=None, now=now)
