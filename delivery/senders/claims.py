"""Chunks under lease and the messages claimed with them: what a sender has in hand, and gives back."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from delivery.senders.letters import Job, Lease
from delivery.senders.pipe import Lost, Pipe, Rows, array
from delivery.senders.replies import Outcome

#: Below so many messages in hand, the next chunk is claimed.
LOW_WATER = 100
#: Chunks claimed at once where the last one held little.
MOST_CHUNKS = 8
RENEW_SECONDS = 10.0
REAP_SECONDS = 5.0
LOOK_SECONDS = 1.0


@dataclass
class Claims:
    """Claims chunks of a tenant's runs in turn, keeps their leases, and releases them."""

    month: str
    look_after: Callable[[Sequence[Lease]], None]
    exhausted: bool = False
    _jobs: deque[Job] = field(default_factory=deque)
    _leases: dict[int, Lease] = field(default_factory=dict)
    _done: list[Lease] = field(default_factory=list)
    _runs: deque[int] = field(default_factory=deque)
    _chunks_next: int = 1
    _renew_at: float = 0.0
    _reap_at: float = 0.0
    _look_at: float = 0.0

    # --- What is in hand -----------------------------------------------------------------------------------------

    @property
    def has_jobs(self) -> bool:
        """Whether messages wait for rendering."""
        return bool(self._jobs)

    @property
    def jobs_in_hand(self) -> int:
        """How many messages wait for rendering."""
        return len(self._jobs)

    @property
    def has_leases(self) -> bool:
        """Whether a chunk is still ours."""
        return bool(self._leases)

    def next_job(self) -> Job | None:
        """Take the next message to render."""
        while self._jobs:
            job = self._jobs.popleft()
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
        lease = job.lease
        lease.left -= 1
        if lease.left == 0:
            self._done.append(lease)

    def drop_jobs(self) -> None:
        """Be done with all messages that wait for rendering."""
        while self._jobs:
            self.drop(self._jobs.popleft())

    def put_back(self, job: Job) -> None:
        """Keep a message for later that couldn't be rendered now."""
        self._jobs.appendleft(job)

    # --- Requests to PostgreSQL, one at a time -------------------------------------------------------------------

    def work(self, pipe: Pipe, now: float, *, wants_more: bool) -> None:
        """Ask for the one thing that is most needed.

        Errors: Lost.
        """
        if pipe.busy:
            return
        if self._leases and now >= self._renew_at:
            self._renew(pipe, now)
        elif self._done:
            self._release(pipe)
        elif wants_more and now >= self._reap_at:
            self._reap_at = now + REAP_SECONDS
            pipe.send([("reap", [self.month.encode()])], self._on_reaped)
        elif wants_more and len(self._jobs) < LOW_WATER:
            self._claim(pipe, now)

    def forget_requests(self) -> None:
        """The connection broke: what was asked may be asked again. A claim that we don't know of is reaped later."""
        self._renew_at = 0.0
        self._look_at = 0.0

    def _claim(self, pipe: Pipe, now: float) -> None:
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            pipe.send([("due", [self.month.encode()])], self._on_due)
        elif self._runs:
            run_id = self._runs[0]
            self._runs.rotate(-1)
            values = [self.month.encode(), b"%d" % run_id, b"%d" % self._chunks_next]
            pipe.send([("claim", values)], lambda results: self._on_claimed(run_id, results[0], now))

    def _on_due(self, results: list[Rows]) -> None:
        due = [int(row[0] or 0) for row in results[0]]
        self._runs = deque([run for run in self._runs if run in due] + [run for run in due if run not in self._runs])
        self.exhausted = not due

    def _on_claimed(self, run_id: int, rows: Rows, now: float) -> None:
        if not rows:
            self._runs.remove(run_id)
            self._look_at = self._look_at if self._runs else now
            return
        before = len(self._jobs)
        for chunk, token, needs_care, message, *rest in rows:
            lease = self._leases.get(int(chunk or 0))
            if lease is None or lease.token != int(token or 0):
                lease = Lease(int(chunk or 0), int(token or 0), run_id, needs_care=needs_care == b"t")
                self._leases[lease.chunk_id] = lease
                self._renew_at = self._renew_at or now + RENEW_SECONDS
            if message is None:
                self._done.append(lease)
            else:
                lease.left += 1
                self._jobs.append(_job(lease, int(message), rest))
        self._chunks_next = 1 if len(self._jobs) - before >= LOW_WATER else MOST_CHUNKS

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
    )
