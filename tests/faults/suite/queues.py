"""F8, F9, F10: Redis fails, loses everything, or delivers what it likes."""

import random
import threading
import time
from collections.abc import Callable

import redis

from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import Lab, comes_true
from tests.faults.suite.proxy import Proxy
from tests.faults.suite.senders import pause
from tests.faults.suite.sink import Sink
from tests.faults.suite.stack import Stack

CONNECTIONS = 8
RUN_SECONDS = 20.0
SLICE_SECONDS = 4
#: A run may take so much longer than the same run without a fault, and so many seconds for the machine's moods.
SLOWER = 1.5
MOOD_SECONDS = 5.0
FLAT_SECONDS = 30.0
QUEUES = ("send-late", "work-late")

Trouble = Callable[[Lab, threading.Event], None]


def pace(lab: Lab) -> float:
    return RUN_SECONDS * 2 * CONNECTIONS / lab.recipients


def client(lab: Lab) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(lab.home.valkey_socket), socket_timeout=5)


# --- F8 ------------------------------------------------------------------------------------------------------------


def kill_often(lab: Lab, over: threading.Event) -> None:
    """Kill -9 every few seconds, and start again two seconds later."""
    while not over.wait(3):
        lab.kill_server("valkey")
        over.wait(2)
        lab.start_servers()


def flush_often(lab: Lab, over: threading.Event) -> None:
    """Lose everything, twice a second."""
    with client(lab) as connection:
        while not over.wait(0.5):
            connection.flushall()


def fill_up(lab: Lab, over: threading.Event) -> None:
    """Let memory be full, so that each write is refused, for three seconds out of four; and then evict at will."""
    with client(lab) as connection:
        policies = ("noeviction", "allkeys-random")
        number = 0
        while not over.wait(1):
            connection.config_set("maxmemory-policy", policies[number % 2])
            connection.config_set("maxmemory", "1mb")
            number += 1
            over.wait(3)
            connection.config_set("maxmemory", "0")
        connection.config_set("maxmemory-policy", "noeviction")


def keep_down(lab: Lab, over: threading.Event) -> None:
    """Be down from the middle of the run's beginning to its end."""
    lab.kill_server("valkey")
    over.wait()


TROUBLES: dict[str, Trouble] = {
    "killed": kill_often,
    "flushed": flush_often,
    "full": fill_up,
    "down all the run": keep_down,
}


@fault("F8", "Valkey killed, flushed, full, evicting, down for all the run", n=4)
def redis_away(lab: Lab, n: int) -> Result:
    """Each trouble over a whole run, with real workers and beat; the same run without trouble is the measure."""
    result = Result(0)
    usual, _ = _timed_run(lab, result, None)
    for name, trouble in list(TROUBLES.items())[:n]:
        seconds, finished = _timed_run(lab, result, trouble)
        lab.clean()
        result.n += 1
        result.notes.append(f"{name}: {seconds:.0f} s, {usual:.0f} s without")
        result.demand(finished, f"{name}: the run didn't end within {seconds:.0f} s")
        result.demand(seconds <= usual * SLOWER + MOOD_SECONDS, f"{name}: {seconds:.0f} s instead of {usual:.0f} s")
    return result


def _timed_run(lab: Lab, result: Result, trouble: Trouble | None) -> tuple[float, bool]:
    case = lab.case()
    over = threading.Event()
    with Sink(pace=pace(lab)) as sink:
        with Stack(lab.home, sink.port, connections=CONNECTIONS, SEND_SLICE_SECONDS=SLICE_SECONDS):
            comes_true(lambda: bool(sink.copies), 60)
            began = time.monotonic()
            troubled = threading.Thread(target=trouble, args=(lab, over)) if trouble else None
            if troubled:
                troubled.start()
            finished = lab.finish(case, seconds=RUN_SECONDS * 4)
            seconds = time.monotonic() - began
            over.set()
            if troubled:
                troubled.join(30)
            lab.start_servers()
            if not finished:
                lab.finish(case, seconds=60)
        found = lab.judge(sink, case)
        if found.value and trouble:
            result.notes.append(f"{trouble.__name__}: {found}, a minute after its end")
        result.verdict.add(found)
    return seconds, finished


