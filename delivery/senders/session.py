"""A session with one server: its socket, what is said until messages can go, and the lines of its replies.

Until it is open it may change its socket: to the server's next address, or away from a TLS that nobody insisted on and
that failed. What the password is told to, and what is thrown away before TLS, stands in `opening.py`.

Where next: `smtp.py` for the messages.
"""

import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto

from delivery.senders.names import Address
from delivery.senders.opening import Features, Opening, Refused, Say, Want, open_session
from delivery.senders.replies import Reply
from delivery.senders.servers import Fault, Server, is_loopback
from delivery.senders.tls import Secured, Tls, TlsFailed
from delivery.senders.wire import Broke, Wire
from delivery.states import TlsMode

#: A reply longer than this is nonsense.
REPLY_OCTETS = 32768
REPLY_LINES = 200

#: Hears what is said: "in", "out" or "info" for what happened, and the words, without secrets.
Listener = Callable[[str, str], None]


class Phase(Enum):
    """Where a session stands. It takes messages from IDLE on."""

    CONNECTING = auto()
    HANDSHAKE = auto()
    OPENING = auto()
    IDLE = auto()
    ENVELOPE = auto()
    CONTENT = auto()
    CLOSED = auto()


#: The server let us in.
OPEN = frozenset({Phase.IDLE, Phase.ENVELOPE, Phase.CONTENT})


