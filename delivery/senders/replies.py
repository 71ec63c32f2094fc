"""Turn what a receiving server says into what we know: the one place that reads SMTP replies.

Source: RFC 5321 4.2 (replies), RFC 2034 and RFC 3463 (enhanced codes), IANA's registry of enhanced codes.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from delivery.states import MessageState

REPLY_CHARACTERS = 500

#: The mailbox or its domain doesn't exist and won't: the address may be suppressed.
HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})

#: The server and we disagree about the protocol: nothing is said about the message.
OUT_OF_STEP = frozenset({500, 502, 503, 504})

_ENHANCED = re.compile(r"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")
_NO_SUCH_USER = re.compile(
    r"no such (user|mailbox|recipient|person|address)|(user|mailbox|recipient|address|account)\b.{0,30}"
    r"(unknown|not found|does ?n[o']t exist|not exist|disabled)|unknown (user|recipient|mailbox|local part)"
    r"|invalid (recipient|mailbox|user)",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]+")


class Stage(StrEnum):
    """Which command a reply answers."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"


@dataclass(slots=True)
class Reply:
    """One complete reply: its code, and its lines without line breaks."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one, printable, at most 500 characters."""
        return _UNPRINTABLE.sub(" ", " ".join(self.lines)).strip()[:REPLY_CHARACTERS]

    @property
    def enhanced(self) -> str:
        """The enhanced code, "" where there is none or it belies the basic one."""
        found = _ENHANCED.match(self.lines[0])
        return found[1] if found and found[1][0] == str(self.code)[0] else ""


@dataclass(slots=True)
class Outcome:
    """What is known about one attempt: the state to settle, the code, and what was said.

    `hard`: the mailbox doesn't exist. `counts` is False where the server was not asked, so that no attempt was made.
    """

    state: MessageState
    code: str = ""
    reply: str = ""
    hard: bool = False
    counts: bool = True


def refusal(reply: Reply, stage: Stage) -> Outcome:
    """Judge a reply that isn't the one we hoped for, before any content was handed over.

    A reply out of place proves nothing against the address, and nothing was handed over: the message waits.
    """
    if not 500 <= reply.code < 600 or reply.code in OUT_OF_STEP:
        return Outcome(MessageState.QUEUED, code_of(reply), reply.text)
    hard = stage is not Stage.MAIL and is_hard(reply, stage)
    return Outcome(MessageState.REJECTED, code_of(reply), reply.text, hard=hard)


def verdict(reply: Reply) -> Outcome:
    """Judge the reply to the final dot: the only one that can say accepted."""
    if 200 <= reply.code < 300:
        return Outcome(MessageState.ACCEPTED, code_of(reply), reply.text)
    if 400 <= reply.code < 500:
        return Outcome(MessageState.QUEUED, code_of(reply), reply.text)
    if 500 <= reply.code < 600:
        return Outcome(MessageState.REJECTED, code_of(reply), reply.text, hard=is_hard(reply, Stage.CONTENT))
    return in_doubt(f"nonsense after the content: {reply.text}")


def in_doubt(why: str) -> Outcome:
    """Content was handed over and no definite answer came."""
    return Outcome(MessageState.IN_DOUBT, "", why[:REPLY_CHARACTERS])


def not_handed_over(why: str, *, counts: bool = True) -> Outcome:
    """No octet of content left: the message may go again."""
    return Outcome(MessageState.QUEUED, "", why[:REPLY_CHARACTERS], counts=counts)


def code_of(reply: Reply) -> str:
    """Write both codes, such as `550 5.1.1`."""
    return f"{reply.code} {reply.enhanced}".rstrip()


def is_hard(reply: Reply, stage: Stage) -> bool:
    """Tell whether a permanent refusal says that the mailbox doesn't exist."""
    if reply.enhanced:
        return reply.enhanced in HARD
    return stage is Stage.RCPT and reply.code in {550, 551, 553} and bool(_NO_SUCH_USER.search(reply.text))
