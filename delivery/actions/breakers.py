"""Pause runs by themselves where a limit is passed, and set the limits."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from campaigns.actions.runs import do_pause
from campaigns.models import Run
from campaigns.states import RunState
from connect.core.audit import audit
from connect.core.errors import Invalid, StaleVersion, WrongState
from connect.core.formats import number, percent
from connect.core.models import Member, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from delivery.breakers import Counted, Limits, Passed, Sign, passed
from delivery.did import Did
from delivery.models import BreakerLimits, BreakerTrip
from delivery.words import SIGNS

FEWEST_FIRST, MOST_FIRST = 100, 100_000

# Chunks tell what was attempted; a chunk in hand is counted once it is released, so that a limit is met a little early.
_ATTEMPTED = """
SELECT coalesce(sum(k.accepted + k.rejected), 0), coalesce(sum(k.rejected), 0)
FROM delivery_chunk k WHERE k.tenant_id = %s AND k.run_id = %s AND NOT k.is_seed
"""
_BAD = """
SELECT count(*) FILTER (WHERE e.kind = 'bounced' AND e.details @> '{"hard": true}'),
       count(*) FILTER (WHERE e.kind = 'bounced' AND e.details @> '{"hard": true, "answered": true}'),
       count(DISTINCT e.message_id) FILTER (WHERE e.kind = 'complained'),
       count(DISTINCT e.message_id) FILTER (WHERE e.kind = 'unsubscribed')
FROM delivery_event e
WHERE e.tenant_id = %s AND e.month = %s AND e.run_id = %s AND e.kind IN ('bounced', 'complained', 'unsubscribed')
"""


@in_tenant
def check_breakers(tenant: Tenant, run_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Pause those of these runs that pass a limit; list them. A run that isn't sending is left alone."""
    runs = list(Run.objects.of(tenant).filter(pk__in=set(run_ids), state=RunState.SENDING))
    limits = limits_of(tenant) if runs else Limits()
    stopped = []
    for run in runs:
        counted = count(tenant, run)
        before = BreakerTrip.objects.of(tenant).filter(run_id=run.pk).order_by("id")
        since = {Sign(trip.sign): (trip.bad, trip.attempted) for trip in before}
        if (over := passed(counted, limits, since)) and _stop(tenant, run, over, counted, now=now):
            stopped.append(run.pk)
    return stopped


@in_tenant
def set_limits(tenant: Tenant, limits: Limits, *, version: int, by: Member, now: datetime) -> BreakerLimits:
    """Set a tenant's limits.

    Shape: `version` is the one that was on the screen, 0 where none were set.
    Errors: Invalid naming `first` or a sign; StaleVersion.
    """
    faults = {}
    if not FEWEST_FIRST <= limits.first <= MOST_FIRST:
        span = {"least": number(FEWEST_FIRST), "most": number(MOST_FIRST)}
        faults["first"] = _("Enter a number from %(least)s to %(most)s.") % span
    for sign, share in limits.percent.items():
        if not Decimal(0) < share <= Decimal(100):
            faults[sign.value] = _("Enter a percentage above 0, up to 100; leave it empty to mind nothing.")
    if faults:
        raise Invalid(faults)
    kept = BreakerLimits.objects.of(tenant).select_for_update().first()
    if (kept.version if kept else 0) != version:
        raise StaleVersion(kept)
    values = {"first": limits.first, **{sign.value: limits.percent.get(sign) for sign in Sign}}
    if kept:
        BreakerLimits.objects.of(tenant).filter(pk=kept.pk).update(version=version + 1, updated_at=now, **values)
    else:
        BreakerLimits.objects.create(tenant=tenant, created_at=now, updated_at=now, **values)
    shown = {name: str(value) if value is not None else None for name, value in values.items()}
    audit(tenant, by, Did.SET_BREAKER_LIMITS, now=now, limits=shown)
    return BreakerLimits.objects.of(tenant).get()


def limits_of(tenant: Tenant) -> Limits:
    """Read a tenant's limits; without any of its own, ours."""
    kept = BreakerLimits.objects.of(tenant).first()
    if kept is None:
        return Limits()
    percents = {sign: getattr(kept, sign.value) for sign in Sign}
    return Limits(kept.first, {sign: share for sign, share in percents.items() if share is not None})


def count(tenant: Tenant, run: Run) -> Counted:
    """Count a run's messages that met a definite answer, and what speaks against it. Wants the tenant open.

    A refusal is a rejection that says nothing about the address: the receiving side doesn't want us.
    """
    [(attempted, rejected)] = rows(Sql(_ATTEMPTED, (tenant.pk, run.pk)))
    [(hard, answered, complained, left)] = rows(Sql(_BAD, (tenant.pk, run.month, run.pk)))
    return Counted(
        int(attempted),
        {
            Sign.HARD_BOUNCES: hard,
            Sign.COMPLAINTS: complained,
            Sign.UNSUBSCRIBES: left,
            Sign.REFUSALS: max(int(rejected) - answered, 0),
        },
    )


def _stop(tenant: Tenant, run: Run, over: Passed, counted: Counted, *, now: datetime) -> bool:
    words = {
        "what": SIGNS[over.sign],
        "share": percent(over.bad / over.of, 2),
        "bad": number(over.bad),
        "of": number(over.of),
        "limit": percent(float(over.limit) / 100, 2),
    }
    reason = _("%(what)s %(share)s (%(bad)s of %(of)s), limit %(limit)s") % words
    with suppress(WrongState):  # somebody stopped it at this moment
        do_pause(tenant, run.pk, reason=reason, now=now)
        BreakerTrip.objects.create(
            tenant=tenant,
            run_id=run.pk,
            sign=over.sign,
            bad=counted.bad[over.sign],
            attempted=counted.attempted,
            at=now,
        )
        return True
    return False
