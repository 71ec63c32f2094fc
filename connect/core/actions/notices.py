"""Mark a member's notices as read."""

from datetime import datetime

from connect.core.audit import audit
from connect.core.did import Did
from connect.core.models import Member, Notice, Tenant
from connect.core.tenancy import in_tenant


@in_tenant
def read_notices(tenant: Tenant, *, by: Member, up_to: datetime, now: datetime) -> int:
    """Mark what the member was shown as read: nothing that came after `up_to`. Tells how many."""
    shown = Notice.objects.of(tenant).filter(member=by, read_at=None, at__lte=up_to)
    count = shown.update(read_at=now)
    if count:
        audit(tenant, by, Did.READ_NOTICES, now=now, count=count)
    return count
