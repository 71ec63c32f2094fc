"""Which relay the next connection goes to: the first that isn't set aside, and back to a better one once it is back.

A relay that lets nobody in, or that answers 421 again and again, is set aside for a time that grows; the next one takes
over at once. When its time is over, a single connection finds out whether it is there again. A connection that breaks
later costs its relay a short pause and nothing else: what was handed over on it is settled where it was, and no message
ever goes to a second relay because the first was silent about it.

Source: docs/decisions/0010-relays.md
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from delivery.senders.names import Names, NoAddress
from delivery.senders.servers import Fault, Server
from delivery.senders.session import OPEN
from delivery.senders.smtp import Connection, Owner

#: How long the first failure sets a relay aside, and the longest that failures in a row can.
AWAY_SECONDS = 0.2
LONGEST_AWAY_SECONDS = 60.0
#: The same where the login is refused: asking again soon locks accounts.
LOGIN_AWAY_SECONDS = 30.0
LONGEST_LOGIN_AWAY_SECONDS = 600.0
#: The pause after a connection that was open broke, while others hold.
PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
#: So many connections in a row that answered 421 before they took a message set a relay aside.
BUSY_TIMES = 3
LOOK_AGAIN_SECONDS = 5.0
#: That a relay works is written down so often.
NOTE_SECONDS = 60.0

NAMES = Names()


@dataclass(frozen=True)
class Known:
    """A relay as it is written down: how often it failed in a row, and for how much longer it is set aside."""

    server: Server
    failures: int = 0
    away_seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Note:
    """What was found out about a relay. `away_seconds` is 0 where it works."""

    server: Server
    answer: str
    tls: str = ""
    failures: int = 0
    away_seconds: float = 0.0


@dataclass
class _Standing:
    server: Server
    failures: int = 0
    away_until: float = 0.0
    why: str = ""
    proven: bool = False
    busy: int = 0
    pause: float = PAUSE_SECONDS
    paused_until: float = 0.0
    noted_at: float = 0.0

    @property
    def was_busy(self) -> bool:
        """Whether it was set aside for letting us in and then taking nothing: only a message proves the contrary."""
        return self.failures > 0 and not self.proven and self.why.startswith("421")


@dataclass
class Relays:
    """The relays of one drain, the preferred one first.

    `read` lists them anew, None where that isn't possible now; `note` writes down what was found out.
    """

    known: Sequence[Known]
    started: float
    read: Callable[[], Sequence[Known] | None] = field(default=lambda: None)
    note: Callable[[Note], None] = field(default=lambda note: None)
    names: Names = field(default=NAMES)
    why: str = ""

    def __post_init__(self) -> None:
        self._standings: list[_Standing] = []
        self._look_at = self.started + LOOK_AGAIN_SECONDS
        self._adopt(self.known, self.started)

    def away_seconds(self) -> float:
        """Tell for how much longer no relay may be used; 0 where one may."""
        return min((known.away_seconds for known in self.known), default=0.0)

    # --- What the engine asks ------------------------------------------------------------------------------------

    def connect(self, owner: Owner, now: float, open_now: Collection[Connection]) -> Connection | None:
        """Begin a connection where one may be begun now."""
        standing = self._next(now, open_now)
        if standing is None:
            return None
        try:
            addresses = self.names.addresses(standing.server, now)
            return Connection(standing.server, owner, now, addresses) if addresses else None
        except NoAddress as error:
            self._failed(standing, Fault.UNREACHABLE, str(error), now)
        except OSError as error:
            self._failed(standing, Fault.UNREACHABLE, f"cannot connect: {error.strerror or error}", now)
        return None

    def opened(self, connection: Connection, now: float) -> None:
        """Take note that a relay let a connection in, or that it took its first message."""
        standing = self._of(connection.server)
        if standing is None or (standing.was_busy and not connection.handed):
            return
        self.names.prefer(connection.server, connection.address)
        standing.pause = PAUSE_SECONDS
        if not standing.proven or now >= standing.noted_at + NOTE_SECONDS:
            standing.failures, standing.away_until = 0, 0.0
            standing.proven, standing.noted_at = True, now
            self._write(Note(connection.server, "", tls=_tls_of(connection)))

    def closed(self, connection: Connection, why: str, now: float, open_now: Collection[Connection]) -> None:
        """Take note that a connection is gone that we didn't end ourselves."""
        standing = self._of(connection.server)
        if standing is None:
            return
        others = any(other.server is standing.server and other.phase in OPEN for other in open_now)
        if not connection.was_open and not others:
            self._failed(standing, connection.fault, why, now)
            return
        self.why = why
        is_busy = connection.fault is Fault.BUSY and not connection.accepted
        standing.busy = standing.busy + 1 if is_busy else 0
        if standing.busy >= BUSY_TIMES or (is_busy and standing.was_busy):
            self._failed(standing, Fault.BUSY, why, now)
        elif now >= standing.paused_until:
            standing.paused_until = now + standing.pause
            standing.pause = PAUSE_SECONDS if connection.was_open else min(standing.pause * 2, LONGEST_PAUSE_SECONDS)

    def retire(self, connections: Collection[Connection], now: float) -> list[Connection]:
        """List the connections that should end because a better relay is there, or may be."""
        self._look_again(now)
        staying = [connection for connection in connections if not connection.retiring]
        gone = [connection for connection in staying if self._of(connection.server) is None]
        best = next((standing for standing in self._standings if now >= standing.away_until), None)
        if gone or best is None:
            return gone
        worse = [connection for connection in staying if connection.server is not best.server]
        if best.proven:
            return worse
        return [] if len(worse) < len(connections) else worse[:1]

    # --- Inside --------------------------------------------------------------------------------------------------

    def _of(self, server: Server) -> _Standing | None:
        return next((standing for standing in self._standings if standing.server is server), None)

    def _next(self, now: float, open_now: Collection[Connection]) -> _Standing | None:
        for standing in self._standings:
            if now < standing.away_until:
                continue
            mine = sum(connection.server is standing.server for connection in open_now)
            if standing.failures and not standing.proven:
                if mine:
                    continue  # one finds out; the others go on elsewhere
                return standing
            is_first_login = bool(standing.server.user) and not standing.proven and mine > 0
            is_full = 0 < standing.server.connections <= mine
            return None if is_first_login or is_full or now < standing.paused_until else standing
        return None

    def _failed(self, standing: _Standing, fault: Fault, why: str, now: float) -> None:
        """Set a relay aside, longer each time; many connections that fail at once count once."""
        self.why = why
        if now < standing.away_until:
            return
        first, longest = AWAY_SECONDS, LONGEST_AWAY_SECONDS
        if fault is Fault.LOGIN:
            first, longest = LOGIN_AWAY_SECONDS, LONGEST_LOGIN_AWAY_SECONDS
        seconds = min(first * 2.0 ** min(standing.failures, 20), longest)
        standing.failures += 1
        standing.away_until, standing.why = now + seconds, why
        standing.proven, standing.busy = False, 0
        self._write(Note(standing.server, why, failures=standing.failures, away_seconds=seconds))

    def _write(self, note: Note) -> None:
        if note.server.number:
            self.note(note)

    def _look_again(self, now: float) -> None:
        if now < self._look_at:
            return
        self._look_at = now + LOOK_AGAIN_SECONDS
        found = self.read()
        if found is not None:
            self._adopt(found, now)

    def _adopt(self, found: Sequence[Known], now: float) -> None:
        """Take over what is written down: other senders write too, and people change relays.

        A relay that lets this sender in isn't set aside because it turned another one away.
        """
        before = {standing.server: standing for standing in self._standings}
        self._standings = []
        for known in found:
            standing = before.get(known.server) or _Standing(known.server)
            if standing.proven:
                standing.noted_at = 0.0 if known.failures else standing.noted_at
            elif known.server.number:
                standing.failures, standing.why = known.failures, known.why
                standing.away_until = now + known.away_seconds if known.away_seconds > 0 else 0.0
            self._standings.append(standing)


def _tls_of(connection: Connection) -> str:
    secured = connection.secured
    return f"{secured.version} {secured.cipher}" if secured else ""
