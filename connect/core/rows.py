"""The shapes that a tenant's tables are made of: bases and the foreign key that stays inside the tenant."""

import secrets
import uuid
from typing import Any

from django.db import models

from connect.core.queries import TenantQuerySet


def new_public_id() -> uuid.UUID:
    """Draw a random 128-bit id for URLs, mails and the API."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A reference that can't leave the tenant: the constraint `(tenant_id, x_id)` is made by `ProtectTables`."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **options: Any) -> None:
        options.setdefault("related_name", "+")
        options["db_constraint"] = False
        options["db_index"] = False
        super().__init__(to, on_delete, **options)


class TenantRow(models.Model):
    """A row that belongs to one tenant; `ProtectTables` makes the constraint."""

    tenant = models.ForeignKey("core.Tenant", models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


class PublicRow(TenantRow):
    """A tenant's row that URLs may name, by its random public id."""

    public_id = models.UUIDField(default=new_public_id, editable=False)

    class Meta:
        abstract = True


class EditedRow(PublicRow):
    """A row that people edit: a stale save meets `version` and is refused."""

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
