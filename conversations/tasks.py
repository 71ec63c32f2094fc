"""Background work of customers and conversations: ids in, one action."""

from datetime import UTC, datetime

from celery import shared_task

from connect.core.models import Tenant
from conversations.actions.dkim_keys import check_dns
from conversations.actions.import_runs import carry_on, open_imports

#: A file of five million lines takes a few minutes.
IMPORT_TIME_LIMIT_SECONDS = 3600


@shared_task
def check_key(tenant_id: int, key_id: int) -> None:
    """Look into DNS for a key's record."""
    check_dns(Tenant.objects.get(pk=tenant_id), key_id, now=datetime.now(UTC))


@shared_task(time_limit=IMPORT_TIME_LIMIT_SECONDS)
def run_import(tenant_id: int, import_id: int) -> None:
    """Check or import a file, as it waits for."""
    carry_on(Tenant.objects.get(pk=tenant_id), import_id, now=datetime.now(UTC))


@shared_task(time_limit=IMPORT_TIME_LIMIT_SECONDS)
def tick() -> None:
    """Go on with imports that no worker holds: their bell was lost, or their worker."""
    for tenant_id, import_id in open_imports():
        carry_on(Tenant.objects.get(pk=tenant_id), import_id, now=datetime.now(UTC))
