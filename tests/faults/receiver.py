"""A scripted SMTP receiver: it answers, refuses, drops and stalls on purpose, and keeps the only log that judges us.

It runs in a thread of the test's process, so that its log outlives any sender that is killed.
"""

import asyncio
import re
import ssl
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import Self

LOOK_AGAIN_SECONDS = 0.01
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """What to do with one attempt for one recipient. `stage`: rcpt, data, body, content.

    `reply` is said instead of the usual answer; `drop` closes the connection instead. In stage body both come in the
    middle of the content, and after a reply the rest of it is read as commands, as careless servers do.
    """

    stage: str
    reply: str = ""
    drop: bool = False


@dataclass(frozen=True)
class Copy:
    """One message that was received up to its final dot. `answer` is what we said to it, "" where we said nothing."""

    recipient: str
    sender: str
    content: bytes
    connection: int
    answer: str

    @property
    def message(self) -> Message:
        """The content, parsed."""
        return message_from_bytes(self.content)


@dataclass
class Receiver:
    """A server on a port of its own. Use it as a context manager."""

    script: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    #: Stage (greeting, ehlo, mail) → answers to give before the usual one, over all connections.
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    features: Sequence[str] = ("PIPELINING", "SIZE 10485760", "8BITMIME")
    #: Ends content at bare CR or LF too, as careless servers do.
    lenient: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    #: Where set, TLS begins with the first octet.
    implicit_tls: ssl.SSLContext | None = None
    copies: list[Copy] = field(default_factory=list)
    commands: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps = defaultdict(deque, {who: deque(steps) for who, steps in self.script.items()})
        self._answers = {stage: deque(replies) for stage, replies in self.answers.items()}
        self._connections = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._free = threading.Event()
        self._free.set()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    # --- What a test asks ----------------------------------------------------------------------------------------

    def per_recipient(self) -> Counter[str]:
        """Count the copies of each recipient."""
        return Counter(copy.recipient for copy in self.copies)

    def copy_for(self, recipient: str) -> Copy:
        """Give the one copy of a recipient."""
        [copy] = [copy for copy in self.copies if copy.recipient == recipient]
        return copy

    def wait_until(self, what: Callable[[], bool], seconds: float = LONGEST_WAIT_SECONDS) -> None:
        """Wait for a condition, with an end."""
        wait_until(what, seconds)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nothing to final dots in this block: what was handed over stays without an answer."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    # --- The thread ----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._server = server = await asyncio.start_server(
            self._talk, self.host, self.port, limit=2**22, ssl=self.implicit_tls
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    # --- SMTP ----------------------------------------------------------------------------------------------------

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        self._open.add(writer)
        session = self.session(reader, writer, self._connections)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> "Session":
        """Make the one that talks on a connection."""
        return Session(self, reader, writer, number)

    def go_away(self) -> None:
        """Break every connection and take no more: a machine that is gone. Only from its own thread."""
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    def take_answer(self, stage: str, usual: str) -> str:
        """The next scripted answer of a stage, or the usual one."""
        waiting = self._answers.get(stage)
        return waiting.popleft() if waiting else usual

    def take_step(self, recipient: str) -> Step | None:
        """The next scripted step for a recipient."""
        steps = self._steps.get(recipient)
        return steps.popleft() if steps else None

    async def hold_up(self, stage: str, recipient: str) -> None:
        """Put off the answer of a stage (greeting, rcpt, data, content): for as long as a test holds us."""
        while stage == "content" and not self._free.is_set():
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


class Session:
    """What is said on one connection."""

    def __init__(
        self, receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.receiver, self.reader, self.writer, self.number = receiver, reader, writer, number
        self.sender = ""
        self.recipient = ""
        self.step: Step | None = None

    async def run(self) -> None:
        await self.receiver.hold_up("greeting", "")
        if not await self._say(self.receiver.take_answer("greeting", "220 receiver.example")):
            return
        while line := await self.reader.readline():
            self.receiver.commands.append((self.number, line.rstrip(b"\r\n").decode("latin-1")))
            verb = line[:4].upper().strip().decode("latin-1")
            if verb == "QUIT":
                await self._say("221 bye")
                return
            if not await self._command(verb, line.decode("latin-1").strip()):
                return

    def features(self) -> Sequence[str]:
        """What is offered in answer to EHLO."""
        return self.receiver.features

    async def _command(self, verb: str, line: str) -> bool:
        if verb == "EHLO":
            usual = "\r\n".join(["250-receiver.example", *[f"250-{name}" for name in self.features()], "250 HELP"])
            return await self._say(self.receiver.take_answer("ehlo", usual))
        if verb in {"HELO", "NOOP"}:
            return await self._say("250 receiver.example")
        if verb == "RSET":
            self.sender = self.recipient = ""
            return await self._say("250 reset")
        if verb == "MAIL":
            return await self._mail(line)
        if verb == "RCPT":
            return await self._rcpt(line)
        if verb == "DATA":
            return await self._data()
        return await self._say("500 what?")

    async def _mail(self, line: str) -> bool:
        if self.sender:
            return await self._say("503 5.5.1 nested MAIL")
        answer = self.receiver.take_answer("mail", "250 2.1.0 ok")
        if answer.startswith("2"):
            self.sender = _between_brackets(line)
        return await self._say(answer)

    async def _rcpt(self, line: str) -> bool:
        if not self.sender:
            return await self._say("503 5.5.1 MAIL first")
        recipient = _between_brackets(line)
        self.step = self.receiver.take_step(recipient)
        await self.receiver.hold_up("rcpt", recipient)
        answer = await self._scripted("rcpt", "250 2.1.5 ok")
        if answer.startswith("2"):
            self.recipient = recipient
        return bool(answer) and await self._say(answer)

    async def _data(self) -> bool:
        if not self.recipient:
            return await self._say("503 5.5.1 RCPT first")
        await self.receiver.hold_up("data", self.recipient)
        answer = await self._scripted("data", "354 go on")
        if not answer or not await self._say(answer) or not answer.startswith("354"):
            return bool(answer)
        if self.step and self.step.stage == "body":
            await self.reader.readexactly(64)
            self.sender = self.recipient = ""
            return bool(self.step.reply) and await self._say(self.step.reply)
        content = await self._content()
        answer = await self._scripted("content", "250 2.0.0 queued as X1")
        self.receiver.copies.append(Copy(self.recipient, self.sender, content, self.number, answer))
        await self.receiver.hold_up("content", self.recipient)
        self.sender = self.recipient = ""
        return bool(answer) and await self._say(answer)

    async def _content(self) -> bytes:
        if self.receiver.lenient:
            return await self._lenient_content()
        lines = []
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    async def _lenient_content(self) -> bytes:
        content = b"\n"
        while not re.search(rb"(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)", content):
            more = await self.reader.read(1)
            if not more:
                raise ConnectionError
            content += more
        if content.endswith(b"\r"):
            content += await self.reader.readexactly(1)
        return content[1:-3]

    async def _scripted(self, stage: str, usual: str) -> str:
        """The answer to give; "" closes the connection."""
        if self.step is None or self.step.stage != stage:
            return usual
        return "" if self.step.drop else self.step.reply

    async def _say(self, answer: str) -> bool:
        self.writer.write(answer.encode() + b"\r\n")
        await self.writer.drain()
        return not answer.startswith("421")


def wait_until(what: Callable[[], bool], seconds: float = LONGEST_WAIT_SECONDS) -> None:
    """Wait for a condition by looking again and again.

    Errors: AssertionError when it doesn't come true in time.
    """
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(LOOK_AGAIN_SECONDS)


def _between_brackets(line: str) -> str:
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else ""
