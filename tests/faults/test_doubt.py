"""Connections that break: before content it goes again, after content it is in doubt and never goes again by itself."""

from collections import Counter
from collections.abc import Callable

import pytest

from delivery.senders.engine import Tally
from tests.delivery.factories import Cast
from tests.faults.conftest import let_waits_end, messages, run_state, states
from tests.faults.receiver import Receiver, Step

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]


def addresses(count: int) -> list[str]:
    return [f"c{number}@inbox.example" for number in range(1, count + 1)]


def test_a_server_that_drops_before_its_answer_leaves_everything_in_doubt(planned: Planned, send_to: SendTo) -> None:
    cast = planned(40)
    with Receiver(script={who: [Step("content", drop=True)] for who in addresses(40)}) as receiver:
        send_to(receiver, cast)
        let_waits_end(cast)
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(addresses(40))
    assert states(cast) == {"in_doubt": 40}
    assert set(messages(cast, "reply, attempt_no")) == {("server closed the connection", 1)}
    assert run_state(cast) == "finished"


def test_a_drop_in_the_middle_of_the_content_is_in_doubt(planned: Planned, send_to: SendTo) -> None:
    cast = planned(5)
    with Receiver(script={addresses(5)[2]: [Step("body", drop=True)]}) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(addresses(5)) - Counter([addresses(5)[2]])
    assert states(cast) == {"accepted": 4, "in_doubt": 1}


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_drop_before_the_content_is_no_doubt(planned: Planned, send_to: SendTo, stage: str) -> None:
    cast = planned(5)
    with Receiver(script={addresses(5)[2]: [Step(stage, drop=True)]}) as receiver:
        send_to(receiver, cast)
        assert states(cast) == {"accepted": 4, "queued": 1}
        let_waits_end(cast)
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(addresses(5))
    assert states(cast) == {"accepted": 5}


def test_nonsense_after_the_content_is_in_doubt(planned: Planned, send_to: SendTo) -> None:
    cast = planned(2)
    with Receiver(script={addresses(2)[0]: [Step("content", "HTTP/1.1 200 OK")]}) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(addresses(2))
    assert states(cast) == {"accepted": 1, "in_doubt": 1}


def test_a_421_at_any_point_costs_the_connection_and_no_message(planned: Planned, send_to: SendTo) -> None:
    cast = planned(6)
    script = {addresses(6)[1]: [Step("rcpt", "421 4.7.0 too fast")], addresses(6)[3]: [Step("content", "421 4.7.0 no")]}
    with Receiver(script=script, answers={"greeting": ["421 busy"]}) as receiver:
        send_to(receiver, cast, connections=2)
        assert states(cast) == {"accepted": 4, "queued": 2}
        let_waits_end(cast)
        send_to(receiver, cast, connections=2)
        answered = Counter(copy.recipient for copy in receiver.copies if copy.answer.startswith("250"))
    assert answered == Counter(addresses(6))
    assert states(cast) == {"accepted": 6}


def test_a_server_that_is_away_costs_nothing_but_time(
    planned: Planned, send_to: SendTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.senders.engine.UNREACHABLE_SECONDS", 0.5)
    cast = planned(3)
    receiver = Receiver(port=1)
    tally = send_to(receiver, cast)
    assert tally.unreachable.startswith("cannot connect")
    assert set(messages(cast, "state, attempt_no")) == {("queued", 0)}
    with Receiver() as back:
        send_to(back, cast)
    assert states(cast) == {"accepted": 3}


def test_an_answer_in_the_middle_of_a_large_content_ends_the_connection(planned: Planned, send_to: SendTo) -> None:
    large = "<html><body>" + "<p>MAIL FROM:x RCPT TO:y</p>\n" * 120_000 + "</body></html>"
    cast = planned(2, html=large)
    first = addresses(2)[0]
    with Receiver(script={first: [Step("body", "552 5.3.4 too large for us")]}, features=("PIPELINING",)) as receiver:
        send_to(receiver, cast, connections=1)
        assert receiver.per_recipient() == Counter(addresses(2)[1:])
        assert {copy.connection for copy in receiver.copies} == {2}
    assert messages(cast, "state, code") == [("rejected", "552 5.3.4"), ("accepted", "250 2.0.0")]
