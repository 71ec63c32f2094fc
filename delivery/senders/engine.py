"""The sender: one thread, one readiness loop, a few persistent SMTP connections, and two PostgreSQL connections.

A message goes: claimed with its chunk → rendered → signed, several at a time → paired with an idle connection →
**permit** (moved to `sending` by the tick's commit, after the last check) → handed over → outcome, settled by the next
tick. Outcome and next permit of a connection commit together, so at most one message a connection is ever `sending`:
whatever dies, doubt is never above the number of open connections.

Where next: `statements.py` for the SQL, `smtp.py` for a connection.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from delivery.senders.claims import Claims
from delivery.senders.eight import LANES
from delivery.senders.lanes import Lanes
from delivery.senders.letters import Job, Lease, Letter, sign_letters
from delivery.senders.memory import kept_memory
from delivery.senders.pipe import Lost, Pipe
from delivery.senders.relays import Relays
from delivery.senders.replies import Outcome, not_handed_over
from delivery.senders.session import OPEN, Phase
from delivery.senders.smtp import Connection
from delivery.senders.statements import STATEMENTS
from delivery.senders.ticks import Tick, Ticks
from delivery.states import MessageState

#: A tick is due once so large a part of the connections wait for it, or so long after the first began to wait.
TICK_SHARE = 0.75
TICK_AFTER_SECONDS = 0.006
#: A permit older than this isn't used: the process was frozen, and the world may have changed.
PERMIT_SECONDS = 5.0
#: Signed messages kept ready for each connection.
READY_PER_CONNECTION = 1.5
HOUSEKEEPING_SECONDS = 0.25
RECOVER_SECONDS = 120.0
#: Without any connection for so long, the drain ends; the next one tries again.
UNREACHABLE_SECONDS = 15.0


class Composer(Protocol):
    """Who turns a claimed message into a letter."""

    def compose(self, job: Job) -> Letter | None:
        """Render, all but the signature; None where the message can't go out, having set `job.refused`.

        Errors: Lost when PostgreSQL is away.
        """


@dataclass
class Tally:
    """What one drain did."""

    outcomes: Counter[MessageState] = field(default_factory=Counter)
    unreachable: str = ""
    exhausted: bool = False
    ticks: int = 0


class Engine:
    """Drains one tenant's due messages of one month, until told to stop or until nothing is due."""

    def __init__(
        self,
        tenant_id: int,
        month: str,
        relays: Relays,
        composer: Composer,
        *,
        connections: int,
        look_after: Callable[[Sequence[Lease]], None],
    ) -> None:
        self.tenant_id = tenant_id
        self.relays = relays
        self.composer = composer
        self.most = connections
        self.tally = Tally()
        self.lanes = Lanes(connections, ceil(connections * READY_PER_CONNECTION))
        self.claims = Claims(month, look_after, self.lanes)
        self.ticks = Ticks(month)
        self.connections: dict[Connection, Letter | None] = {}
        self.idle_connections: deque[Connection] = deque()
        self.unsigned: list[Letter] = []
        self.ready: deque[Letter] = deque()
        self.stopping = False
        self._selector = selectors.DefaultSelector()
        self._pipes: list[Pipe] = []
        self._lost_since = 0.0
        self._next_housekeeping = 0.0
        self._alone_since = 0.0
        self._stalled = 0
        self._held = 0

    # --- The loop ------------------------------------------------------------------------------------------------

    def run(self, until: float) -> Tally:
        """Work until the clock (`time.monotonic`) says `until`; then finish what is under way, and let go of the rest.

        Errors: Lost when PostgreSQL stays away.
        """
        self._connect_pipes()
        try:
            with kept_memory():
                while not self._is_done(until):
                    self._turn()
        finally:
            self._shut()
        self.tally.exhausted = self.claims.exhausted
        return self.tally

    def stop(self) -> None:
        """Claim no more; `run` returns once what is under way has been settled."""
        self.stopping = True

    def _turn(self) -> None:
        for key, mask in self._selector.select(self._patience()):
            try:
                key.data(mask)
            except Lost as error:
                self._on_lost(error)
        now = time.monotonic()
        if now >= self._next_housekeeping:
            self._next_housekeeping = now + HOUSEKEEPING_SECONDS
            self._keep_house(now)
        if self._pipes:
            try:
                self._pair(now)
                self._tick(now)
                self.claims.work(self._pipes[1], now, wants_more=self._wants_more)
                self._open_connections(now)
                self._compose(now)
            except Lost as error:
                self._on_lost(error)

    def _patience(self) -> float:
        if self._can_compose and self._pipes:
            return 0.0
        if self.ticks.waiting_since and self._pipes and not self._pipes[0].busy:
            return max(0.0, self.ticks.waiting_since + TICK_AFTER_SECONDS - time.monotonic())
        return 0.05

    def _is_done(self, until: float) -> bool:
        if time.monotonic() >= until:
            self.stopping = True
        if self.stopping or self.tally.unreachable:
            self._drop_unpermitted()
        elif not self.claims.exhausted or self.claims.jobs_in_hand or self._letters:
            return False
        return not (self.ticks.has_work or any(self.connections.values()) or self.claims.has_leases)

    # --- Composing and pairing -----------------------------------------------------------------------------------

    @property
    def _can_compose(self) -> bool:
        # Letters of a lane that waits must not keep others from being rendered; each lane has its own bound.
        is_short = self._letters - self._held < self.most * READY_PER_CONNECTION
        return is_short and not self.stopping and not self.lanes.is_stuck(time.monotonic())

    @property
    def _letters(self) -> int:
        """How many letters wait for a connection, signed or not."""
        return len(self.ready) + len(self.unsigned)

    @property
    def _wants_more(self) -> bool:
        return not self.stopping and not self.tally.unreachable

    def _compose(self, now: float) -> None:
        """Prepare one message, and sign once a batch is together: between two messages the sockets get their turn."""
        job = self.claims.next_job(now) if self._can_compose else None
        if job is not None:
            try:
                letter = self.composer.compose(job)
            except Lost:
                self.lanes.put_back(job)
                raise
            if letter is None:
                self.ticks.end(job, now)
            else:
                self.unsigned.append(letter)
        is_needed = job is None and len(self.ready) <= self._held
        if self.unsigned and (is_needed or len(self.unsigned) >= LANES):
            sign_letters(self.unsigned)
            self.ready.extend(self.unsigned)
            self.unsigned = []

    def _pair(self, now: float) -> None:
        """Give each idle connection the first letter that may go; those of lanes that pause go back."""
        if self.idle_connections:
            self._held = 0
        for _ in range(len(self.ready)):
            if not self.idle_connections or self.stopping:
                return
            letter = self.ready.popleft()
            if letter.job.lease.lost:
                self.claims.drop(letter.job)
            elif self.lanes.may_fly(letter.job, now):
                connection = self.idle_connections.popleft()
                self.connections[connection] = letter
                self.lanes.fly(letter.job, now)
                self.ticks.ask(letter, connection, now)
            elif self.lanes.pause_left(letter.job, now):
                self.claims.put_off(letter.job, now)
            else:
                self._held += 1
                self.ready.append(letter)

    def _tick(self, now: float) -> None:
        pipe = self._pipes[0]
        if pipe.busy or not self.ticks.waiting_since:
            return
        waiting = self.ticks.waiting
        # Connections that wait in vain will ask for nothing soon.
        is_due = (
            waiting >= (len(self.connections) - self._stalled) * TICK_SHARE
            or now - self.ticks.waiting_since >= TICK_AFTER_SECONDS
            or (not self._can_compose and waiting >= sum(map(bool, self.connections.values())) - self._stalled)
        )
        if is_due:
            self.tally.ticks += 1
            self.ticks.send(pipe, now, self._on_tick)

    def _on_tick(self, tick: Tick) -> None:
        now = time.monotonic()
        for letter, outcome in tick.outcomes:
            self.tally.outcomes[outcome.state] += 1
            self.claims.finish(letter.job, outcome)
        for letter, connection in tick.permitted:
            self._use_permit(letter, connection, now)
        for letter, connection in tick.refused:
            self.lanes.land(letter.job, None, now)
            self.ticks.end(letter.job, now)
            if self.connections.get(connection) is letter:
                self.connections[connection] = None
                self.idle_connections.append(connection)
        for job in tick.unfit:
            self.claims.drop(job)

    def _use_permit(self, letter: Letter, connection: Connection, now: float) -> None:
        if connection.phase is not Phase.IDLE or self.connections.get(connection) is not letter:
            self.ticks.settle(letter, not_handed_over("the connection closed before", counts=False), now)
        elif now - letter.permit_at > PERMIT_SECONDS:
            self.connections[connection] = None
            self.idle_connections.append(connection)
            self.ticks.settle(letter, not_handed_over("the permit was too old", counts=False), now)
        else:
            connection.hand_over(letter, now)

    def _drop_unpermitted(self) -> None:
        for letter in (*self.ready, *self.unsigned):
            self.claims.drop(letter.job)
        self.ready.clear()
        self.unsigned.clear()
        self.claims.drop_jobs()

    # --- What connections tell us (`smtp.Owner`) -----------------------------------------------------------------

    def idle(self, connection: Connection) -> None:
        """Offer the connection the next message."""
        self._alone_since = 0.0
        if connection.handed < 2:  # let in, then through with its first message
            self.relays.opened(connection, time.monotonic())
        self.connections[connection] = None
        self.idle_connections.append(connection)

    def settled(self, connection: Connection, letter: Letter, outcome: Outcome) -> None:
        """Keep the outcome for the next tick."""
        now = time.monotonic()
        self.connections[connection] = None
        self.lanes.land(letter.job, outcome, now)
        self.ticks.settle(letter, outcome, now)

    def closed(self, connection: Connection, why: str) -> None:
        """Forget the connection. A letter that waits for its permit on it is settled when the permit comes."""
        del self.connections[connection]
        with suppress(ValueError):
            self.idle_connections.remove(connection)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        if why:
            self.relays.closed(connection, why, time.monotonic(), self.connections)

    def moved(self, connection: Connection, before: socket.socket) -> None:
        """Watch another socket in place of the one before."""
        self._selector.unregister(before)
        self._watch(connection)

    def interest(self, connection: Connection, *, write: bool) -> None:
        """Watch for writing too, or no longer."""
        mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        self._selector.modify(connection.socket, mask, self._selector.get_key(connection.socket).data)

    # --- Housekeeping --------------------------------------------------------------------------------------------

    def _keep_house(self, now: float) -> None:
        for connection in list(self.connections):
            connection.check_time(now)
        self._retire_connections(now)
        self._stalled = self.lanes.stalled(now)
        if not self._pipes:
            self._connect_pipes_again(now)
        if self.connections and any(c.phase in OPEN for c in self.connections):
            self._alone_since = 0.0
        elif self.claims.jobs_in_hand or self._letters:
            self._alone_since = self._alone_since or now
            if now - self._alone_since > UNREACHABLE_SECONDS:
                self.tally.unreachable = self.relays.why or "no connection"

    def _open_connections(self, now: float) -> None:
        # A connection that waits in vain is made up for, as far as once again as many.
        most = self.most + min(self._stalled, self.most)
        if self.stopping or len(self.connections) >= most:
            return
        wanted = min(most, self.claims.jobs_in_hand + self._letters + sum(map(bool, self.connections.values())))
        while len(self.connections) < wanted:
            connection = self.relays.connect(self, now, self.connections)
            if connection is None:
                return
            self.connections[connection] = None
            self._watch(connection)

    def _retire_connections(self, now: float) -> None:
        """Let go of connections whose relay isn't the one to use any more, each after the message it has."""
        for connection in self.relays.retire(self.connections, now):
            connection.retiring = True
            if connection.phase is Phase.IDLE and self.connections[connection] is None:
                connection.quit()

    def _watch(self, connection: Connection) -> None:
        mask = selectors.EVENT_READ | selectors.EVENT_WRITE
        self._selector.register(connection.socket, mask, self._handler(connection))

    @staticmethod
    def _handler(connection: Connection) -> Callable[[int], None]:
        on_ready = connection.on_ready

        def handle(mask: int) -> None:
            on_ready(
                time.monotonic(),
                readable=bool(mask & selectors.EVENT_READ),
                writable=bool(mask & selectors.EVENT_WRITE),
            )

        return handle

    # --- PostgreSQL ----------------------------------------------------------------------------------------------

    def _connect_pipes(self) -> None:
        for _ in range(2):
            self._pipes.append(Pipe(STATEMENTS, self.tenant_id, self._selector))

    def _on_lost(self, error: Lost) -> None:
        """What was under way may or may not have been done; asking again is safe, as each move names its attempt."""
        for pipe in self._pipes:
            pipe.close()
        self._pipes = []
        self._lost_since = self._lost_since or time.monotonic()
        if time.monotonic() - self._lost_since > RECOVER_SECONDS:
            raise error
        self.claims.forget_requests()
        for letter, connection in self.ticks.take_back(time.monotonic()):
            if self.connections.get(connection) is letter:
                self.connections[connection] = None
                self.idle_connections.append(connection)

    def _connect_pipes_again(self, now: float) -> None:
        try:
            self._connect_pipes()
        except Lost as error:
            self._on_lost(error)
            return
        self._lost_since = 0.0

    def _shut(self) -> None:
        for connection in list(self.connections):
            if connection.phase is Phase.IDLE:
                connection.quit()
            else:
                connection.break_off("the sender stopped")
        for pipe in self._pipes:
            pipe.close()
        self._selector.close()
