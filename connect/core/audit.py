"""The business audit log: who did what to which thing, in the same transaction as the deed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from connect.core.models import AuditEntry, Member, Tenant, User

#: How an operator of the installation stands in a tenant's log, behind their name.
OPERATOR = "operator"


def audit(
    tenant: Tenant, by: Member | User | None, did: StrEnum, thing: UUID | None = None, *, now: datetime, **details: Any
) -> None:
    """Write down one deed. `by` is a user where an operator did it, and None where a program or the system did.

    Shape: `details` are JSON values; never a secret, never a customer's address.
    """
    AuditEntry.objects.create(
        tenant=tenant,
        member=by if isinstance(by, Member) else None,
        member_name=_name(by),
        did=did.value,
        thing=thing,
        details=details,
        at=now,
    )


def _name(by: Member | User | None) -> str:
    if isinstance(by, User):
        return f"{(by.name or by.email)[:100]} ({OPERATOR})"
    return by.name if by else ""
