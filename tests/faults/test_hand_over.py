"""Messages that meet no fault: every one arrives once, signed, and the books balance."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from email.header import decode_header, make_header

import dkim
import pytest
from pytest_django.fixtures import Settings

from connect.core.models import Department, Tenant
from conversations.states import DkimAlgorithm
from delivery import tasks
from delivery.senders.engine import Tally
from tests.delivery.factories import DOMAIN, Cast, make_run
from tests.faults.conftest import let_waits_end, messages, open_chunks, run_state, states
from tests.faults.receiver import Receiver
from tests.plugins.database import TestServices

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]


def everybody(count: int) -> Counter[str]:
    return Counter({f"c{number}@inbox.example": 1 for number in range(1, count + 1)})


def test_every_planned_message_is_received_once(planned: Planned, send_to: SendTo) -> None:
    cast = planned(450)
    with Receiver() as receiver:
        tally = send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(450)
    assert tally.exhausted
    assert states(cast) == {"accepted": 450}
    assert set(messages(cast, "code, reply, attempt_no")) == {("250 2.0.0", "250 2.0.0 queued as X1", 1)}
    assert (open_chunks(cast), run_state(cast)) == (0, "finished")


def test_a_server_without_pipelining_gets_one_command_at_a_time(planned: Planned, send_to: SendTo) -> None:
    cast = planned(20)
    with Receiver(features=()) as receiver:
        send_to(receiver, cast, connections=2)
        assert receiver.per_recipient() == everybody(20)
    assert states(cast) == {"accepted": 20}


def test_a_server_that_knows_only_helo_is_served(planned: Planned, send_to: SendTo) -> None:
    cast = planned(5)
    with Receiver(answers={"ehlo": ["502 what?"] * 4}) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(5)


def test_a_message_says_who_it_is_from_and_how_to_leave(planned: Planned, send_to: SendTo) -> None:
    cast = planned(1)
    with Receiver() as receiver:
        send_to(receiver, cast)
        copy = receiver.copy_for("c1@inbox.example")
    [(public_id,)] = messages(cast, "public_id")
    assert copy.sender == f"b-{public_id.hex}@bounce.{DOMAIN}"
    assert copy.message["From"] == f"Northwind <news@{DOMAIN}>"
    assert copy.message["To"] == "c1@inbox.example"
    assert copy.message["Reply-To"] == f"help@{DOMAIN}"
    assert copy.message["Message-ID"] == f"<{public_id}@{DOMAIN}>"
    assert copy.message["List-Unsubscribe"].startswith("<http://localhost:8000/u/")
    assert copy.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert copy.message.get_content_type() == "multipart/alternative"


def test_both_keys_sign_and_the_signature_survives_the_way(planned: Planned, send_to: SendTo) -> None:
    cast = planned(3, algorithms=[DkimAlgorithm.RSA, DkimAlgorithm.ED25519])
    with Receiver() as receiver:
        send_to(receiver, cast)
    records = {f"{selector}._domainkey.{DOMAIN}.".encode(): text.encode() for selector, text in cast.records.items()}
    for copy in receiver.copies:
        found = [str(value).split("a=")[1].split(";")[0] for value in copy.message.get_all("DKIM-Signature", [])]
        assert found == ["rsa-sha256", "ed25519-sha256"]
        assert dkim.verify(copy.content, dnsfunc=lambda name, timeout=5: records[name])


def test_seeds_get_a_marked_copy_of_each_cell(planned: Planned, send_to: SendTo) -> None:
    cast = planned(3, seeds=["ada@seeds.example", "bo@seeds.example"])
    with Receiver() as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(3) + Counter(["ada@seeds.example", "bo@seeds.example"])
        subject = receiver.copy_for("ada@seeds.example").message["Subject"]
    assert str(make_header(decode_header(subject))) == "[SEED] Name1, Größe & Glück are here"
    assert states(cast) == {"accepted": 3}


def test_the_tasks_alone_bring_a_run_to_its_end(
    committed_db: TestServices, tenant: Tenant, department: Department, now: datetime, settings: Settings
) -> None:
    cast = make_run(tenant, department, now=now, customers=30)
    with Receiver() as receiver:
        settings.SMTP_PORT = receiver.port
        tasks.plan_run(tenant.pk, cast.run.pk)
        tasks.drain(tenant.pk, cast.run.pk)
        tasks.tick()
        assert receiver.per_recipient() == everybody(30)
    assert (states(cast), run_state(cast)) == ({"accepted": 30}, "finished")


def test_a_permit_that_has_grown_old_is_not_used(
    planned: Planned, send_to: SendTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = planned(3)
    with Receiver() as receiver:
        with monkeypatch.context() as frozen:
            frozen.setattr("delivery.senders.engine.PERMIT_SECONDS", -1.0)
            send_to(receiver, cast)
        assert receiver.copies == []
        assert set(messages(cast, "state, attempt_no, reply")) == {("queued", 0, "the permit was too old")}
        let_waits_end(cast)
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(3)
    assert states(cast) == {"accepted": 3}
