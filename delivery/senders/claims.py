"""Chunks under lease and the messages claimed with them: what a sender has in hand, and gives back."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from delivery.senders.lanes import Bucket, Lanes, Limit
from delivery.senders.letters import Job, Lease
from delivery.senders.pipe import Lost, Pipe, Rows, array, text_array
from delivery.senders.replies import Outcome
from delivery.states import PaceKind

#: Below so many messages in hand, the next chunk is claimed.
LOW_WATER = 100
#: Chunks claimed at once where the last one held little.
MOST_CHUNKS = 8
RENEW_SECONDS = 10.0
REAP_SECONDS = 5.0
LOOK_SECONDS = 1.0
#: While nobody's turn comes, so many messages may wait in hand: others are looked for behind them.
HIGH_WATER = 2_000
#: Of one lane so many may wait; then chunks of other lanes are claimed.
LANE_WATER = 200
LIMITS_SECONDS = 5.0


@dataclass
class _Share:
    """What a run had of the sender, by its priority: who had least is next."""

    conversation_id: int
    priority: int
    used: float


@dataclass
class Claims:
    """Claims chunks of a tenant's runs in turn, keeps their leases, and releases them."""

    month: str
    look_after: Callable[[Sequence[Lease]], None]
    lanes: Lanes
    exhausted: bool = False
    _put_off: list[tuple[Job, float]] = field(default_factory=list)
    _leases: dict[int, Lease] = field(default_factory=dict)
    _done: list[Lease] = field(default_factory=list)
    _runs: dict[int, _Share] = field(default_factory=dict)
    _chunks_next: int = 1
    _renew_at: float = 0.0
    _reap_at: float = 0.0
    _look_at: float = 0.0
    _limits_at: float = 0.0

    # --- What is in hand -----------------------------------------------------------------------------------------

    @property
    def jobs_in_hand(self) -> int:
        """How many messages wait for rendering."""
        return self.lanes.total

    @property
    def has_leases(self) -> bool:
        """Whether a chunk is still ours."""
        return bool(self._leases)

    def next_job(self, now: float) -> Job | None:
        """Take the message whose turn it is, to be rendered."""
        while (job := self.lanes.next(now)) is not None:
            if not job.lease.lost:
                return job
            self.drop(job)
        return None

    def finish(self, job: Job, outcome: Outcome) -> None:
        """Note that a message's outcome is committed."""
        if outcome.hard:
            job.lease.needs_care = True
        self.drop(job)

    def drop(self, job: Job) -> None:
        """Be done with a message, whatever became of it."""
        self.lanes.forget(job)
        lease = job.lease
        lease.left -= 1
        if lease.left == 0:
            self._done.append(lease)

    def drop_jobs(self) -> None:
        """Be done with all messages that wait for rendering."""
        for job in list(self.lanes.drain()):
            self.drop(job)

    def put_off(self, job: Job, now: float) -> None:
        """Be done for now with a message whose lane pauses: a chunk of that lane waits with it, else it does alone."""
        seconds = self.lanes.pause_left(job, now)
        if job.lease.lane or not seconds:
            self.drop(job)
        else:
            self.lanes.forget(job)
            self._put_off.append((job, seconds))

    # --- Requests to PostgreSQL, one at a time -------------------------------------------------------------------

    def work(self, pipe: Pipe, now: float, *, wants_more: bool) -> None:
        """Ask for the one thing that is most needed.

        Errors: Lost.
        """
        if pipe.busy:
            return
        if self._leases and now >= self._renew_at:
            self._renew(pipe, now)
        elif now >= self._limits_at:
            self._limits_at = now + LIMITS_SECONDS
            pipe.send([("limits", [self.month.encode()])], lambda results: self._on_limits(results[0], now))
        elif self._tell_of_lanes(pipe, now):
            pass
        elif self._done:
            self._release(pipe)
        elif wants_more and now >= self._reap_at:
            self._reap_at = now + REAP_SECONDS
            pipe.send([("reap", [self.month.encode()])], self._on_reaped)
        elif wants_more and (bucket := self.lanes.wanted(now)):
            self._take(pipe, bucket, now)
        elif wants_more and self._is_low(now):
            self._claim(pipe, now)

    def forget_requests(self) -> None:
        """The connection broke: what was asked may be asked again. A claim that we don't know of is reaped later."""
        self._renew_at = 0.0
        self._look_at = 0.0

    def _is_low(self, now: float) -> bool:
        in_hand = self.lanes.total
        return in_hand < LOW_WATER or (in_hand < HIGH_WATER and self.lanes.is_stuck(now))

    def _claim(self, pipe: Pipe, now: float) -> None:
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            pipe.send([("due", [self.month.encode()])], self._on_due)
        elif self._runs:
            run_id = min(self._runs, key=lambda run: self._runs[run].used)
            full = self.lanes.full(LANE_WATER)
            values = [self.month.encode(), b"%d" % run_id, b"%d" % self._chunks_next, text_array(full)]
            then = partial(self._on_claimed, run_id, now, may_hide=bool(full))
            pipe.send([("claim", values)], lambda results: then(results[0]))

    def _on_due(self, results: list[Rows]) -> None:
        """Go on with the runs that are due; one that is new begins level with the others."""
        begin = min((share.used for share in self._runs.values()), default=0.0)
        due = {}
        for run, conversation, priority in results[0]:
            share = self._runs.get(int(run or 0)) or _Share(int(conversation or 0), int(priority or 0), begin)
            due[int(run or 0)] = share
        self._runs = due
        self.exhausted = not due

    def _on_claimed(self, run_id: int, now: float, rows: Rows, *, may_hide: bool) -> None:
        share = self._runs[run_id]
        if not rows:
            del self._runs[run_id]
            # Where lanes were left out there may be more behind them: it is looked for in its time.
            self._look_at = self._look_at if self._runs or may_hide else now
            return
        before = self.lanes.total
        for chunk, token, lane, needs_care, message, *rest in rows:
            lease = self._leases.get(int(chunk or 0))
            if lease is None or lease.token != int(token or 0):
                lease = Lease(int(chunk or 0), int(token or 0), run_id, (lane or b"").decode(), share.conversation_id)
                lease.needs_care = needs_care == b"t"
                self._leases[lease.chunk_id] = lease
                self._renew_at = self._renew_at or now + RENEW_SECONDS
            if message is None:
                self._done.append(lease)
            else:
                lease.left += 1
                self.lanes.add(_job(lease, int(message), rest))
        claimed = self.lanes.total - before
        share.used += claimed / (1 + share.priority)
        self._chunks_next = 1 if claimed >= LOW_WATER else MOST_CHUNKS

    # --- Paces ---------------------------------------------------------------------------------------------------

    def _on_limits(self, rows: Rows, now: float) -> None:
        limits = {}
        for kind, key, per_minute, connections, is_daily, pause, level in rows:
            limits[PaceKind((kind or b"").decode()), (key or b"").decode()] = Limit(
                per_minute=int(per_minute) if per_minute else None,
                connections=int(connections) if connections else None,
                is_daily=is_daily == b"t",
                pause=float(pause or 0),
                level=int(level or 0),
            )
        self.lanes.set_limits(limits, now)
        self._give_back_paused(now)

    def _take(self, pipe: Pipe, bucket: Bucket, now: float) -> None:
        values = [self.month.encode(), bucket.kind.value.encode(), bucket.key.encode(), b"%d" % bucket.batch]
        bucket.ask_at = now + LOOK_SECONDS
        pipe.send([("take", values)], lambda results: self._on_taken(bucket, results[0], now))

    def _on_taken(self, bucket: Bucket, rows: Rows, now: float) -> None:
        for start, spacing, count in rows:
            bucket.fill(float(start or 0), float(spacing or 0), int(count or 0), now)
            self.lanes.filled()

    def _tell_of_lanes(self, pipe: Pipe, now: float) -> bool:
        """Write down which lanes pause and which go again, and put off what waits for a pause to end."""
        slowed, eased = self.lanes.slowed, self.lanes.eased
        if slowed:
            self._give_back_paused(now)
        off, self._put_off = self._put_off, []
        statements: list[tuple[str, Sequence[bytes | None]]] = []
        if slowed:
            lanes = text_array([one.lane for one in slowed])
            seconds, levels = array([one.seconds for one in slowed]), array([one.level for one in slowed])
            statements.append(
                ("slow", [self.month.encode(), lanes, seconds, levels, text_array([x.said for x in slowed])])
            )
        if eased:
            statements.append(("ease", [self.month.encode(), text_array(eased)]))
        if off:
            leases = [job.lease for job, _ in off]
            ids = array([job.message_id for job, _ in off])
            chunks, tokens = array([one.chunk_id for one in leases]), array([one.token for one in leases])
            statements.append(("put_off", [self.month.encode(), ids, chunks, tokens, array([s for _, s in off])]))
        if not statements:
            return False
        self.lanes.slowed, self.lanes.eased = [], []
        try:
            pipe.send(statements, lambda _: self._on_put_off([job for job, _ in off]))
        except Lost:
            self.lanes.slowed, self.lanes.eased, self._put_off = slowed, eased, off
            raise
        return True

    def _on_put_off(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.drop(job)

    def _give_back_paused(self, now: float) -> None:
        for job in list(self.lanes.take_paused(now)):
            self.put_off(job, now)

    def _renew(self, pipe: Pipe, now: float) -> None:
        self._renew_at = now + RENEW_SECONDS
        asked = list(self._leases.values())
        pipe.send([("renew", self._named(asked))], lambda results: self._on_renewed(asked, results[0]))

    def _on_renewed(self, asked: Sequence[Lease], rows: Rows) -> None:
        kept = {int(row[0] or 0) for row in rows}
        for lease in asked:
            if lease.chunk_id not in kept:
                lease.lost = True

    def _release(self, pipe: Pipe) -> None:
        cared = [lease for lease in self._done if lease.needs_care and not lease.lost]
        if cared:
            self.look_after(cared)
            for lease in cared:
                lease.needs_care = False
        done, self._done = self._done, []
        try:
            pipe.send([("release", self._named(done))], lambda _: self._on_released(done))
        except Lost:
            self._done = done
            raise

    def _on_released(self, done: Sequence[Lease]) -> None:
        for lease in done:
            if self._leases.get(lease.chunk_id) is lease:
                del self._leases[lease.chunk_id]

    def _on_reaped(self, results: list[Rows]) -> None:
        if results[0]:
            self._look_at = 0.0

    def _named(self, leases: Sequence[Lease]) -> list[bytes]:
        return [
            self.month.encode(),
            array([lease.chunk_id for lease in leases]),
            array([lease.token for lease in leases]),
        ]


def _job(lease: Lease, message: int, row: Sequence[bytes | None]) -> Job:
    public_id, kind, language, revision, address, attempt_no, values = [cell or b"" for cell in row]
    return Job(
        lease,
        message,
        public_id.decode("ascii"),
        kind.decode("ascii"),
        language.decode("ascii"),
        int(revision),
        address.decode(),
        int(attempt_no),
        json.loads(values),
        lease.lane or address.rpartition(b"@")[2].decode(),
    )
