"""What a server refuses: a 4xx waits and goes again, a 5xx ends it, and a dead mailbox is bounced out once."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.care import look_after
from delivery.senders.engine import Tally
from tests.delivery.factories import Cast, make_run
from tests.faults.conftest import let_waits_end, messages, open_chunks, run_state, states
from tests.faults.receiver import Receiver, Step
from tests.plugins.database import TestServices

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]

C1, C2, C3 = (f"c{number}@inbox.example" for number in (1, 2, 3))


def events(cast: Cast) -> list[tuple[str, str, str]]:
    asked = Sql(
        "SELECT m.address, e.kind, e.details ->> 'code' FROM delivery_event e JOIN delivery_message m"
        " ON m.tenant_id = e.tenant_id AND m.month = e.month AND m.id = e.message_id ORDER BY 1, 2"
    )
    with open_tenant(cast.tenant):
        return [(str(address), str(kind), str(code)) for address, kind, code in rows(asked)]


def suppressions(cast: Cast) -> list[tuple[str, str, str]]:
    with open_tenant(cast.tenant):
        return [
            (str(value), str(reason), str(source))
            for value, reason, source in rows(Sql("SELECT value, reason, source FROM suppression_entry ORDER BY value"))
        ]


def subscription_states(cast: Cast) -> Counter[str]:
    with open_tenant(cast.tenant):
        return Counter(state for (state,) in rows(Sql("SELECT state FROM conversations_subscription")))


@pytest.mark.parametrize("stage", ["rcpt", "data", "content"])
def test_a_4xx_waits_and_then_arrives_once(planned: Planned, send_to: SendTo, stage: str) -> None:
    cast = planned(3)
    with Receiver(script={C2: [Step(stage, "451 4.7.1 come back later")]}) as receiver:
        send_to(receiver, cast)
        assert states(cast) == {"accepted": 2, "queued": 1}
        [(code, reply, attempts, waits)] = messages(
            cast, "code, reply, attempt_no, not_before - now() BETWEEN '40 s' AND '75 s'", f"address = '{C2}'"
        )
        assert (code, reply, attempts, waits) == ("451 4.7.1", "451 4.7.1 come back later", 1, True)
        assert (open_chunks(cast), run_state(cast)) == (1, "sending")
        send_to(receiver, cast)
        assert states(cast) == {"accepted": 2, "queued": 1}, "it doesn't go before its time"
        let_waits_end(cast)
        send_to(receiver, cast)
        answered = Counter(copy.recipient for copy in receiver.copies if copy.answer.startswith("250"))
    assert answered == Counter([C1, C2, C3])
    assert states(cast) == {"accepted": 3}
    assert events(cast) == [(C2, "deferred", "451 4.7.1")]
    assert run_state(cast) == "finished"


@pytest.mark.parametrize("stage", ["rcpt", "data", "content"])
def test_a_5xx_ends_it_and_the_next_message_goes_on_the_same_connection(
    planned: Planned, send_to: SendTo, stage: str
) -> None:
    cast = planned(3)
    with Receiver(script={C2: [Step(stage, "554 5.7.1 we don't want this")]}) as receiver:
        send_to(receiver, cast, connections=1)
        assert {connection for connection, _ in receiver.commands} == {1}
        answered = Counter(copy.recipient for copy in receiver.copies if copy.answer.startswith("250"))
    assert answered == Counter([C1, C3])
    assert messages(cast, "state, code, reason", f"address = '{C2}'") == [("rejected", "554 5.7.1", "")]
    assert (suppressions(cast), events(cast)) == ([], [])
    assert subscription_states(cast) == {"subscribed": 3}
    assert run_state(cast) == "finished"


def test_refused_mail_commands_wait_or_end(planned: Planned, send_to: SendTo) -> None:
    cast = planned(3)
    with Receiver(answers={"mail": ["450 4.3.2 busy", "550 5.7.1 not you"]}) as receiver:
        send_to(receiver, cast, connections=1)
        assert len(receiver.copies) == 1
    assert states(cast) == {"accepted": 1, "queued": 1, "rejected": 1}
    assert suppressions(cast) == []


def test_a_dead_mailbox_is_suppressed_and_bounced_out_once(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(3)
    with Receiver(script={C2: [Step("rcpt", "550 5.1.1 no such user")]}) as receiver:
        send_to(receiver, cast)
    assert messages(cast, "state, code, reason", f"address = '{C2}'") == [("rejected", "550 5.1.1", "bounced_out")]
    assert suppressions(cast) == [(C2, "hard_bounce", "smtp 550 5.1.1")]
    assert subscription_states(cast) == {"subscribed": 2, "bounced_out": 1}
    assert events(cast) == [(C2, "bounced", "550 5.1.1")]
    [chunk] = {chunk for (chunk,) in messages(cast, "chunk_id")}
    look_after(cast.tenant, cast.run.month, [chunk], now=now)
    assert events(cast) == [(C2, "bounced", "550 5.1.1")]


def test_who_dies_between_the_refusal_and_the_suppression_leaves_it_to_the_next(
    planned: Planned, send_to: SendTo
) -> None:
    cast = planned(2)
    with open_tenant(cast.tenant):
        rows(
            Sql(
                "UPDATE delivery_message SET state = 'rejected', reason = 'no_mailbox', code = '550 5.1.1'"
                " WHERE address = %s RETURNING 1",
                (C2,),
            )
        )
    with Receiver() as receiver:
        send_to(receiver, cast)
    assert suppressions(cast) == [(C2, "hard_bounce", "smtp 550 5.1.1")]
    assert run_state(cast) == "finished"


def test_a_seeds_dead_mailbox_bounces_nobody_out(planned: Planned, send_to: SendTo) -> None:
    cast = planned(1, seeds=["ada@seeds.example"])
    with Receiver(script={"ada@seeds.example": [Step("rcpt", "550 5.1.1 no such user")]}) as receiver:
        send_to(receiver, cast)
    assert (suppressions(cast), subscription_states(cast)) == ([], {"subscribed": 1})


def test_who_is_put_off_until_the_expiry_ends_as_expired(
    committed_db: TestServices, tenant: Tenant, department: Department, send_to: SendTo, now: datetime
) -> None:
    from django.db import connection

    from delivery.actions.plan import plan_run

    with connection.cursor() as cursor:
        cursor.execute("SELECT now() + interval '30 seconds'")
        expires_at = cursor.fetchone()[0]
    cast = make_run(tenant, department, now=now, customers=2, expires_at=expires_at)
    assert plan_run(tenant, cast.run.pk, now=now)
    with Receiver(script={C2: [Step("rcpt", "451 4.7.1 later")]}) as receiver:
        send_to(receiver, cast)
    assert messages(cast, "state, reason, code") == [
        ("accepted", "", "250 2.0.0"),
        ("expired", "deferred", "451 4.7.1"),
    ]
    assert run_state(cast) == "finished"


def test_what_comes_too_late_is_never_rendered(planned: Planned, send_to: SendTo) -> None:
    cast = planned(3)
    with open_tenant(cast.tenant):
        rows(Sql("UPDATE delivery_message SET not_after = now() WHERE address = %s RETURNING 1", (C1,)))
    with Receiver() as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter([C2, C3])
    assert messages(cast, "state, reason", f"address = '{C1}'") == [("expired", "too_late")]


def test_a_quiet_window_moves_what_waits_to_its_end(
    committed_db: TestServices, tenant: Tenant, department: Department, send_to: SendTo, now: datetime
) -> None:
    from datetime import UTC, time

    from django.db import connection

    from delivery.actions.plan import plan_run

    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        clock: datetime = cursor.fetchone()[0]
    begins, ends = clock - timedelta(hours=1), clock + timedelta(hours=1)
    window = (time(begins.hour, begins.minute), time(ends.hour, ends.minute))
    started = clock - timedelta(hours=2)
    cast = make_run(tenant, department, now=started, quiet=window)
    from tests.delivery.factories import make_customers

    with open_tenant(tenant):
        make_customers(tenant, cast.conversation, 2, now=now, zone="UTC")
        make_customers(tenant, cast.conversation, 1, now=now, zone="Asia/Tokyo", prefix="t")
    assert plan_run(tenant, cast.run.pk, now=now)
    with Receiver() as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(["t1@inbox.example"])
    opens = ends.replace(second=0, microsecond=0).astimezone(UTC)
    assert messages(cast, "state, not_before", "address LIKE 'c%%'") == [("queued", opens)] * 2
    assert open_chunks(cast) == 1
