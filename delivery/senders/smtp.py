"""One persistent SMTP connection without waiting: fed by a readiness loop, it hands over one message at a time.

MAIL, RCPT and DATA go in one write where the server offers PIPELINING, the content in the next. Each reply is judged by
itself; after a refusal RSET goes ahead of the next MAIL. What is known when the connection breaks depends on one thing:
whether an octet of the content has left.

Source: RFC 5321 (SMTP), RFC 2920 (pipelining), RFC 1870 (SIZE).
"""

import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from delivery.senders.letters import Letter
from delivery.senders.replies import Outcome, Reply, Stage, in_doubt, not_handed_over, refusal, verdict
from delivery.states import MessageState

RECEIVE_OCTETS = 65536
#: A reply longer than this is nonsense.
REPLY_OCTETS = 32768
END = b".\r\n"


@dataclass(frozen=True)
class Server:
    """The next hop, how we greet it, and how long we wait for its answers.

    Units: seconds. `final_seconds` is for the reply to the final dot (RFC 5321, 4.5.3.2.6: at least 600).
    """

    host: str
    port: int
    name: str
    connect_seconds: float = 30
    reply_seconds: float = 300
    final_seconds: float = 600


class Phase(Enum):
    """Where a connection stands."""

    CONNECTING = auto()
    GREETING = auto()
    EHLO = auto()
    IDLE = auto()
    ENVELOPE = auto()
    CONTENT = auto()
    CLOSED = auto()


class Owner(Protocol):
    """Who is told what happens on a connection."""

    def idle(self, connection: "Connection") -> None:
        """Ready for the next message."""

    def settled(self, connection: "Connection", letter: Letter, outcome: Outcome) -> None:
        """Something is known about the message that was handed over. Called once for each."""

    def closed(self, connection: "Connection", why: str) -> None:
        """Gone, after `settled` for the message under way. `why` is "" where we meant it."""

    def interest(self, connection: "Connection", *, write: bool) -> None:
        """Watch the socket for writing too, or no longer."""


