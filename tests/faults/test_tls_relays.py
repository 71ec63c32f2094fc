"""Several relays: the next takes over from one that is away, and nothing ever goes twice because of it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from delivery.actions.relays import change_relay
from delivery.senders.engine import Tally
from delivery.states import TlsMode
from tests.delivery.factories import Cast
from tests.delivery.relaying import a_relay, fields, relays, set_aside
from tests.faults.conftest import let_waits_end, messages, states
from tests.faults.receiver import Receiver, Step
from tests.faults.test_hand_over import everybody
from tests.faults.tls import HERE, Authority, SecureReceiver

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]
NOWHERE = 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon where there is no way."""
    monkeypatch.setattr("delivery.senders.engine.UNREACHABLE_SECONDS", 0.3)


class Leaving(Receiver):
    """Takes fifty messages and is gone, without a word about those it has just got."""

    async def hold_up(self, stage: str, recipient: str) -> None:
        """Go away in time."""
        if stage == "content" and len(self.copies) >= 50:
            self.go_away()


def pair(cast: Cast, first: Receiver, second: Receiver, *, now: datetime, **words: Any) -> None:
    a_relay(cast.tenant, now=now, name="First", port=first.port, priority=1, **words)
    a_relay(cast.tenant, now=now, name="Second", port=second.port, priority=2)


