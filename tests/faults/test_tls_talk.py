"""What one connection does by itself: addresses beyond ASCII, time limits, and what a server may not say."""

import pytest

from delivery.senders.replies import Outcome
from delivery.senders.smtp import NEEDS_SMTPUTF8
from delivery.states import MessageState
from tests.faults.receiver import Receiver
from tests.faults.talk import Talk, letter, server_at

ACCEPTED = Outcome(MessageState.ACCEPTED, "250 2.0.0", "250 2.0.0 queued as X1")
REJECTED = Outcome(MessageState.REJECTED, "553 5.6.7", NEEDS_SMTPUTF8)


def test_where_smtputf8_is_not_offered_such_an_address_alone_is_rejected() -> None:
    with Receiver() as receiver:
        talk = Talk([letter("a@inbox.example"), letter("jörg@inbox.example"), letter("b@inbox.example")])
        assert talk.run(server_at(receiver.port)) == [ACCEPTED, REJECTED, ACCEPTED]
        assert [copy.recipient for copy in receiver.copies] == ["a@inbox.example", "b@inbox.example"]
        assert not [line for _, line in receiver.commands if "SMTPUTF8" in line or "rg@" in line]


def test_where_smtputf8_is_offered_it_is_asked_for_where_it_is_needed() -> None:
    with Receiver(features=("PIPELINING", "SMTPUTF8")) as receiver:
        talk = Talk([letter("a@inbox.example"), letter("jörg@inbox.example")])
        assert talk.run(server_at(receiver.port)) == [ACCEPTED, ACCEPTED]
        assert [line for _, line in receiver.commands if line.startswith("MAIL")] == [
            "MAIL FROM:<us@northwind.example>",
            "MAIL FROM:<us@northwind.example> SMTPUTF8",
        ]
        assert [copy.recipient.encode("latin-1").decode() for copy in receiver.copies] == [
            "a@inbox.example",
            "jörg@inbox.example",
        ]


def test_enhanced_codes_are_kept() -> None:
    answers = {"mail": ["550 5.7.26 unauthenticated", "452 4.3.1 full", "550 2.1.5 belies itself"]}
    with Receiver(answers=answers) as receiver:
        talk = Talk([letter(f"{name}@inbox.example") for name in "abc"])
        found = talk.run(server_at(receiver.port))
    assert [(outcome.state.value, outcome.code) for outcome in found] == [
        ("rejected", "550 5.7.26"),
        ("queued", "452 4.3.1"),
        ("rejected", "550"),
    ]


@pytest.mark.parametrize(("stage", "where"), [("greeting", "greeting"), ("rcpt", "envelope"), ("content", "content")])
def test_each_answer_has_its_time(stage: str, where: str) -> None:
    class Silent(Receiver):
        async def hold_up(self, at: str, recipient: str) -> None:
            if at == stage:
                await self._stop.wait()

    with Silent() as receiver:
        talk = Talk([letter("a@inbox.example")])
        found = talk.run(server_at(receiver.port, reply_seconds=0.1, final_seconds=0.1))
    assert talk.why == f"no answer in time ({where})"
    states = [outcome.state.value for outcome in found]
    assert states == {"greeting": [], "rcpt": ["queued"], "content": ["in_doubt"]}[stage]
