"""The bell and the beat of campaigns: due ones start. The rows are the promise; a lost call costs seconds."""

from datetime import UTC, datetime

from celery import shared_task
from django.db import connection

from campaigns.actions import launch, void
from connect.core.models import Tenant


@shared_task
def start_due(tenant_id: int, campaign_id: int) -> None:
    """Answer the bell for one campaign that was launched for now."""
    launch.start_due(Tenant.objects.get(pk=tenant_id), campaign_id=campaign_id, now=datetime.now(UTC))


@shared_task
def tick() -> None:
    """Look over all tenants for due campaigns, and for approvals that a shared model's change has voided."""
    start_all_due(now=datetime.now(UTC))


def start_all_due(*, now: datetime) -> None:
    """Look over all tenants: what the tick does, whoever asks for it."""
    for tenant in Tenant.objects.filter(pk__in=tenants_with_due_campaigns(now)).order_by("pk"):
        void.check_approvals(tenant, now=now)
        launch.start_due(tenant, now=now)


def tenants_with_due_campaigns(at: datetime) -> list[int]:
    """List the keys of tenants in which something is due; the one look over all of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenants_with_due_campaigns(%s)", [at])
        return [key for (key,) in cursor.fetchall()]
