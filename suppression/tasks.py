"""Background work of suppression: ids in, one action."""

from datetime import UTC, datetime

from celery import shared_task

from connect.core.models import Tenant
from suppression.actions.import_runs import carry_on, open_entry_imports

#: A file of two million lines takes a few minutes.
IMPORT_TIME_LIMIT_SECONDS = 3600


@shared_task(time_limit=IMPORT_TIME_LIMIT_SECONDS)
def run_import(tenant_id: int, import_id: int) -> None:
    """Put a file on its list."""
    carry_on(Tenant.objects.get(pk=tenant_id), import_id, now=datetime.now(UTC))


@shared_task(time_limit=IMPORT_TIME_LIMIT_SECONDS)
def tick() -> None:
    """Go on with files that no worker holds: their bell was lost, or their worker."""
    for tenant_id, import_id in open_entry_imports():
        carry_on(Tenant.objects.get(pk=tenant_id), import_id, now=datetime.now(UTC))
