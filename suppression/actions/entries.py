"""Single entries: suppress an address, add and remove by hand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.rows import new_public_id
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable, normalise_email
from suppression.actions.lists import access_as_tenant_admin, do_ensure_automatic_list
from suppression.did import Did
from suppression.models import Entry, SuppressionList
from suppression.reading import SOURCE_CHARACTERS
from suppression.states import EntryKind, Reason
from suppression.values import Value, read_value

# An entry that already stands as long keeps its first reason and time; one with an earlier end is made to last.
# Where it had ended, it is in force anew: since now.
PROLONG = """
    ON CONFLICT (tenant_id, kind, value, suppression_list_id) DO UPDATE
    SET reason = excluded.reason, source = excluded.source, expires_at = excluded.expires_at,
        created_at = CASE WHEN e.expires_at <= excluded.created_at THEN excluded.created_at ELSE e.created_at END
    WHERE e.expires_at IS NOT NULL AND (excluded.expires_at IS NULL OR excluded.expires_at > e.expires_at)
"""
_PUT = f"""
    INSERT INTO suppression_entry AS e
        (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    {PROLONG}
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
    value = Value(EntryKind.EMAIL, normalise_email(address))
    entry_id = _put(listed, value, reason=reason, source=source, expires_at=None, now=now)
    if entry_id and by:
        audit(tenant, by, Did.ADDED_ENTRY, entry_id, now=now, list=listed.name, kind=value.kind, reason=reason)
    return entry_id is not None


@in_tenant
def add_entry(
    tenant: Tenant,
    list_id: UUID,
    *,
    value: str,
    reason: Reason,
    source: str = "",
    expires_at: datetime | None = None,
    by: Member | None,
    now: datetime,
) -> Entry:
    """Add an address, a domain or a hash to a list, or make an entry that ends last longer.

    Errors: SuppressionList.DoesNotExist; Invalid naming the field, also where the entry stands already.
    """
    listed = SuppressionList.objects.of(tenant).public(list_id)
    read = read_value(value)
    if expires_at and expires_at <= now:
        raise Invalid({"expires_at": _("The end lies in the past.")})
    entry_id = _put(listed, read, reason=reason, source=source, expires_at=expires_at, now=now)
    if entry_id is None:
        raise Invalid({"value": _("It stands on this list already.")})
    audit(tenant, by, Did.ADDED_ENTRY, entry_id, now=now, list=listed.name, kind=read.kind, reason=reason)
    return Entry.objects.of(tenant).public(entry_id)


@in_tenant
def remove_entry(tenant: Tenant, list_id: UUID, entry_id: UUID, *, by: Member | None, now: datetime) -> Entry:
    """Take an entry off its list, and hand out what it was.

    Errors: Entry.DoesNotExist; Forbidden unless `by` is an admin of the whole tenant.
    """
    entry = Entry.objects.of(tenant).select_for_update().get(public_id=entry_id, suppression_list__public_id=list_id)
    access_as_tenant_admin(by)
    Entry.objects.of(tenant).filter(pk=entry.pk).delete()
    since = entry.created_at.isoformat()
    details = {"kind": entry.kind, "reason": entry.reason, "source": entry.source, "since": since}
    audit(tenant, by, Did.REMOVED_ENTRY, entry_id, now=now, list=str(list_id), **details)
    return entry


def _put(
    listed: SuppressionList, value: Value, *, reason: Reason, source: str, expires_at: datetime | None, now: datetime
) -> UUID | None:
    told = check_storable(source, "source")[:SOURCE_CHARACTERS]
    row: list[Any] = [
        listed.tenant_id,
        new_public_id(),
        listed.pk,
        value.kind.value,
        value.value,
        reason.value,
        told,
        now,
        expires_at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PUT, row)
        found = cursor.fetchone()
    return found[0] if found else None
