"""Background work of customers and conversations: ids in, one action."""

from datetime import UTC, datetime

from celery import shared_task

from connect.core.models import Tenant
from conversations.actions.dkim_keys import check_dns


@shared_task
def check_key(tenant_id: int, key_id: int) -> None:
    """Look into DNS for a key's record."""
    check_dns(Tenant.objects.get(pk=tenant_id), key_id, now=datetime.now(UTC))