def test_a_tenants_relay_is_used_and_not_the_installations(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(20)
    with Receiver() as installation, Receiver() as own:
        a_relay(cast.tenant, now=now, port=own.port)
        send_to(installation, cast)
        assert (installation.commands, own.per_recipient()) == ([], everybody(20))
    assert relays(cast.tenant, "failures", "away_until", "answer") == [(0, None, "")]


def test_without_a_relay_in_use_the_installations_is(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(20)
    with Receiver() as installation:
        a_relay(cast.tenant, now=now, port=NOWHERE, active=False)
        send_to(installation, cast)
        assert installation.per_recipient() == everybody(20)


def test_the_next_relay_takes_over_from_one_that_is_away(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(30)
    with Receiver() as second:
        a_relay(cast.tenant, now=now, name="First", port=NOWHERE, priority=1)
        a_relay(cast.tenant, now=now, name="Second", port=second.port, priority=2)
        send_to(second, cast)
        assert second.per_recipient() == everybody(30)
    assert states(cast) == {"accepted": 30}
    [(failed, why), works] = relays(cast.tenant, "failures", "answer")
    assert (failed > 0, why, works) == (True, "cannot connect: Connection refused", (0, ""))


@pytest.mark.parametrize(
    ("stage", "said", "why"),
    [
        ("greeting", "554 5.7.1 not you", "refused at greeting: 554 5.7.1 not you"),
        ("greeting", "421 4.3.2 busy", "refused at greeting: 421 4.3.2 busy"),
        ("ehlo", "421 4.7.0 too many", "refused at EHLO: 421 4.7.0 too many"),
        ("ehlo", "451 4.7.0 not now", "refused at EHLO: 451 4.7.0 not now"),
        ("greeting", "HTTP/1.1 200 OK", "nonsense instead of a reply: 'HTTP/1.1 200 OK'"),
    ],
)
def test_a_relay_that_lets_nobody_in_is_set_aside(
    planned: Planned, send_to: SendTo, now: datetime, stage: str, said: str, why: str
) -> None:
    cast = planned(30)
    with Receiver(answers={stage: [said] * 100}) as first, Receiver() as second:
        pair(cast, first, second, now=now)
        send_to(second, cast)
        assert (first.copies, second.per_recipient()) == ([], everybody(30))
    assert states(cast) == {"accepted": 30}
    assert [answer for (answer,) in relays(cast.tenant, "answer")] == [why, ""]


def test_a_wrong_login_sets_its_relay_aside_and_costs_no_message(
    planned: Planned,
    send_to: SendTo,
    now: datetime,
    tmp_path: Path,
    settings: Settings,
    capfd: pytest.CaptureFixture[str],
) -> None:
    authority = Authority(tmp_path)
    settings.SMTP_CA_FILE = authority.file
    cast = planned(30)
    context = authority.context(*HERE)
    told_back = "535 5.7.8 wrong: {password}"
    with SecureReceiver(context=context, logins={"us": "x"}, refusal=told_back) as first, Receiver() as second:
        pair(cast, first, second, now=now, tls=TlsMode.REQUIRED, user="us", password="Tr0ub4dor&3")
        send_to(second, cast)
        assert [(user, password) for _, user, password in first.tried] == [("us", "Tr0ub4dor&3")]
        assert (first.copies, second.per_recipient()) == ([], everybody(30))
    assert states(cast) == {"accepted": 30}
    [(failures, why), _] = relays(cast.tenant, "failures", "answer")
    assert (failures, why) == (1, "refused at AUTH: 535 5.7.8 wrong: •••")
    heard = capfd.readouterr()
    assert "Tr0ub4dor" not in heard.out + heard.err


def test_421_again_and_again_sets_a_relay_aside(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(30)
    with Receiver(answers={"mail": ["421 4.7.0 too fast"] * 100}) as first, Receiver() as second:
        pair(cast, first, second, now=now)
        while states(cast) != {"accepted": 30}:  # whoever finds out whether it is back is put off once more
            let_waits_end(cast)
            send_to(second, cast, connections=2)
        assert (first.copies, second.per_recipient()) == ([], everybody(30))
    assert relays(cast.tenant, "answer") == [("421 4.7.0 too fast",), ("",)]


def test_a_relay_that_goes_away_in_the_middle_loses_and_doubles_nothing(
    planned: Planned, send_to: SendTo, now: datetime
) -> None:
    cast = planned(200)
    with Leaving() as first, Receiver() as second:
        pair(cast, first, second, now=now)
        send_to(second, cast)
        let_waits_end(cast)
        send_to(second, cast)
        together = first.per_recipient() + second.per_recipient()
    accepted = {address for (address,) in messages(cast, "address", "state = 'accepted'")}
    doubted = {address for (address,) in messages(cast, "address", "state = 'in_doubt'")}
    assert accepted | doubted == set(everybody(200))
    assert (set(together.values()), accepted - set(together)) == ({1}, set())
    assert len(doubted) <= 4
    assert doubted & set(second.per_recipient()) == set()


def test_silence_after_the_final_dot_never_sends_a_message_to_the_next_relay(
    planned: Planned, send_to: SendTo, now: datetime
) -> None:
    cast = planned(40)
    script = {address: [Step("content", drop=True)] for address in everybody(40)}
    with Receiver(script=script) as first, Receiver() as second:
        pair(cast, first, second, now=now)
        send_to(second, cast)
        let_waits_end(cast)
        send_to(second, cast)
        assert (first.per_recipient(), second.copies) == (everybody(40), [])
    assert states(cast) == {"in_doubt": 40}


def test_a_relay_that_another_sender_set_aside_is_left_alone(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(20)
    with Receiver() as first, Receiver() as second:
        pair(cast, first, second, now=now)
        set_aside(cast.tenant, "First", 3600, failures=9)
        send_to(second, cast)
        assert (first.commands, second.per_recipient()) == ([], everybody(20))
    assert relays(cast.tenant, "failures") == [(9,), (0,)]


def test_a_relay_comes_back_by_itself_when_its_time_is_over(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(300)
    with Receiver() as first, Receiver() as second:
        pair(cast, first, second, now=now)
        set_aside(cast.tenant, "First", -1, failures=9)
        send_to(second, cast)
        assert first.copies
        assert first.per_recipient() + second.per_recipient() == everybody(300)
    assert relays(cast.tenant, "failures", "away_until") == [(0, None), (0, None)]


def test_the_better_relay_takes_over_again_in_the_middle_of_a_run(
    planned: Planned, send_to: SendTo, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.senders.engine.HOUSEKEEPING_SECONDS", 0.01)
    cast = planned(600)
    with Receiver(answers={"greeting": ["554 5.3.2 closed"]}) as first, Receiver() as second:
        pair(cast, first, second, now=now)
        send_to(second, cast, connections=4)
        assert first.per_recipient() + second.per_recipient() == everybody(600)
        last = {copy.recipient for copy in first.copies}
        assert last
        assert first.commands[0] != first.commands[-1]
    assert states(cast) == {"accepted": 600}
    assert relays(cast.tenant, "failures", "away_until") == [(0, None), (0, None)]


def test_where_every_relay_is_set_aside_nothing_is_claimed(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(5)
    with Receiver() as installation:
        a_relay(cast.tenant, now=now, port=installation.port)
        set_aside(cast.tenant, "First", 3600)
        tally = send_to(installation, cast)
        assert installation.commands == []
    assert (tally.exhausted, tally.ticks) == (True, 0)
    assert states(cast) == {"queued": 5}


def test_a_changed_relay_is_tried_at_once(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(5)
    with Receiver() as installation, Receiver() as own:
        relay = a_relay(cast.tenant, now=now, port=NOWHERE)
        set_aside(cast.tenant, "First", 3600, failures=12)
        change_relay(cast.tenant, relay.public_id, 1, fields(port=own.port), by=None, now=now)
        send_to(installation, cast)
        assert (installation.commands, own.per_recipient()) == ([], everybody(5))


def test_limits_of_a_relay_are_kept(planned: Planned, send_to: SendTo, now: datetime) -> None:
    cast = planned(30)
    with Receiver() as own:
        a_relay(cast.tenant, now=now, port=own.port, connections=1, messages=10)
        send_to(own, cast, connections=8)
        assert own.per_recipient() == everybody(30)
        assert Counter(copy.connection for copy in own.copies) == {1: 10, 2: 10, 3: 10}
        assert [line for _, line in own.commands].count("QUIT") == 3


def test_a_relay_may_not_lead_where_machines_tell_their_secrets(
    planned: Planned,
    send_to: SendTo,
    now: datetime,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,
) -> None:
    import socket

    def rebinding(name: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    cast = planned(3)
    with Receiver() as inside:
        a_relay(cast.tenant, now=now, host="relay.example.com", port=inside.port)
        settings.SMTP_PRIVATE_RELAYS = False
        monkeypatch.setattr("socket.getaddrinfo", rebinding)
        tally = send_to(inside, cast)
        assert tally.unreachable == "relay.example.com leads to 127.0.0.1, where no relay may be"
        assert inside.commands == []
    assert states(cast) == {"queued": 3}
