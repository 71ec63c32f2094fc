"""Whose turn it is: messages in hand by receiver, so that a slow, strict or silent one holds up nobody else.

A lane is a group of domains that is one receiver, or a single domain. Lanes take turns. A lane has all connections
while it is alone. While others wait it begins with one and gets one more for each answer, up to half of them or what
the others can't use; a lane that falls silent begins again. It has one while it proves itself after a pause, and none
while it pauses.
A lane, a run or a conversation with a limit has a bucket of slots: instants at which one message may begin, taken from
PostgreSQL a second's worth at a time, so that all senders together keep the limit.

Knows no sockets and asks no clock: `now` is on that of `time.monotonic`, in seconds.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from delivery.senders.letters import Job, Place
from delivery.senders.replies import Outcome
from delivery.states import MessageState, PaceKind

#: Answers by which a receiver asks us to go slower: RFC 5321, 4.2.3, and what large receivers make of it.
SLOW_DOWN = frozenset({"421", "450", "451", "452"})
#: So many of them in a row, with nothing accepted between, pause a lane.
FAILURES = 3
PAUSE_SECONDS = 15.0
PAUSE_LONGEST_SECONDS = 900.0
MOST_LEVEL = 10
#: A message under way for so long holds its connection in vain: another one may be opened in its place. A lane from
#: which nothing was heard for so long is silent.
STALL_SECONDS = 2.0
#: Connections of a lane that hasn't answered yet, and how many more it may try once it is silent.
FIRST, SECOND = 1, 1
#: After a look that found nobody whose turn it is, the next one waits so long, unless something happens.
LOOK_AGAIN_SECONDS = 0.02
SECONDS_OF_SLOTS = 1.0
MOST_SLOTS = 200


@dataclass
class Bucket:
    """The slots of one limit. `wants`: somebody waits for the next ones, which aren't asked for before `ask_at`."""

    kind: PaceKind
    key: str
    per_minute: int | None
    slots: deque[float] = field(default_factory=deque)
    wants: bool = False
    ask_at: float = 0.0

    @property
    def batch(self) -> int:
        """How many slots to take at once."""
        if self.per_minute is None:
            return MOST_SLOTS
        return max(1, min(MOST_SLOTS, ceil(self.per_minute / 60 * SECONDS_OF_SLOTS)))

    def is_open(self, now: float) -> bool:
        """Tell whether a message may begin now; where none may for want of slots, have them asked for."""
        if not self.slots:
            self.wants = True
            return False
        return self.slots[0] <= now

    def fill(self, start: float, spacing: float, count: int, now: float) -> None:
        """Take in slots: the first `start` seconds from now, the others `spacing` apart. None means: ask later."""
        self.wants = False
        self.ask_at = now if count else now + max(start, 1.0)
        self.slots.extend(now + start + spacing * number for number in range(count))


@dataclass(frozen=True)
class Limit:
    """What is set for one kind and key, and for how long it pauses. None is no limit."""

    per_minute: int | None
    connections: int | None
    is_daily: bool
    pause: float
    level: int


@dataclass(frozen=True)
class Slowed:
    """A lane that pauses from now on, to be written down."""

    lane: str
    seconds: float
    level: int
    said: str


