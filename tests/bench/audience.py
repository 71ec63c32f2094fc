"""P5: from audience to messages, over the same by hand, and over writing the plan down without index or books."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from django.db import connection, connections

from campaigns.plan import plan_query
from connect.core.tenancy import tenant as open_tenant
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.cast import Furnished
from tests.bench.crowd import Planned
from tests.bench.figures import Figure

TURNS = 3
AS_TABLE_GOAL = 0.25


def measure(bench: Bench) -> Sequence[Figure]:
    """Plan, write by hand and create as a table, in turns."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(crowd.sql("by_hand_table"))
    ours, hand, table, size = [], [], [], 0
    for turn in range(TURNS):
        planned = crowd.plan(bench.crowd, f"Audience {turn}")
        size = planned.run.recipients
        ours.append(planned.seconds)
        hand.append(_by_hand(bench.crowd, planned))
        table.append(_as_table(bench.crowd, planned))
        crowd.drop(bench.crowd, planned)
    rate = f"{size / median(ours):,.0f} messages/s"
    by_hand = f"{rate} of {size / median(hand):,.0f}/s, with chunks, exclusions and books"
    return [
        Figure(median(hand) / median(ours), size, by_hand),
        Figure(
            median(table) / median(ours),
            size,
            f"{rate} of {size / median(table):,.0f}/s by CREATE TABLE AS",
            part="b",
            goal=AS_TABLE_GOAL,
        ),
    ]


def _by_hand(crowded: Furnished, planned: Planned) -> float:
    run = planned.run
    values: dict[str, Any] = {
        "tenant": crowded.cast.tenant.pk,
        "conversation": run.conversation_id,
        "month": run.month,
        "run": run.pk,
    }
    with open_tenant(crowded.cast.tenant), connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_message")
        return crowd.timed(lambda: cursor.execute(crowd.sql("by_hand"), values))


def _as_table(crowded: Furnished, planned: Planned) -> float:
    with open_tenant(crowded.cast.tenant), connection.cursor() as cursor:
        query = "CREATE TEMPORARY TABLE bench_plan ON COMMIT DROP AS " + plan_query(planned.run, after=0, limit=10**9)
        return crowd.timed(lambda: cursor.execute(query.text, query.params))
