"""The watch: finds due work in PostgreSQL by itself and does it wherever bells and beat stay silent, without Redis.

It makes the rounds as beat does, but keeps what they ring for. What still waits at the next look was heard by nobody;
a child process then does it, and is gone afterwards. With a broker that works, senders take their places before that.

One thread and no signal handlers: signals stay blocked and are waited for, so children may be forked at any time, and
finish what they have in hand when everything is told to end.
"""

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import connections

from campaigns.tasks import start_all_due
from connect.core import handoff
from connect.core.handoff import Bell
from delivery import tasks as delivery_tasks
from delivery.actions.rounds import make_rounds

log = structlog.get_logger(__name__)

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
PLANNERS = 1
#: How a child ends: nothing is left of it, it must be done again at once, or it failed.
DONE, MORE, FAILED = 0, 3, 4


class Errand(NamedTuple):
    """What a bell rang for."""

    bell: Bell
    tenant_id: int
    thing_id: int


#: The bells that the watch answers itself, as the queue's tasks would. Others it leaves to the broker's return.
ANSWERS: dict[Bell, Callable[[int, int], object]] = {
    Bell.RUN_STARTED: delivery_tasks.plan_run,
    Bell.SEND_DUE: delivery_tasks.drain,
}


class Watch:
    """Looks every few seconds. `senders` is how many children may drain at once."""

    def __init__(self, senders: int) -> None:
        self._most = {Bell.RUN_STARTED: PLANNERS, Bell.SEND_DUE: senders}
        self._heard: Counter[Errand] = Counter()
        self._children: dict[int, Errand] = {}
        self._started: dict[Errand, float] = {}
        self.waiting: deque[Errand] = deque()
        handoff.wire({bell: self._listener(bell) for bell in Bell})

    def run(self) -> None:
        """Watch until SIGTERM or SIGINT, then wait for the children."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        look_at = 0.0
        while True:
            if time.monotonic() >= look_at:
                self.look(now=datetime.now(UTC))
                look_at = time.monotonic() + settings.TICK_SECONDS
            self.start_waiting()
            told = signal.sigtimedwait(SIGNALS, max(0.0, look_at - time.monotonic()))
            if told is not None and told.si_signo != signal.SIGCHLD:
                break
            self._reap(os.WNOHANG)
        while self._children:
            self._reap(0)

    def look(self, *, now: datetime) -> None:
        """Start due campaigns, make the rounds, and let wait what was rung for now and at the last look too."""
        before, self._heard = self._heard, Counter()
        for look in (start_all_due, make_rounds):
            try:
                look(now=now)
            except Exception:
                # PostgreSQL may be away, one tenant's rows may be odd: the next look comes, whatever it was.
                log.exception("watch.look_failed")
        # A child must not inherit a connection.
        connections.close_all()
        unheard = (self._heard & before).elements()
        self.waiting = deque(sorted(unheard, key=lambda errand: self._started.get(errand, 0.0)))

    def start_waiting(self) -> None:
        """Fork a child for each errand that waits, as many as may work at once."""
        at_work = Counter(errand.bell for errand in self._children.values())
        for _ in range(len(self.waiting)):
            errand = self.waiting.popleft()
            if at_work[errand.bell] < self._most[errand.bell]:
                at_work[errand.bell] += 1
                self._started[errand] = time.monotonic()
                self._fork(errand)
            else:
                self.waiting.append(errand)

    def do(self, errand: Errand) -> int:
        """Do an errand in this process; tell how a child ends that did."""
        self._heard.clear()
        try:
            ANSWERS[errand.bell](errand.tenant_id, errand.thing_id)
        except Exception:
            log.exception("watch.errand_failed", bell=errand.bell.value, tenant=errand.tenant_id)
            return FAILED
        return MORE if self._heard[errand] else DONE

    def _listener(self, bell: Bell) -> Callable[[int, int], object]:
        def hear(tenant_id: int, thing_id: int) -> None:
            if bell in ANSWERS:
                self._heard[Errand(bell, tenant_id, thing_id)] += 1

        return hear

    def _fork(self, errand: Errand) -> None:
        child = os.fork()
        if child:
            self._children[child] = errand
            return
        end = FAILED
        try:
            end = self.do(errand)
            connections.close_all()
        finally:
            os._exit(end)

    def _reap(self, how: int) -> None:
        """Take leave of children that have ended; whoever stopped before the end goes on when its turn comes."""
        while self._children:
            child, status = os.waitpid(-1, how)
            if not child:
                return
            errand = self._children.pop(child)
            if os.waitstatus_to_exitcode(status) == MORE:
                self.waiting.append(errand)
