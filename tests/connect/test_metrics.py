"""The figures for Prometheus: exact, over all tenants, and for those alone who may read them."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from connect.core.models import Department, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.places import place
from delivery.actions.plan import plan_run
from delivery.models import Pace
from tests.delivery.factories import Cast, make_customers, make_run

pytestmark = pytest.mark.django_db
TOKEN = "t" * 16


def sample(name: str, **labels: str) -> str:
    return f"{name}{{{','.join(f'{label}={text!r}' for label, text in labels.items())}}}".replace("'", '"')


def read() -> dict[str, float]:
    answer = Client().get("/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def settle(cast: Cast, state: str, name: str, ago: str = "1 second", code: str = "") -> None:
    with open_tenant(cast.tenant):
        asked = (
            "UPDATE delivery_message SET state = %s, code = %s, settled_at = now() - %s::interval WHERE address = %s"
        )
        run_sql(Sql(asked, (state, code, ago, name)))


@pytest.fixture
def going(tenant: Tenant, department: Department, now: datetime) -> Cast:
    """A run of two receivers: one chunk of Google's in a sender's hands, one of others just released."""
    cast = make_run(tenant, department, now=now, customers=5)
    with open_tenant(tenant):
        make_customers(tenant, cast.conversation, 3, now=now, prefix="g", domain="gmail.com")
    assert plan_run(tenant, cast.run.pk, now=now)
    settle(cast, "accepted", "c1@inbox.example")
    settle(cast, "delivered", "c2@inbox.example")
    settle(cast, "rejected", "c3@inbox.example")
    settle(cast, "in_doubt", "c4@inbox.example")
    settle(cast, "queued", "c5@inbox.example", code="451 4.7.1")
    settle(cast, "accepted", "g1@gmail.com")
    settle(cast, "accepted", "g2@gmail.com", ago="2 minutes")
    with open_tenant(tenant):
        run_sql(Sql("UPDATE delivery_chunk SET released_at = now(), in_doubt = 1, next_at = now() - interval '90 s'"))
        lease = "UPDATE delivery_chunk SET lease_until = now() + interval '20 s', in_doubt = 0, released_at = NULL"
        run_sql(Sql(lease + " WHERE lane = 'google'"))
    return cast


def test_the_figures_are_exact(going: Cast) -> None:
    here = str(going.tenant.public_id)
    found = read()
    oldest = found.pop(sample("connect_oldest_due_seconds", tenant=here, receiver="others"))
    assert 90 <= oldest < 100
    counts = {("others", "accepted"): 2, ("others", "rejected"): 1, ("others", "in_doubt"): 1, ("others", "put_off"): 1}
    counts[("google", "accepted")] = 1
    assert found == {
        **{
            sample("connect_messages_last_minute", tenant=here, receiver=receiver, state=state): count
            for (receiver, state), count in counts.items()
        },
        sample("connect_due_chunks", tenant=here, receiver="others"): 1,
        sample("connect_leases", tenant=here, receiver="google"): 1,
        sample("connect_messages_in_doubt", tenant=here, receiver="others"): 1,
        "connect_senders": 0,
        "connect_stalled_tenants": 0,
        "connect_fence_open": 1,
        "connect_tracked_waiting": 0,
        "connect_tracked_oldest_seconds": 0,
    }


def test_no_name_and_no_address_stands_in_them(going: Cast, neighbour: Tenant) -> None:
    text = Client().get("/metrics").text
    for word in (going.tenant.name, going.tenant.slug, going.campaign.name, "@", neighbour.name, "News"):
        assert word not in text
    assert set(re.findall(r"^# TYPE \S+ (\w+)$", text, flags=re.MULTILINE)) == {"gauge"}


def test_senders_at_work_and_a_closed_fence_are_seen(tenant: Tenant, settings: Any) -> None:
    settings.SEND_EPOCH = 9
    with place(tenant):
        found = read()
    assert (found["connect_senders"], found["connect_fence_open"]) == (1, 0)


def test_what_waits_by_a_limit_or_a_pause_isnt_due(going: Cast) -> None:
    with open_tenant(going.tenant):
        Pace.objects.create(tenant=going.tenant, kind="domain", key="", level=1)
        run_sql(Sql("UPDATE delivery_pace SET slow_until = now() + interval '1 minute'"))
    assert [name for name in read() if "due" in name] == []


@pytest.mark.parametrize(
    ("token", "asked", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "10.0.0.7"}, 404),
        ("", {"REMOTE_ADDR": ""}, 404),
        ("", {"headers": {"X-Forwarded-For": "127.0.0.1"}}, 404),
        ("", {"headers": {"Forwarded": "for=127.0.0.1"}}, 404),
        (TOKEN, {}, 404),
        (TOKEN, {"headers": {"Authorization": f"Bearer {TOKEN}x"}}, 404),
        (TOKEN, {"headers": {"Authorization": "Bearer "}}, 404),
        (TOKEN, {"headers": {"Authorization": f"Bearer {TOKEN}"}, "REMOTE_ADDR": "10.0.0.7"}, 200),
    ],
)
def test_only_this_machine_or_a_token_reads_them(
    db: None, settings: Any, token: str, asked: dict[str, Any], status: int
) -> None:
    settings.METRICS_TOKEN = token
    answer = Client().get("/metrics", **asked)
    assert answer.status_code == status
    assert (b"connect_" in answer.content) == (status == 200)