class Lanes:
    """The messages in hand. `connections` and `ready` are how many are open and how many letters are kept ready."""

    def __init__(self, connections: int, ready: int) -> None:
        self._most = connections
        self._ready_most = ready
        self._queues: dict[str, deque[Job]] = {}
        self._order: deque[str] = deque()
        self._ready: Counter[str] = Counter()
        self._flying: dict[str, dict[int, float]] = {}
        self._answers: dict[str, int] = {}
        self._heard: dict[str, float] = {}
        self._silent: set[str] = set()
        self._shares: dict[str, int] = {}
        self._failures: Counter[str] = Counter()
        self._level: dict[str, int] = {}
        self._paused: dict[str, float] = {}
        self._caps: dict[str, int] = {}
        self._buckets: dict[tuple[PaceKind, str], Bucket] = {}
        self._total = 0
        self._look_at = 0.0
        self.slowed: list[Slowed] = []
        self.eased: list[str] = []

    # --- What is in hand -----------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many messages wait for rendering."""
        return self._total

    def is_stuck(self, now: float) -> bool:
        """Tell whether nobody's turn has come, as far as known."""
        return not self._total or now < self._look_at

    def full(self, most: int) -> list[str]:
        """List the lanes of which so many messages wait: no more of them are wanted."""
        return [lane for lane, queue in self._queues.items() if len(queue) >= most]

    def add(self, job: Job) -> None:
        """Put a message at the end of its lane."""
        queue = self._queues.get(job.lane)
        if queue is None:
            queue = self._queues[job.lane] = deque()
            self._order.append(job.lane)
            self._shares.clear()
        queue.append(job)
        self._total += 1
        self._look_at = 0.0

    def next(self, now: float) -> Job | None:
        """Take the message whose turn it is, to be rendered. None: nobody's turn has come."""
        for _ in range(len(self._order)):
            lane = self._order[0]
            self._order.rotate(-1)
            queue = self._queues[lane]
            if self._may_get_ready(lane, now) and self._take_slots(queue[0], now):
                job = queue.popleft()
                self._total -= 1
                if not queue:
                    del self._queues[lane]
                    self._order.pop()
                    self._shares.clear()
                job.place = Place.READY
                self._ready[lane] += 1
                return job
        self._look_at = now + LOOK_AGAIN_SECONDS
        return None

    def put_back(self, job: Job) -> None:
        """Put a message that couldn't be rendered now at the head of its lane."""
        self._leave(job)
        self.add(job)
        self._queues[job.lane].rotate(1)

    def drain(self) -> Iterator[Job]:
        """Take out everything that waits for rendering."""
        for lane in list(self._queues):
            yield from self._take_out(lane)

    def take_paused(self, now: float) -> Iterator[Job]:
        """Take out what waits in lanes that pause."""
        for lane in [lane for lane in self._queues if self._paused.get(lane, 0.0) > now]:
            yield from self._take_out(lane)

    # --- Under way -----------------------------------------------------------------------------------------------

    def may_fly(self, job: Job, now: float) -> bool:
        """Tell whether a connection may take this message now."""
        lane = job.lane
        if self._paused.get(lane, 0.0) > now:
            return False
        under_way = self._flying.get(lane)
        return not under_way or len(under_way) < self._cap(lane)

    def pause_left(self, job: Job, now: float) -> float:
        """Tell for how long its lane still pauses; 0 where it doesn't."""
        return max(0.0, self._paused.get(job.lane, 0.0) - now)

    def fly(self, job: Job, now: float) -> None:
        """Note that a connection has taken a message."""
        self._leave(job)
        job.place = Place.FLYING
        self._flying.setdefault(job.lane, {})[job.message_id] = now

    def land(self, job: Job, outcome: Outcome | None, now: float) -> None:
        """Note what became of a message; None where its connection never had it."""
        if job.place is not Place.FLYING:
            return
        self._leave(job)
        if outcome is None:
            return
        lane = job.lane
        if outcome.counts and outcome.state is not MessageState.IN_DOUBT:
            self._answers[lane] = self._answers.get(lane, 0) + 1
            self._heard[lane] = now
        if outcome.state is MessageState.ACCEPTED:
            self._failures.pop(lane, None)
            if self._level.pop(lane, 0):
                self.eased.append(lane)
        elif outcome.state is MessageState.QUEUED and outcome.counts and outcome.code[:3] in SLOW_DOWN:
            self._failures[lane] += 1
            if self._failures[lane] >= FAILURES or self._level.get(lane):
                self._pause(lane, outcome, now)

    def forget(self, job: Job) -> None:
        """Be done with a message wherever it stands."""
        self._leave(job)

    def stalled(self, now: float) -> int:
        """Count the connections that wait in vain, and let lanes that have fallen silent begin again."""
        long_ago = now - STALL_SECONDS
        # What flew first stands first.
        held = {
            lane: under_way for lane, under_way in self._flying.items() if next(iter(under_way.values())) < long_ago
        }
        self._silent = {lane for lane in held if self._heard.get(lane, long_ago - 1) < long_ago}
        for lane in self._silent:
            self._answers.pop(lane, None)
        self._shares.clear()
        return sum(since < long_ago for under_way in held.values() for since in under_way.values())

    # --- Limits --------------------------------------------------------------------------------------------------

    def set_limits(self, limits: Mapping[tuple[PaceKind, str], Limit], now: float) -> None:
        """Go by these limits from now on; what isn't among them has none, and pauses only where that isn't told yet."""
        told = {key for (kind, key), limit in limits.items() if kind is PaceKind.DOMAIN and limit.pause > 0}
        told |= {slowed.lane for slowed in self.slowed}
        self._paused = {lane: until for lane, until in self._paused.items() if lane in told}
        self._caps = {key: limit.connections for (kind, key), limit in limits.items() if limit.connections}
        kept = {}
        for (kind, key), limit in limits.items():
            if limit.per_minute is not None or limit.is_daily:
                bucket = self._buckets.get((kind, key)) or Bucket(kind, key, limit.per_minute)
                bucket.per_minute = limit.per_minute
                kept[kind, key] = bucket
            if kind is PaceKind.DOMAIN and limit.pause > 0:
                self._paused[key] = max(self._paused.get(key, 0.0), now + limit.pause)
                self._level[key] = max(self._level.get(key, 0), limit.level)
        self._buckets = kept
        self._look_at = 0.0

    def wanted(self, now: float) -> Bucket | None:
        """Find a bucket whose slots are waited for."""
        return next((one for one in self._buckets.values() if one.wants and now >= one.ask_at), None)

    def filled(self) -> None:
        """Note that a bucket has got slots."""
        self._look_at = 0.0

    # --- Within --------------------------------------------------------------------------------------------------

    def _may_get_ready(self, lane: str, now: float) -> bool:
        if self._paused.get(lane, 0.0) > now:
            return False
        most = max(1, self._ready_most * self._share(lane) // self._most)
        if self._level.get(lane) or lane in self._caps:
            most = min(most, self._cap(lane))
        return self._ready[lane] < most

    def _take_slots(self, job: Job, now: float) -> bool:
        if not self._buckets:
            return True
        lease = job.lease
        keys = (
            (PaceKind.DOMAIN, job.lane),
            (PaceKind.RUN, str(lease.run_id)),
            (PaceKind.CONVERSATION, str(lease.conversation_id)),
        )
        buckets = [bucket for key in keys if (bucket := self._buckets.get(key))]
        # Each is asked, so that all that want slots say so at once.
        answers = [bucket.is_open(now) for bucket in buckets]
        if not all(answers):
            return False
        for bucket in buckets:
            bucket.slots.popleft()
        return True

    def _cap(self, lane: str) -> int:
        most = self._most if self._is_alone(lane) else min(self._share(lane), self._proven(lane))
        if self._level.get(lane):
            most = 1
        return min(most, self._caps.get(lane, most))

    def _share(self, lane: str) -> int:
        """Tell how many connections others leave to it; looked at when lanes come and go, and now and then."""
        share = self._shares.get(lane)
        if share is None:
            share = self._shares[lane] = self._left_to(lane)
        return share

    def _left_to(self, lane: str) -> int:
        """Count what others leave to it: half of the connections at least, and all where nobody else waits."""
        half = max(1, ceil(self._most / 2))
        # Each of the others may have one: so many of them needn't be looked at.
        if len(self._queues) > self._most:
            return half
        left = self._most
        for other in {*self._queues, *self._ready}:
            # What silent ones hold is made up for.
            if other != lane and other not in self._silent:
                left -= min(half, self._proven(other))
        return max(half, left)

    def _is_alone(self, lane: str) -> bool:
        others = len(self._queues) - (lane in self._queues)
        return not others and not any(count for other, count in self._ready.items() if other != lane)

    def _proven(self, lane: str) -> int:
        """Tell for how many connections its answers speak."""
        return FIRST + self._answers.get(lane, 0) + (SECOND if lane in self._silent else 0)

    def _pause(self, lane: str, outcome: Outcome, now: float) -> None:
        if self._paused.get(lane, 0.0) > now:
            return
        level = min(self._level.get(lane, 0) + 1, MOST_LEVEL)
        seconds = min(PAUSE_SECONDS * 2 ** (level - 1), PAUSE_LONGEST_SECONDS)
        self._level[lane], self._paused[lane] = level, now + seconds
        self._failures.pop(lane, None)
        self.slowed.append(Slowed(lane, seconds, level, outcome.reply or outcome.code))

    def _take_out(self, lane: str) -> Iterator[Job]:
        queue = self._queues.pop(lane)
        self._shares.clear()
        self._order.remove(lane)
        self._total -= len(queue)
        self._look_at = 0.0
        yield from queue

    def _leave(self, job: Job) -> None:
        if job.place is Place.READY:
            self._ready[job.lane] -= 1
            if not self._ready[job.lane]:
                del self._ready[job.lane]
        elif job.place is Place.FLYING:
            under_way = self._flying[job.lane]
            under_way.pop(job.message_id, None)
            if not under_way:
                del self._flying[job.lane]
        job.place = Place.QUEUED
        self._look_at = 0.0
