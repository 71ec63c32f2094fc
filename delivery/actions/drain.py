"""Drain a tenant's due messages in this process, for a while: what a sender task does.

Who holds one of the tenant's few places drains; the others leave at once, so that bells may be rung at will.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from campaigns.models import Run
from connect.core import fence
from connect.core.handoff import Bell, ring
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.breakers import check_breakers
from delivery.actions.care import look_after
from delivery.actions.next_hops import known_relays, known_relays_now, note_relay
from delivery.actions.places import place
from delivery.actions.rounds import finish_runs
from delivery.models import Chunk
from delivery.senders.compose import RunComposer
from delivery.senders.engine import Tally
from delivery.senders.letters import Job, Lease, Letter
from delivery.senders.pipe import Lost
from delivery.senders.relays import Relays
from delivery.senders.runs import composer_of
from delivery.senders.telling import TellingEngine

log = structlog.get_logger(__name__)

#: Where no relay is there for longer than this, nothing is claimed: the next round tries again.
BRIEFLY_SECONDS = 1.0


def drain(tenant: Tenant, *, until: float) -> Tally:
    """Hand over what is due until the clock (`time.monotonic`) says `until`, or until nothing is due.

    Nothing while the restore fence is closed; the sender's statements ask it again for each message.

    Errors: Lost when PostgreSQL stays away.
    """
    total = Tally(exhausted=True)
    if not fence.holds():
        log.warning("drain.fenced", tenant=tenant.pk)
        return total
    with place(tenant) as has_place:
        if not has_place:
            return total
        for month in _months(tenant):
            relays = _relays(tenant)
            if relays.away_seconds() > BRIEFLY_SECONDS:
                total.unreachable = relays.known[0].why
                break
            sender = _sender(tenant, month, relays)
            tally = sender.run(until)
            _sum_up(tenant, sender)
            total.outcomes.update(tally.outcomes)
            total.ticks += tally.ticks
            total.exhausted = total.exhausted and tally.exhausted
            total.unreachable = total.unreachable or tally.unreachable
    if total.unreachable:
        log.warning("drain.unreachable", tenant=tenant.pk, why=total.unreachable)
    return total


def drain_and_ring(tenant: Tenant, run_id: int, *, until: float) -> None:
    """Drain, finish the runs that are done, and ring for the next drain where this one stopped before the end."""
    tally = drain(tenant, until=until)
    finish_runs(tenant, now=datetime.now(UTC))
    if not tally.exhausted and not tally.unreachable:
        ring(Bell.SEND_DUE, tenant.pk, run_id)


def _relays(tenant: Tenant) -> Relays:
    return Relays(
        known_relays(tenant),
        time.monotonic(),
        read=lambda: known_relays_now(tenant),
        note=lambda note: note_relay(tenant, note),
    )


def _sum_up(tenant: Tenant, sender: TellingEngine) -> None:
    """Write one line for each run into the log: what became of its messages in this drain."""
    if not sender.by_run:
        return
    with open_tenant(tenant):
        runs = Run.objects.of(tenant).filter(pk__in={run_id for run_id, _state in sender.by_run})
        names = dict(runs.values_list("pk", "public_id"))
    for run_id, public_id in names.items():
        outcomes = {state: count for (of, state), count in sorted(sender.by_run.items()) if of == run_id}
        log.info("drain.done", tenant=tenant.pk, run=run_id, run_id=str(public_id), **outcomes)


def _sender(tenant: Tenant, month: date, relays: Relays) -> TellingEngine:
    return TellingEngine(
        tenant.pk,
        month.isoformat(),
        relays,
        _Composers(tenant),
        connections=settings.SMTP_CONNECTIONS,
        look_after=lambda leases: _look_after(tenant, month, leases),
    )


class _Composers:
    """Composes for whatever run a message belongs to; each run is read once a drain."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._runs: dict[int, RunComposer] = {}

    def compose(self, job: Job) -> Letter | None:
        """Render, all but the signature.

        Errors: Lost when PostgreSQL is away.
        """
        run = self._runs.get(job.lease.run_id)
        if run is None:
            with _lost_where_away():
                run = self._runs[job.lease.run_id] = composer_of(self._tenant, job.lease.run_id)
        return run.compose(job)


def _look_after(tenant: Tenant, month: date, leases: Sequence[Lease]) -> None:
    with _lost_where_away():
        look_after(tenant, month, [lease.chunk_id for lease in leases], now=datetime.now(UTC))
        check_breakers(tenant, {lease.run_id for lease in leases}, now=datetime.now(UTC))


@contextmanager
def _lost_where_away() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()
        raise Lost(str(error)) from error


def _months(tenant: Tenant) -> list[date]:
    with open_tenant(tenant):
        return Chunk.objects.of(tenant).months_to_drain()
