"""The statements by which all senders keep one limit: each slot is taken once, a day's share ends with the day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.models import Pace
from delivery.senders.statements import STATEMENTS

pytestmark = pytest.mark.django_db
MONTH = date(2026, 3, 1)


def ask(tenant: Tenant, name: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one of the sender's statements, which count their parameters."""
    connection.ensure_connection()
    with open_tenant(tenant), psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(STATEMENTS[name].encode(), [tenant.pk, MONTH, *values])
        return cursor.fetchall() if cursor.description else []


def pace(tenant: Tenant, key: str = "google", kind: str = "domain", **values: Any) -> Pace:
    with open_tenant(tenant):
        return Pace.objects.create(tenant=tenant, kind=kind, key=key, **values)


def stored(tenant: Tenant, key: str = "google") -> Pace:
    with open_tenant(tenant):
        return Pace.objects.get(key=key)


def today() -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def rounded(found: Sequence[tuple[Any, ...]]) -> list[tuple[float, float, int]]:
    return [(round(start, 3), round(spacing, 3), count) for start, spacing, count in found]


def test_slots_follow_each_other_whoever_takes_them(tenant: Tenant) -> None:
    """All within one transaction, in which `now()` stands still."""
    pace(tenant, per_minute=120)
    assert rounded(ask(tenant, "take", "domain", "google", 2)) == [(0.0, 0.5, 2)]
    assert rounded(ask(tenant, "take", "domain", "google", 4)) == [(1.0, 0.5, 4)]
    assert rounded(ask(tenant, "take", "domain", "google", 8)) == [(3.0, 0.5, 8)]
    assert ask(tenant, "take", "domain", "google", 1) == [], "nobody takes what begins in more than five seconds"


def test_another_kind_another_key_and_a_neighbour_have_their_own(tenant: Tenant, neighbour: Tenant) -> None:
    pace(tenant, per_minute=60)
    pace(tenant, key="7", kind="run", per_minute=60)
    assert ask(neighbour, "take", "domain", "google", 1) == []
    assert ask(tenant, "take", "conversation", "google", 1) == []
    assert rounded(ask(tenant, "take", "run", "7", 1)) == [(0.0, 1.0, 1)]
    assert rounded(ask(tenant, "take", "domain", "google", 1)) == [(0.0, 1.0, 1)]


def test_a_warm_up_doubles_each_day_up_to_its_most(tenant: Tenant) -> None:
    pace(tenant, key="1", kind="conversation", daily_first=50, daily_since=today() - timedelta(days=2), daily_most=180)
    assert rounded(ask(tenant, "take", "conversation", "1", 150)) == [(0.0, 0.0, 150)]
    assert rounded(ask(tenant, "take", "conversation", "1", 150)) == [(0.0, 0.0, 30)]
    [(seconds, _spacing, count)] = ask(tenant, "take", "conversation", "1", 10)
    assert count == 0
    assert 0 < seconds <= 86_400
    kept = stored(tenant, "1")
    assert (kept.day, kept.day_count) == (today(), 180)
    assert kept.slow_until is not None
    assert kept.slow_until.date() == today() + timedelta(days=1)
    assert ask(tenant, "limits")[0][:2] == ("conversation", "1")


def test_a_new_day_begins_at_nothing(tenant: Tenant) -> None:
    yesterday = today() - timedelta(days=1)
    pace(tenant, key="1", kind="conversation", daily_first=50, daily_since=yesterday, day=yesterday, day_count=50)
    assert rounded(ask(tenant, "take", "conversation", "1", 200)) == [(0.0, 0.0, 100)]


def test_a_lane_that_pauses_is_written_down_once_and_eased(tenant: Tenant, now: datetime) -> None:
    pace(tenant, per_minute=60, connections=2)
    lanes, said = ["google", "slow.example"], ["450 slow down", "421 busy"]
    ask(tenant, "slow", lanes, [15.0, 30.0], [1, 2], said)
    ask(tenant, "slow", lanes[:1], [5.0], [1], said[:1])
    found = {key: (per_minute, connections, round(pause), level) for _, key, per_minute, connections, _, pause, level
             in ask(tenant, "limits")}  # fmt: skip
    assert found == {"google": (60, 2, 15, 1), "slow.example": (None, None, 30, 2)}
    ask(tenant, "ease", lanes)
    assert [(row[1], row[5], row[6]) for row in ask(tenant, "limits")] == [("google", 0.0, 0)]
    assert stored(tenant, "slow.example").said == ""
