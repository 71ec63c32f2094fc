"""The business audit log: who did what to which thing, in the same transaction as the deed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from connect.core.models import AuditEntry, Member, Tenant


def audit(
    tenant: Tenant, by: Member | None, did: StrEnum, thing: UUID | None = None, *, now: datetime, **details: Any
) -> None:
    """Write down one deed. `by` is None where a program or the system did it.

    Shape: `details` are JSON values; never a secret, never a customer's address.
    """
    AuditEntry.objects.create(
        tenant=tenant,
        member=by,
        member_name=by.name if by else "",
        did=did.value,
        thing=thing,
        details=details,
        at=now,
    )
