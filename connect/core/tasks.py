"""Background work of the ground floor: ids in, one action."""

from datetime import UTC, datetime

from celery import shared_task

from connect.core.actions.invitations import mail_invitation
from connect.core.models import Tenant


@shared_task
def send_invitation(tenant_id: int, member_id: int) -> None:
    """Mail the invitation that a member waits for. A lost call costs a click on “Invite again”."""
    mail_invitation(Tenant.objects.get(pk=tenant_id), member_id, now=datetime.now(UTC))