class Connection:
    """A connection to one server. The owner calls `on_ready`, `hand_over`, `check_time` and `quit`."""

    def __init__(self, server: Server, owner: Owner, now: float) -> None:
        self.server = server
        self.owner = owner
        self.phase = Phase.CONNECTING
        self.deadline = now + server.connect_seconds
        self.has_pipelining = False
        self.size_limit = 0
        self.letter: Letter | None = None
        self.socket = _connect(server)
        self._received = b""
        self._lines: list[str] = []
        self._unsent: deque[memoryview | bytes] = deque()
        self._unsent_commands: deque[bytes] = deque()
        self._expected: deque[Stage | None] = deque()
        self._refused: Outcome | None = None
        self._must_reset = False
        self._writing = True
        self._content_left = False
        self._handlers: dict[Phase, Callable[[Reply, float], None]] = {
            Phase.GREETING: self._on_greeting,
            Phase.EHLO: self._on_ehlo,
            Phase.ENVELOPE: self._on_envelope,
            Phase.CONTENT: self._on_content,
        }

    # --- What the owner calls ------------------------------------------------------------------------------------

    def hand_over(self, letter: Letter, now: float) -> None:
        """Begin with a message. Only where idle; the answer comes through `owner.settled`."""
        self.letter = letter
        self._content_left = False
        if 0 < self.size_limit < letter.octets:
            self._settle(Outcome(MessageState.REJECTED, "552 5.3.4", f"larger than {self.size_limit} octets"))
            self._become_idle()
            return
        self.phase = Phase.ENVELOPE
        self.deadline = now + self.server.reply_seconds
        self._refused = None
        commands = [b"MAIL FROM:<" + letter.sender + b">\r\n", b"RCPT TO:<" + letter.recipient + b">\r\n", b"DATA\r\n"]
        stages: list[Stage | None] = [Stage.MAIL, Stage.RCPT, Stage.DATA]
        if self._must_reset:
            self._must_reset = False
            commands.insert(0, b"RSET\r\n")
            stages.insert(0, None)
        self._expected.extend(stages)
        if self.has_pipelining:
            self._write([b"".join(commands)])
        else:
            self._unsent_commands.extend(commands[1:])
            self._write(commands[:1])

    def on_ready(self, now: float, *, readable: bool, writable: bool) -> None:
        """Go on: the socket can be read or written."""
        if self.phase is Phase.CONNECTING:
            self._on_connected(now)
            return
        if writable and self._unsent:
            self._flush()
        if readable and self.phase is not Phase.CLOSED:
            self._receive(now)

    def check_time(self, now: float) -> None:
        """Give up where the server has had its time."""
        if now >= self.deadline and self.phase not in {Phase.IDLE, Phase.CLOSED}:
            self.break_off(f"no answer in time ({self.phase.name.lower()})")

    def quit(self) -> None:
        """Say goodbye without waiting for an answer. Only where idle."""
        if self.phase is Phase.IDLE:
            self._write([b"QUIT\r\n"])
        self._close("")

    def break_off(self, why: str) -> None:
        """Close at once, and say what is known about the message under way."""
        self._close(why or "connection closed")

    # --- Replies -------------------------------------------------------------------------------------------------

    def _on_connected(self, now: float) -> None:
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._close(f"cannot connect: {os.strerror(error)}")
            return
        self.phase = Phase.GREETING
        self.deadline = now + self.server.reply_seconds
        self._watch(write=False)

    def _on_greeting(self, reply: Reply, now: float) -> None:
        if reply.code != 220:
            self._close(f"refused at greeting: {reply.text}")
            return
        self._greet(b"EHLO ", now)

    def _greet(self, verb: bytes, now: float) -> None:
        self.phase = Phase.EHLO
        self.deadline = now + self.server.reply_seconds
        self._expected.append(Stage.EHLO if verb == b"EHLO " else None)
        self._write([verb + self.server.name.encode("ascii") + b"\r\n"])

    def _on_ehlo(self, reply: Reply, now: float) -> None:
        was_ehlo = self._expected.popleft() is Stage.EHLO
        if not 200 <= reply.code < 300:
            if was_ehlo and reply.code in {500, 502, 504, 550, 554}:
                self._greet(b"HELO ", now)
            else:
                self._close(f"refused at EHLO: {reply.text}")
            return
        if was_ehlo:
            self._read_features(reply)
        self._become_idle()

    def _read_features(self, reply: Reply) -> None:
        for line in reply.lines[1:]:
            keyword, _, rest = line[4:].strip().partition(" ")
            if keyword.upper() == "PIPELINING":
                self.has_pipelining = True
            elif keyword.upper() == "SIZE" and rest.strip().isdigit():
                self.size_limit = int(rest)

    def _on_envelope(self, reply: Reply, now: float) -> None:
        stage = self._expected.popleft() if self._expected else None
        if stage is Stage.DATA:
            self._on_data(reply, now)
            return
        if stage is not None and self._refused is None and not 200 <= reply.code < 300:
            self._refused = refusal(reply, stage)
            self._unsent_commands.clear()
            if not self.has_pipelining:
                self._expected.clear()
        if reply.code == 421:
            self._close(reply.text)
        elif self._unsent_commands:
            self.deadline = now + self.server.reply_seconds
            self._write([self._unsent_commands.popleft()])
        elif not self._expected:
            self._settle_refused()

    def _on_data(self, reply: Reply, now: float) -> None:
        letter = self.letter
        if reply.code == 354 and self._refused is None and letter is not None:
            self.phase = Phase.CONTENT
            self.deadline = now + self.server.final_seconds
            self._expected.append(Stage.CONTENT)
            self._write([*letter.content, END])
        elif reply.code == 354:
            # Refused and yet invited: only an empty message gets us out (RFC 2920, 3.1). Nobody is its recipient.
            self.phase = Phase.CONTENT
            self.deadline = now + self.server.final_seconds
            self._expected.append(Stage.CONTENT)
            self._write([b".\r\n"])
        else:
            if self._refused is None:
                self._refused = refusal(reply, Stage.DATA)
            if reply.code == 421 or reply.code < 400:
                self._close(reply.text)
            else:
                self._settle_refused()

    def _on_content(self, reply: Reply, now: float) -> None:
        self._expected.popleft()
        outcome = self._refused or verdict(reply)
        if self._unsent:
            # An answer before the end: what is still to be sent must not be taken for commands.
            early = outcome.state is MessageState.ACCEPTED
            self._settle(in_doubt(f"accepted before its end: {reply.text}") if early else outcome)
            self._close("answered before the end of the content")
            return
        self._must_reset = self._refused is not None or reply.code >= 400
        self._settle(outcome)
        if reply.code == 421 or not 200 <= reply.code < 600:
            self._close(reply.text)
        else:
            self._become_idle()

    # --- Ends of a message and of a connection -------------------------------------------------------------------

    def _settle_refused(self) -> None:
        outcome = self._refused or not_handed_over("out of step")
        self._must_reset = True
        self._settle(outcome)
        self._become_idle()

    def _settle(self, outcome: Outcome) -> None:
        letter, self.letter, self._refused = self.letter, None, None
        if letter is not None:
            self.owner.settled(self, letter, outcome)

    def _become_idle(self) -> None:
        self.phase = Phase.IDLE
        self.owner.idle(self)

    def _close(self, why: str) -> None:
        if self.phase is Phase.CLOSED:
            return
        self.phase = Phase.CLOSED
        if self.letter is not None:
            if self._refused is not None:
                self._settle(self._refused)
            else:
                self._settle(in_doubt(why) if self._content_left else not_handed_over(why))
        self.owner.closed(self, why)
        self.socket.close()

    # --- Octets --------------------------------------------------------------------------------------------------

    def _receive(self, now: float) -> None:
        try:
            octets = self.socket.recv(RECEIVE_OCTETS)
        except BlockingIOError:
            return
        except OSError as error:
            self._close(f"connection broke: {error.strerror or error}")
            return
        if not octets:
            self._close("server closed the connection")
            return
        *complete, self._received = (self._received + octets).split(b"\n")
        for line in complete:
            if self.phase is Phase.CLOSED:
                return
            self._on_line(line.rstrip(b"\r"), now)
        if len(self._received) > REPLY_OCTETS:
            self._close("reply without an end")

    def _on_line(self, line: bytes, now: float) -> None:
        if self._is_plain_yes(line):
            self._expected.popleft()
            return
        if not (line[:3].isdigit() and len(line) >= 3 and line[3:4] in {b" ", b"-", b""}):
            self._close(f"nonsense instead of a reply: {line[:80]!r}")
            return
        self._lines.append(line.decode("utf-8", "replace"))
        if line[3:4] == b"-":
            if len(self._lines) > 200:
                self._close("reply without an end")
            return
        reply = Reply(int(line[:3]), tuple(self._lines))
        self._lines = []
        handle = self._handlers.get(self.phase)
        if handle is None:
            self._close(f"unasked: {reply.text}")
        else:
            handle(reply, now)

    def _is_plain_yes(self, line: bytes) -> bool:
        """The usual answers to RSET, MAIL and RCPT in a pipeline: nothing is to be done or kept."""
        return (
            self.phase is Phase.ENVELOPE
            and line[:1] == b"2"
            and line[3:4] == b" "
            and not self._lines
            and self.has_pipelining
            and len(self._expected) > 1
        )

    def _write(self, pieces: Sequence[bytes]) -> None:
        if self._unsent:
            self._unsent.extend(pieces)
            return
        try:
            count = self.socket.sendmsg(pieces)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self._close(f"connection broke: {error.strerror or error}")
            return
        if count and self.phase is Phase.CONTENT:
            self._content_left = True
        for piece in pieces:
            if count >= len(piece):
                count -= len(piece)
            else:
                self._unsent.append(memoryview(piece)[count:])
                count = 0
        if self._unsent:
            self._watch(write=True)

    def _flush(self) -> None:
        try:
            count = self.socket.sendmsg(list(self._unsent)[:16])
        except BlockingIOError:
            return
        except OSError as error:
            self._close(f"connection broke: {error.strerror or error}")
            return
        if count and self.phase is Phase.CONTENT:
            self._content_left = True
        while self._unsent and count >= len(self._unsent[0]):
            count -= len(self._unsent.popleft())
        if self._unsent and count:
            self._unsent[0] = memoryview(self._unsent[0])[count:]
        if not self._unsent:
            self._watch(write=False)

    def _watch(self, *, write: bool) -> None:
        if self._writing != write:
            self._writing = write
            self.owner.interest(self, write=write)


def _connect(server: Server) -> socket.socket:
    """Begin to connect, without waiting. A name is looked up anew each time: relays move."""
    family, kind, protocol, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.connect_ex(address)
    return sock
