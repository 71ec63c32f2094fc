"""Write down that somebody took a list out of the house."""

from datetime import datetime
from uuid import UUID

from connect.core.audit import audit
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from suppression.did import Did
from suppression.models import SuppressionList


@in_tenant
def note_export(tenant: Tenant, list_id: UUID, *, by: Member, now: datetime) -> SuppressionList:
    """Put an export into the audit log, and hand out the list.

    Errors: SuppressionList.DoesNotExist.
    """
    listed = SuppressionList.objects.of(tenant).public(list_id)
    audit(tenant, by, Did.EXPORTED_ENTRIES, list_id, now=now, list=listed.name)
    return listed
