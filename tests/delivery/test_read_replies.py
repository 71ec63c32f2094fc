"""What a server's words mean for a message."""

import pytest

from delivery.senders.replies import Outcome, Reply, Stage, code_of, refusal, verdict
from delivery.states import MessageState


def reply(text: str) -> Reply:
    return Reply(int(text[:3]), (text,))


@pytest.mark.parametrize(
    ("said", "stage", "state", "hard"),
    [
        ("450 4.2.1 mailbox busy", Stage.RCPT, MessageState.QUEUED, False),
        ("421 4.7.0 slow down", Stage.MAIL, MessageState.QUEUED, False),
        ("503 5.5.1 out of order", Stage.DATA, MessageState.QUEUED, False),
        ("250 what", Stage.DATA, MessageState.QUEUED, False),
        ("550 5.1.1 no such user", Stage.RCPT, MessageState.REJECTED, True),
        ("550-5.1.1 the account", Stage.RCPT, MessageState.REJECTED, True),
        ("556 5.1.10 null MX", Stage.RCPT, MessageState.REJECTED, True),
        ("550 5.2.1 disabled", Stage.RCPT, MessageState.REJECTED, True),
        ("550 User unknown", Stage.RCPT, MessageState.REJECTED, True),
        ("550 unknown user: c1", Stage.RCPT, MessageState.REJECTED, True),
        ("550 User unknown", Stage.MAIL, MessageState.REJECTED, False),
        ("550 5.7.1 blocked", Stage.RCPT, MessageState.REJECTED, False),
        ("552 5.2.2 mailbox full", Stage.RCPT, MessageState.REJECTED, False),
        ("550 4.1.1 belies itself", Stage.RCPT, MessageState.REJECTED, False),
        ("554 no", Stage.DATA, MessageState.REJECTED, False),
    ],
)
def test_a_refusal(said: str, stage: Stage, state: MessageState, hard: bool) -> None:
    found = refusal(reply(said), stage)
    assert (found.state, found.hard, found.reply) == (state, hard, said)


@pytest.mark.parametrize(
    ("said", "state", "hard"),
    [
        ("250 2.0.0 queued as 4F", MessageState.ACCEPTED, False),
        ("451 4.3.0 later", MessageState.QUEUED, False),
        ("550 5.1.1 nobody there", MessageState.REJECTED, True),
        ("554 5.6.0 spam", MessageState.REJECTED, False),
        ("354 go on", MessageState.IN_DOUBT, False),
        ("199 what", MessageState.IN_DOUBT, False),
    ],
)
def test_a_verdict(said: str, state: MessageState, hard: bool) -> None:
    found = verdict(reply(said))
    assert (found.state, found.hard) == (state, hard)


def test_a_reply_is_kept_printable_and_short() -> None:
    lines = Reply(550, ("550-<b>\x00\x1b[31m", "550 " + "x" * 900))
    found = refusal(lines, Stage.MAIL)
    assert found == Outcome(MessageState.REJECTED, "550", ("550-<b> [31m 550 " + "x" * 900)[:500])


def test_both_codes_are_kept() -> None:
    assert [code_of(reply(text)) for text in ("250 2.0.0 ok", "250 ok", "550-5.1.1 no")] == [
        "250 2.0.0",
        "250",
        "550 5.1.1",
    ]
