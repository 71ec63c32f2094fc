"""The mail catcher: a real SMTP receiver on 127.0.0.1 that keeps what it gets and passes nothing on.

Two files: `mail.bin` holds the messages one after the other, `log.jsonl` one line a message. The log is the receiver's
word, written before the 250, and the judge of what went out.

Run as `python -m connect.catcher FOLDER PORT`.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

#: Bodies are kept up to here; the log goes on.
KEEP_BYTES = 1024**3
MAX_MESSAGE_BYTES = 32 * 1024**2


@dataclass(frozen=True)
class Caught:
    """One received message. `offset` is -1 where the body wasn't kept."""

    number: int
    at: datetime
    sender: str
    recipient: str
    domain: str
    message_id: str
    subject: str
    offset: int
    size: int


class Keeper:
    """aiosmtpd's handler: takes everything, keeps it in order of arrival."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.bodies = (folder / "mail.bin").open("ab")
        self.log = (folder / "log.jsonl").open("a", encoding="utf-8")
        self.headers = BytesHeaderParser(policy=policy.default)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one message."""
        raw = envelope.original_content or b""
        head = self.headers.parsebytes(raw[: raw.find(b"\r\n\r\n") + 4])
        offset = -1
        if self.bodies.tell() + len(raw) <= KEEP_BYTES:
            offset = self.bodies.tell()
            self.bodies.write(raw)
            self.bodies.flush()
        for recipient in envelope.rcpt_tos:
            line = {
                "at": datetime.now(UTC).isoformat(),
                "from": envelope.mail_from,
                "to": recipient,
                "domain": _domain(str(head["From"] or "")),
                "id": str(head["Message-ID"] or "").strip(),
                "subject": str(head["Subject"] or ""),
                "offset": offset,
                "size": len(raw),
            }
            self.log.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.log.flush()
        return "250 2.0.0 Caught"


def caught(folder: Path) -> Iterator[Caught]:
    """Read the log, oldest first. Empty where nothing came yet."""
    path = folder / "log.jsonl"
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if line.endswith("\n"):
                yield _read(number, json.loads(line))


def body(folder: Path, message: Caught) -> EmailMessage | None:
    """Parse one kept message; None where the body wasn't kept."""
    if message.offset < 0:
        return None
    with (folder / "mail.bin").open("rb") as bodies:
        bodies.seek(message.offset)
        return BytesParser(policy=policy.default).parsebytes(bodies.read(message.size))


async def serve(folder: Path, port: int) -> None:
    """Receive until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    keeper = Keeper(folder)

    def factory() -> SMTP:
        return SMTP(
            keeper, data_size_limit=MAX_MESSAGE_BYTES, enable_SMTPUTF8=True, hostname="catcher.localhost", loop=loop
        )

    server = await loop.create_server(factory, host="127.0.0.1", port=port)
    done = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, done.set)
    async with server:
        await done.wait()


def _read(number: int, line: dict[str, object]) -> Caught:
    return Caught(
        number=number,
        at=datetime.fromisoformat(str(line["at"])),
        sender=str(line["from"]),
        recipient=str(line["to"]),
        domain=str(line["domain"]),
        message_id=str(line["id"]),
        subject=str(line["subject"]),
        offset=int(str(line["offset"])),
        size=int(str(line["size"])),
    )


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].rstrip("> ").lower()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
