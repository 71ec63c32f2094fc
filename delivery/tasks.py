"""What the queue may ask of delivery. Losing any of these is harmless: the next round finds what is left."""

import time
from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings

from connect.core.models import Tenant
from delivery.actions import drain as draining
from delivery.actions import flush as flushing
from delivery.actions import plan as planning
from delivery.actions import relays as relaying
from delivery.actions import rounds

#: A drain that has claimed its last message waits so long for slow servers, keeping its leases.
DRAIN_TIME_LIMIT_SECONDS = 900
PLAN_SECONDS = 45
FLUSH_SECONDS = 20


@shared_task(name="delivery.tasks.plan_run")
def plan_run(tenant_id: int, run_id: int) -> None:
    """Write a run's messages."""
    tenant = Tenant.objects.get(pk=tenant_id)
    planning.plan_run(tenant, run_id, now=datetime.now(UTC), until=time.monotonic() + PLAN_SECONDS)


@shared_task(name="delivery.tasks.drain", time_limit=DRAIN_TIME_LIMIT_SECONDS)
def drain(tenant_id: int, run_id: int) -> None:
    """Hand over what is due, for a while."""
    tenant = Tenant.objects.get(pk=tenant_id)
    draining.drain_and_ring(tenant, run_id, until=time.monotonic() + settings.SEND_SLICE_SECONDS)


@shared_task(name="delivery.tasks.try_relay")
def try_relay(tenant_id: int, relay_id: int) -> None:
    """Try a relay."""
    relaying.try_relay(Tenant.objects.get(pk=tenant_id), relay_id, now=datetime.now(UTC))


@shared_task(name="delivery.tasks.tick")
def tick() -> None:
    """Make the rounds."""
    rounds.make_rounds(now=datetime.now(UTC))


@shared_task(name="delivery.tasks.flush")
def flush() -> None:
    """Write down the clicks and opens that wait."""
    flushing.flush(until=time.monotonic() + FLUSH_SECONDS)
