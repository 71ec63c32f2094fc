"""Turn a claimed message into a letter: render, write the headers, and say what is to be signed.

What doesn't change from one message of a revision and language to the next is made once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from jinja2 import TemplateError

from connect.core.errors import ConnectError
from content.rendering.compile import Compiled
from delivery.senders.dkim import Signer, Unsigned, in_order
from delivery.senders.headers import BadHeader, Header, check_address, encode_text, header, mailbox_header
from delivery.senders.letters import Job, Letter
from delivery.states import MessageKind, SkipReason
from delivery.tracking.links import LinkMaker

SEED_MARK = "[SEED] "
#: What a template that compiled may still do with one customer's values.
CANNOT_RENDER = (
    *(ConnectError, TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError),
)


@dataclass(frozen=True)
class Voice:
    """As whom a run speaks, and how its messages are marked."""

    from_name: str
    from_email: str
    reply_to: str
    bounce_domain: str
    feedback_id: str
    marks_seeds: bool

    @property
    def domain(self) -> str:
        """The domain of message ids."""
        return self.from_email.rpartition("@")[2]


class RunComposer:
    """Composes the messages of one run."""

    def __init__(
        self, voice: Voice, signer: Signer, links: LinkMaker, compiled: Mapping[tuple[int, str], Compiled]
    ) -> None:
        self._voice = voice
        self._signer = signer
        self._links = links
        self._compiled = compiled
        self._cells: dict[tuple[int, str], _Cell] = {}

    def compose(self, job: Job) -> Letter | None:
        """Render, all but the signature; None where the message can't go out, having set `job.refused`.

        A revision that compiled and can't be rendered for one customer costs that message alone.
        """
        try:
            recipient = check_address(job.address).encode("ascii")
        except BadHeader:
            job.refused = SkipReason.BAD_ADDRESS
            return None
        try:
            cell = self._cell(job)
            links = self._links.of(job.message_id, job.revision_id)
            subject = cell.compiled.subject(job.values)
            body = cell.compiled.body(job.values, links)
        except CANNOT_RENDER:
            job.refused = SkipReason.CANNOT_RENDER
            return None
        if job.kind == MessageKind.SEED and self._voice.marks_seeds:
            subject = SEED_MARK + subject
        try:
            head, unsigned = self._head(cell, job, subject, links.unsubscribe, body)
        except BadHeader:
            job.refused = SkipReason.BAD_HEADER
            return None
        return Letter(job, self._sender(job), recipient, (head, body), unsigned)

    def _cell(self, job: Job) -> "_Cell":
        key = (job.revision_id, job.language)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell(self._voice, self._compiled[key])
        return cell

    def _head(self, cell: "_Cell", job: Job, subject: str, unsubscribe: str, body: bytes) -> tuple[bytes, Unsigned]:
        at, date = _clock()
        text = encode_text(subject, taken=9)
        flat = text.replace("\r\n ", " ")
        message_id = f"<{job.public_id}@{self._voice.domain}>"
        wire = (
            f"To: {job.address}\r\nSubject: {text}\r\nDate: {date}\r\nMessage-ID: {message_id}\r\n"
            f"List-Unsubscribe: <{unsubscribe}>\r\n"
        ).encode("ascii")
        canonical = (
            f"subject:{flat}\r\ndate:{date}\r\nto:{job.address}\r\nmessage-id:{message_id}\r\n"
            f"list-unsubscribe:<{unsubscribe}>\r\n"
        ).encode("ascii")
        head = b"".join([cell.before, wire, cell.after, b"\r\n"])
        return head, self._signer.begin(cell.canonical + canonical, body, at)

    def _sender(self, job: Job) -> bytes:
        voice = self._voice
        if voice.bounce_domain:
            return f"b-{job.public_id.replace('-', '')}@{voice.bounce_domain}".encode("ascii")
        return voice.from_email.encode("ascii")


class _Cell:
    """What all messages of one revision in one language share, in wire form and in canonical form."""

    def __init__(self, voice: Voice, compiled: Compiled) -> None:
        self.compiled = compiled
        sender = mailbox_header("From", voice.from_name, voice.from_email)
        others: list[Header] = [
            header("MIME-Version", "1.0"),
            header("Content-Type", compiled.content_type),
            header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            header("Feedback-ID", voice.feedback_id),
        ]
        if voice.reply_to:
            others.insert(0, mailbox_header("Reply-To", "", voice.reply_to))
        self.before = sender.wire
        self.after = b"".join([field.wire for field in others])
        self.canonical = in_order([sender, *others])


_now: tuple[int, str] = (0, "")


def _clock() -> tuple[int, str]:
    """Tell the time in seconds and as a Date header, written once a second."""
    global _now
    second = int(time.time())
    if _now[0] != second:
        _now = (second, format_datetime(datetime.fromtimestamp(second, UTC)))
    return _now