# --- F9 ------------------------------------------------------------------------------------------------------------


@fault("F9", "Redis connections reset, again and again", n=100)
def redis_resets(lab: Lab, n: int) -> Result:
    """Put a proxy before Valkey, and reset every connection through it several times a second."""
    result = Result(0)
    case = lab.case()
    with Proxy(lab.home.valkey_socket) as proxy, Sink(pace=pace(lab)) as sink:
        with Stack(lab.home, sink.port, REDIS_URL=proxy.url, SEND_SLICE_SECONDS=SLICE_SECONDS):
            comes_true(lambda: bool(sink.copies), 60)
            began = time.monotonic()
            while result.n < n and time.monotonic() < began + RUN_SECONDS * 4:
                pause(0.2)
                result.n += proxy.reset()
            result.demand(lab.finish(case), "it didn't go on by itself")
            gap = sink.longest_gap(began, sink.times()[-1])
        result.demand(gap <= FLAT_SECONDS, f"nothing moved for {gap:.0f} s")
        result.notes.append(f"longest standstill {gap:.1f} s")
        result.verdict.add(lab.judge(sink, case))
    return result


# --- F10 -----------------------------------------------------------------------------------------------------------


@fault("F10", "every Celery message delivered twice, out of order, or late", n=40)
def strange_deliveries(lab: Lab, n: int) -> Result:
    """Let workers listen to other queues, into which a carrier brings each message twice, shuffled, some much later."""
    result = Result(0)
    case = lab.case(plan=False)
    carrier = Carrier(lab)
    with Sink(pace=pace(lab) / 2) as sink:
        settings = {"SEND_SLICE_SECONDS": 2}
        with Stack(lab.home, sink.port, connections=4, beats=2, watches=0, queues=QUEUES, **settings):
            carrier.start()
            ended = comes_true(lambda: lab.run_state(case) == "finished", 180, every=0.5)
            result.demand(ended, "it didn't go on by itself")
            copies = len(sink.copies)
            carrier.deliver_late()
            comes_true(lambda: carrier.delivered >= 2 * n and not carrier.waiting(), 60, every=0.5)
            pause(3)
            result.demand(len(sink.copies) == copies, f"{len(sink.copies) - copies} copies by what came late")
            carrier.stop()
        result.n = carrier.carried
        result.notes.append(f"{carrier.carried} messages delivered {carrier.delivered} times")
        late_skipped = case.expecting(sum_of_states=len(case.expected.recipients))
        result.verdict.add(lab.judge(sink, late_skipped))
    return result


class Carrier:
    """Brings messages from the queues that are rung to the queues that are listened to."""

    def __init__(self, lab: Lab) -> None:
        self._client = client(lab)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._carry)
        self._late: list[tuple[str, bytes]] = []
        self.carried = self.delivered = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._over.set()
        self._thread.join(10)
        self._client.close()

    def waiting(self) -> int:
        """Count what was delivered and isn't taken yet."""
        return sum(int(self._client.llen(f"{name}-late")) for name in ("send", "work"))

    def deliver_late(self) -> None:
        """Deliver everything again that was kept for later, as if hours had passed."""
        late, self._late = self._late[-200:], []
        random.shuffle(late)
        self._deliver(late)

    def _carry(self) -> None:
        while not self._over.wait(0.7):
            batch: list[tuple[str, bytes]] = []
            for name in ("send", "work"):
                while body := self._client.rpop(name):
                    assert isinstance(body, bytes)
                    batch.append((f"{name}-late", body))
            self.carried += len(batch)
            self._late += batch
            twice = batch * 2
            random.shuffle(twice)
            self._deliver(twice)

    def _deliver(self, batch: list[tuple[str, bytes]]) -> None:
        for name, body in batch:
            self._client.lpush(name, body)
        self.delivered += len(batch)