class Session(ABC):
    """One server, over one socket at a time.

    `fault` says what the server is to blame for once it is closed.
    Errors: OSError where no way leads to any address.
    """

    def __init__(
        self, server: Server, now: float, addresses: Sequence[Address], listener: Listener | None = None
    ) -> None:
        self.server = server
        self.phase = Phase.CONNECTING
        self.deadline = now + server.connect_seconds
        self.features = Features()
        self.secured: Secured | None = None
        self.fault = Fault.NONE
        self._now = now
        self._listener = listener
        self._addresses = deque(addresses)
        self._avoids_tls = False
        self._blame: tuple[Fault, str] | None = None
        self._received = b""
        self._unread: deque[bytes] = deque()
        self._lines: list[str] = []
        self._wire = self._connect()
        self._opening = self._open()
        self._waits_for = "greeting"

    # --- What is made of it --------------------------------------------------------------------------------------

    @abstractmethod
    def _opened(self) -> None:
        """Messages may go."""

    @abstractmethod
    def _on_reply(self, reply: Reply, now: float) -> None:
        """Take a reply to something other than the opening."""

    @abstractmethod
    def _is_plain_yes(self, line: bytes) -> bool:
        """Tell whether a line is an answer for which nothing is to be done."""

    @abstractmethod
    def _left(self, octets: int) -> None:
        """Take note that octets left."""

    @abstractmethod
    def _close(self, why: str, fault: Fault = Fault.BROKE) -> None:
        """End it."""

    @abstractmethod
    def _moved(self, before: socket.socket) -> None:
        """Take note of a new socket."""

    @abstractmethod
    def _watch(self, write: bool) -> None:  # noqa: FBT001 - called back with it alone
        """Want to know when the socket can be written, or no longer."""

    # --- What its owner calls ------------------------------------------------------------------------------------

    @property
    def socket(self) -> socket.socket:
        """What the owner watches."""
        return self._wire.socket

    @property
    def address(self) -> Address:
        """Where it leads."""
        return self._wire.address

    def on_ready(self, now: float, *, readable: bool, writable: bool) -> None:
        """Go on: the socket can be read or written."""
        self._now = now
        if self.phase is Phase.CONNECTING:
            self._on_connected()
            return
        if writable and self._wire.has_unsent:
            self._flush()
        if not readable or self.phase in {Phase.CLOSED, Phase.CONNECTING}:
            return
        if self.phase is Phase.HANDSHAKE:
            self._on_handshake()
        else:
            self._receive()

    def check_time(self, now: float) -> None:
        """Give up where the server has had its time."""
        if now < self.deadline or self.phase in {Phase.IDLE, Phase.CLOSED}:
            return
        self._now = now
        if self.phase is Phase.CONNECTING:
            self._not_opened("no answer in time (connecting)", Fault.UNREACHABLE)
        elif self.phase is Phase.HANDSHAKE:
            self._tls_failed("no answer in time")
        elif self.phase is Phase.OPENING:
            self._not_opened(f"no answer in time ({self._waits_for})", Fault.REFUSED)
        else:
            self._close(f"no answer in time ({self.phase.name.lower()})")

    def break_off(self, why: str) -> None:
        """Close at once, and say what is known about the message under way."""
        self._close(why or "connection closed")

    # --- Opening -------------------------------------------------------------------------------------------------

    def _open(self) -> Opening:
        return open_session(self.server, is_loopback=is_loopback(self.address.ip), avoid_tls=self._avoids_tls)

    def _connect(self) -> Wire:
        """Begin to connect to the next address to which a way leads.

        Errors: OSError.
        """
        while True:
            address = self._addresses.popleft()
            try:
                wire = Wire(address, self._watch)
            except OSError as error:
                self._note_blame(Fault.UNREACHABLE, f"cannot connect: {error.strerror or error}")
                if not self._addresses:
                    raise
            else:
                self._tell("info", f"{address.ip}, port {self.server.port}")
                return wire

    def _on_connected(self) -> None:
        try:
            self._wire.connected()
        except Broke as error:
            self._not_opened(str(error), Fault.UNREACHABLE)
            return
        if self.server.tls is TlsMode.IMPLICIT:
            self._secure()
        else:
            self._step(None)

    def _step(self, reply: Reply | None) -> None:
        """Go on with the opening after a reply, or after something else that it waited for."""
        self.phase = Phase.OPENING
        self.deadline = self._now + self.server.reply_seconds
        try:
            want = next(self._opening) if reply is None else self._opening.send(reply)
        except StopIteration as end:
            self.features = end.value
            self._opened()
        except Refused as refused:
            self._not_opened(str(refused), refused.fault)
        else:
            if isinstance(want, Say):
                self._waits_for = want.shown.partition(" ")[0].lower()
                self._tell("out", want.shown)
                self._write([want.line])
            elif want is Want.TLS:
                self._secure()

    def _secure(self) -> None:
        if self._unread or self._received:
            # Somebody put words into the server's mouth, to be taken for what it says under TLS.
            self._not_opened("it spoke before TLS began", Fault.REFUSED)
            return
        self.phase = Phase.HANDSHAKE
        self.deadline = self._now + self.server.connect_seconds
        server = self.server
        try:
            self._wire.start_tls(Tls(server.host, checked=server.checks_certificate, ca_file=server.ca_file))
        except (Broke, TlsFailed) as error:
            self._tls_failed(str(error))

    def _on_handshake(self) -> None:
        try:
            if not self._wire.shake():
                return
            early = self._wire.pending()
        except (Broke, TlsFailed) as error:
            self._tls_failed(str(error))
            return
        self.secured = self._wire.secured
        if self.secured:
            checked = "certificate checked" if self.secured.checked else "certificate not checked"
            self._tell("info", f"{self.secured.version}, {self.secured.cipher}, {checked}")
        self._step(None)
        if early:
            self._take(early)

    def _tls_failed(self, why: str) -> None:
        if self.server.tls is TlsMode.OPPORTUNISTIC and not self._avoids_tls:
            self._tell("info", f"TLS failed: {why}")
            self._avoids_tls = True
            self._addresses.appendleft(self.address)
        self._not_opened(f"TLS failed: {why}", Fault.REFUSED)

    def _not_opened(self, why: str, fault: Fault) -> None:
        """Try again where there is another way, else close with the reason that says most."""
        self._note_blame(fault, why)
        before = self._wire
        if fault is not Fault.LOGIN and self._addresses:
            self._tell("info", why)
            try:
                self._wire = self._connect()
            except OSError:
                pass
            else:
                self.phase = Phase.CONNECTING
                self.deadline = self._now + self.server.connect_seconds
                self._received, self._lines, self._waits_for = b"", [], "greeting"
                self._unread.clear()
                self._opening = self._open()
                self.secured = None
                self._moved(before.socket)
                before.close()
                return
        fault, why = self._blame or (fault, why)
        self._close(why, fault)

    def _note_blame(self, fault: Fault, why: str) -> None:
        if self._blame is None or fault is not Fault.UNREACHABLE:
            self._blame = (fault, why)

    def _tell(self, direction: str, text: str) -> None:
        if self._listener is not None:
            self._listener(direction, text)

    # --- Octets --------------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        try:
            octets = self._wire.receive()
        except Broke as error:
            self._broke(error)
        else:
            if octets:
                self._take(octets)

    def _take(self, octets: bytes) -> None:
        *complete, self._received = (self._received + octets).split(b"\n")
        self._unread.extend(complete)
        while self._unread and self.phase is not Phase.CLOSED:
            self._on_line(self._unread.popleft().rstrip(b"\r"))
        if len(self._received) > REPLY_OCTETS:
            self._give_up("reply without an end")

    def _broke(self, error: Broke) -> None:
        if self.phase is Phase.HANDSHAKE:
            self._tls_failed(str(error))
        else:
            self._give_up(str(error))

    def _give_up(self, why: str) -> None:
        if self.phase is Phase.OPENING:
            self._not_opened(why, Fault.REFUSED)
        else:
            self._close(why)

    def _on_line(self, line: bytes) -> None:
        if self._is_plain_yes(line):
            return
        if not (line[:3].isdigit() and len(line) >= 3 and line[3:4] in {b" ", b"-", b""}):
            heard = self.server.hide(line.decode("utf-8", "replace"))
            self._give_up(f"nonsense instead of a reply: {heard[:80]!r}")
            return
        self._lines.append(line.decode("utf-8", "replace"))
        if line[3:4] == b"-":
            if len(self._lines) > REPLY_LINES:
                self._give_up("reply without an end")
            return
        reply = Reply(int(line[:3]), tuple(self._lines))
        self._lines = []
        if self._listener is not None:
            self._listener("in", self.server.hide("\n".join(reply.lines)))
        if self.phase is Phase.OPENING:
            self._step(reply)
        else:
            self._on_reply(reply, self._now)

    def _write(self, pieces: Sequence[bytes]) -> None:
        try:
            self._left(self._wire.write(pieces))
        except Broke as error:
            self._broke(error)

    def _flush(self) -> None:
        try:
            self._left(self._wire.flush())
        except Broke as error:
            self._broke(error)
