"""Write a run's messages: the plan query in pages of 50,000 members, each page one transaction with the run's cursor.

A page that was planned isn't planned again, whoever dies: the cursor moves in the transaction that inserts. Duplicate
addresses are found by the unique index, in the order of customer ids, and become exclusions.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from campaigns.actions.runs import do_planned
from campaigns.frozen import from_json
from campaigns.models import Run
from campaigns.plan import plan_query
from campaigns.states import RunState
from connect.core import fence
from connect.core.errors import WrongState
from connect.core.handoff import Bell, ring
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.pacing import keep_rate
from delivery.actions.places import free_places, taken_places
from delivery.actions.seeds import plan_seeds
from delivery.lanes import lane_map
from delivery.models import Pace

PAGE_MEMBERS = 50_000
CHUNK_MESSAGES = 200

# A chunk takes its number with its first message, and a window hands it on: joining CTEs, whose sizes the planner can't
# know, ends in nested loops over all of them.
_PAGE = f"""
), laned AS (
    SELECT p.*, coalesce(%s::jsonb ->> p.domain, '') AS lane FROM plan p WHERE p.reason IS NULL
), placed AS (
    SELECT p.*, row_number() OVER (PARTITION BY p.not_before, p.lane ORDER BY p.customer_id) - 1 AS place
    FROM laned p
), opened AS MATERIALIZED (
    SELECT p.*, CASE WHEN p.place %% {CHUNK_MESSAGES} = 0 THEN nextval('delivery_chunk_id_seq') END AS opens
    FROM placed p
), inserted AS (
    INSERT INTO delivery_message (tenant_id, month, run_id, chunk_id, customer_id, segment_id, language, revision_id,
                                  address, domain, not_before, not_after, quiet_at, values)
    SELECT %s, %s, %s, max(o.opens) OVER (PARTITION BY o.not_before, o.lane ORDER BY o.place),
           o.customer_id, o.segment_id, o.language, o.revision_id, o.address, o.domain,
           o.not_before, o.not_after, o.quiet_at, o.values
    FROM opened o
    ORDER BY o.customer_id
    ON CONFLICT (tenant_id, month, run_id, trigger, kind, channel, address) WHERE kind = 'main' DO NOTHING
    RETURNING customer_id, chunk_id, not_before, domain
), chunks AS (
    INSERT INTO delivery_chunk (id, tenant_id, run_id, month, next_at, total, lease_token, is_seed,
                                accepted, rejected, in_doubt, skipped, expired, cancelled, lane)
    SELECT i.chunk_id, %s, %s, %s, i.not_before, count(*), 0, false, 0, 0, 0, 0, 0, 0,
           coalesce(%s::jsonb ->> min(i.domain), '')
    FROM inserted i GROUP BY i.chunk_id, i.not_before
), excluded AS (
    INSERT INTO campaigns_exclusion (tenant_id, run_id, customer_id, reason)
    SELECT %s, %s, p.customer_id, coalesce(p.reason, 'duplicate')
    FROM plan p
    WHERE p.reason <> 'filtered'
       OR p.reason IS NULL AND NOT EXISTS (SELECT FROM inserted i WHERE i.customer_id = p.customer_id)
    ON CONFLICT DO NOTHING
)
SELECT count(*), count(*) FILTER (WHERE p.reason = 'filtered'), (SELECT count(*) FROM inserted), max(p.customer_id)
FROM plan p
"""


@dataclass(frozen=True)
class Planned:
    """What one page came to. `last` is None after the last page."""

    members: int
    filtered: int
    recipients: int
    last: int | None


def plan_run(tenant: Tenant, run_id: int, *, now: datetime, until: float | None = None) -> bool:
    """Plan a run to its end, or until the clock (`time.monotonic`) says `until`; tell whether it is planned.

    A run that isn't being planned, or that somebody else is planning at this moment, is left alone; so is any while the
    restore fence is closed.
    """
    _make_month(tenant, run_id)
    keep_rate(tenant, run_id)
    while until is None or time.monotonic() < until:
        planned = _plan_next(tenant, run_id)
        if planned is None:
            return False
        if planned:
            _analyse(tenant, run_id)
            return _finish(tenant, run_id, now)
    ring(Bell.RUN_STARTED, tenant.pk, run_id)
    return False


@in_tenant
def _plan_next(tenant: Tenant, run_id: int) -> bool | None:
    """Plan one page; tell whether there was none left. None: the run isn't ours to plan."""
    planning = Run.objects.of(tenant).filter(pk=run_id, state=RunState.PLANNING)
    run = planning.select_for_update(skip_locked=True).first()
    if run is None or not fence.holds():
        return None
    page = _plan_page(run)
    if page.last is None:
        return True
    plan_seeds(tenant, run, from_json(run.frozen).seeds, last=page.last)
    planning.update(
        plan_cursor=page.last,
        members=F("members") + page.members,
        filtered=F("filtered") + page.filtered,
        recipients=F("recipients") + page.recipients,
    )
    return False


def _make_month(tenant: Tenant, run_id: int) -> None:
    """Make the partition, in a transaction of its own: that locks the table for a moment."""
    with open_tenant(tenant):
        month = Run.objects.of(tenant).values_list("month", flat=True).get(pk=run_id)
    run_sql(Sql("SELECT make_month(%s)", (month,)))


def _analyse(tenant: Tenant, run_id: int) -> None:
    """Let the planner know a month's table before messages go.

    It holds nothing until its first run; autovacuum comes by a minute later, and until then the sender's statements, in
    which the planner takes a large table for one row, cost twenty times as much.
    """
    with open_tenant(tenant):
        month = Run.objects.of(tenant).values_list("month", flat=True).get(pk=run_id)
    run_sql(Sql("SELECT analyse_month(%s)", (month,)))


def _plan_page(run: Run) -> Planned:
    own = (run.tenant_id, run.month, run.pk)
    chunk = (run.tenant_id, run.pk, run.month)
    plan = plan_query(run, after=run.plan_cursor, limit=PAGE_MEMBERS)
    lanes = json.dumps(lane_map(Pace.objects.of(run.tenant).own_lanes()))
    sql = "WITH plan AS MATERIALIZED (" + plan + Sql(_PAGE, (lanes, *own, *chunk, lanes, run.tenant_id, run.pk))
    [(members, filtered, recipients, last)] = rows(sql)
    return Planned(members, filtered, recipients, last)


@in_tenant
def _finish(tenant: Tenant, run_id: int, now: datetime) -> bool:
    run = Run.objects.of(tenant).get(pk=run_id)
    try:
        do_planned(tenant, run_id, members=run.members, filtered=run.filtered, recipients=run.recipients, now=now)
    except WrongState:  # somebody paused or cancelled it at this moment
        return False
    # One bell rings with that; the other senders needn't wait for the next round.
    for _ in range(free_places(tenant, taken_places()) - 1):
        ring(Bell.SEND_DUE, tenant.pk, run_id)
    return True
