"""Single entries: suppress an address, add and remove by hand."""

from datetime import datetime
from typing import Any

from django.db import connection

from connect.core.audit import audit
from connect.core.models import Member, Tenant
from connect.core.rows import new_public_id
from connect.core.tenancy import in_tenant
from conversations.addresses import normalise_email
from suppression.actions.lists import do_ensure_automatic_list
from suppression.did import Did
from suppression.states import EntryKind, Reason

# An entry that already stands for good keeps its first reason and time; one with an end is made to last.
_SUPPRESS = """
    INSERT INTO suppression_entry AS e
        (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, NULL)
    ON CONFLICT (tenant_id, kind, value, suppression_list_id) DO UPDATE
    SET reason = excluded.reason, source = excluded.source, created_at = excluded.created_at, expires_at = NULL
    WHERE e.expires_at IS NOT NULL
    RETURNING public_id
"""


@in_tenant
def do_suppress(
    tenant: Tenant, address: str, *, reason: Reason, source: str, now: datetime, by: Member | None = None
) -> bool:
    """Put an address on the tenant's automatic list, making the list if need be; tell whether anything changed.

    The entry itself keeps reason, source and time; the audit log gets a line where a person did it.
    Errors: Invalid when it is no address.
    """
    listed = do_ensure_automatic_list(tenant, now=now)
    row: list[Any] = [
        tenant.pk,
        new_public_id(),
        listed.pk,
        EntryKind.EMAIL.value,
        normalise_email(address),
        reason.value,
        source[:120],
        now,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SUPPRESS, row)
        entry = cursor.fetchone()
    if entry and by:
        audit(tenant, by, Did.ADDED_ENTRY, entry[0], now=now, list=listed.name, reason=reason.value, source=source)
    return entry is not None
