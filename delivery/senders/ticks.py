"""The tick: outcomes of the last messages and permits for the next ones, in one commit."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from delivery.senders.letters import Job, Letter
from delivery.senders.pipe import Pipe, Rows, array, text_array
from delivery.senders.replies import Outcome, not_handed_over
from delivery.senders.smtp import Connection
from delivery.states import MessageState, RejectReason

#: How long a message waits after a proven refusal, by the attempts that were made in this process's sight; see `delay`.
DELAYS_SECONDS = (60, 300, 900, 1800, 3600, 7200, 14400)
#: A message whose server was never asked goes again as soon as another sender has it.
NOT_ASKED_SECONDS = 1.0
JITTER = 0.2


@dataclass
class Tick:
    """One tick, as it went out and as it came back."""

    outcomes: list[tuple[Letter, Outcome]]
    asked: list[tuple[Letter, Connection]]
    unfit: list[Job]
    permitted: list[tuple[Letter, Connection]] = field(default_factory=list)
    refused: list[tuple[Letter, Connection]] = field(default_factory=list)


class Ticks:
    """Collects what waits for the next tick. One tick is under way at a time."""

    def __init__(self, month: str) -> None:
        self.month = month.encode()
        self.waiting_since = 0.0
        self._asked: list[tuple[Letter, Connection]] = []
        self._outcomes: list[tuple[Letter, Outcome]] = []
        self._unfit: list[Job] = []
        self._under_way: Tick | None = None

    @property
    def waiting(self) -> int:
        """How many connections wait."""
        return max(len(self._asked), len(self._outcomes))

    @property
    def has_work(self) -> bool:
        """Whether something waits or is under way."""
        return bool(self._asked or self._outcomes or self._unfit or self._under_way)

    def ask(self, letter: Letter, connection: Connection, now: float) -> None:
        """Ask for a permit."""
        self._asked.append((letter, connection))
        self.waiting_since = self.waiting_since or now

    def settle(self, letter: Letter, outcome: Outcome, now: float) -> None:
        """Write down an outcome."""
        self._outcomes.append((letter, outcome))
        self.waiting_since = self.waiting_since or now

    def end(self, job: Job, now: float) -> None:
        """Have the reason written down why a message gets no permit."""
        self._unfit.append(job)
        self.waiting_since = self.waiting_since or now

    def send(self, pipe: Pipe, now: float, then: Callable[[Tick], None]) -> None:
        """Send all that waits.

        Errors: Lost.
        """
        tick = Tick(self._outcomes, self._asked, self._unfit)
        self._outcomes, self._asked, self._unfit = [], [], []
        self.waiting_since = 0.0
        self._under_way = tick
        for letter, _ in tick.asked:
            letter.permit_at = now
        statements = [("tick", self._tick_values(tick))]
        if tick.unfit:
            statements.append(("explain", self._explain_values(tick.unfit)))
        pipe.send(statements, lambda results: self._on_committed(tick, results, then))

    def _on_committed(self, tick: Tick, results: list[Rows], then: Callable[[Tick], None]) -> None:
        self._under_way = None
        permitted = {int(row[0] or 0) for row in results[0]}
        for pair in tick.asked:
            (tick.permitted if pair[0].job.message_id in permitted else tick.refused).append(pair)
        if tick.unfit:
            quiet = {int(row[0] or 0) for row in results[1] if row[1] == b"quiet"}
            for job in tick.unfit:
                job.lease.needs_care = job.lease.needs_care or job.message_id in quiet
        then(tick)

    def take_back(self, now: float) -> list[tuple[Letter, Connection]]:
        """Undo the tick that was under way when the connection broke; list the pairs whose permits are void.

        Whether it was committed isn't known. Outcomes are settled again, which changes nothing the second time; permits
        are settled as not used, which changes nothing where they weren't given.
        """
        tick, self._under_way = self._under_way, None
        if tick is None:
            return []
        unused = not_handed_over("the database went away before", counts=False)
        self._outcomes = [*tick.outcomes, *[(letter, unused) for letter, _ in tick.asked], *self._outcomes]
        self._unfit = [*tick.unfit, *self._unfit]
        self.waiting_since = self.waiting_since or now
        return tick.asked

    def _tick_values(self, tick: Tick) -> list[bytes]:
        outcomes = tick.outcomes
        jobs = [letter.job for letter, _ in tick.asked]
        return [
            self.month,
            array([letter.job.message_id for letter, _ in outcomes]),
            array([letter.job.lease.token for letter, _ in outcomes]),
            text_array([outcome.state.value for _, outcome in outcomes]),
            text_array([outcome.code for _, outcome in outcomes]),
            text_array([outcome.reply for _, outcome in outcomes]),
            array([delay(letter.job.attempt_no, outcome) for letter, outcome in outcomes]),
            array([outcome.counts for _, outcome in outcomes]),
            text_array([RejectReason.NO_MAILBOX.value if outcome.hard else "" for _, outcome in outcomes]),
            array([job.message_id for job in jobs]),
            array([job.lease.chunk_id for job in jobs]),
            array([job.lease.token for job in jobs]),
            array(sorted({job.lease.run_id for job in jobs})),
        ]

    def _explain_values(self, jobs: Sequence[Job]) -> list[bytes]:
        return [
            self.month,
            array([job.message_id for job in jobs]),
            array([job.lease.chunk_id for job in jobs]),
            array([job.lease.token for job in jobs]),
            text_array([job.refused for job in jobs]),
        ]


def delay(attempts_before: int, outcome: Outcome) -> float:
    """Tell how long a message waits for its next attempt: longer each time, and not all at the same moment.

    Units: seconds; 0 where the outcome ends it.
    """
    if outcome.state is not MessageState.QUEUED:
        return 0.0
    if not outcome.counts:
        return NOT_ASKED_SECONDS
    longest = DELAYS_SECONDS[min(attempts_before, len(DELAYS_SECONDS) - 1)]
    return longest * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, keeps no secret
