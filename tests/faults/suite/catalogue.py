"""The list of faults, and what one of them comes to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.suite.judge import Verdict
from tests.faults.suite.lab import Lab


@dataclass
class Result:
    """What one fault came to: `n` injections, the judge's verdict, and what a person should know.

    `why_not` says why it can't be run here; then there is no verdict at all. `is_control`: the violation was made on
    purpose, and is to be found.
    """

    n: int
    verdict: Verdict = field(default_factory=Verdict)
    notes: list[str] = field(default_factory=list)
    why_not: str = ""
    is_control: bool = False

    def demand(self, holds: object, otherwise: str) -> None:
        """Count it as a violation where something doesn't hold."""
        if not holds:
            self.verdict.wrong.append(otherwise)

    @property
    def value(self) -> int | None:
        """Count violations; of the control, those that weren't found."""
        if self.why_not:
            return None
        return int(self.verdict.duplicates == 0) if self.is_control else self.verdict.value

    @property
    def ok(self) -> bool | None:
        """Tell whether it holds."""
        return None if self.why_not else self.value == 0 and self.n > 0

    def line(self, fault_id: str) -> str:
        """Write the line of JSON."""
        said: dict[str, object] = {"id": fault_id, "value": self.value, "goal": 0, "ok": self.ok, "n": self.n}
        if self.why_not:
            said["why"] = self.why_not
        elif not self.ok:
            said["why"] = "; ".join([str(self.verdict), *self.verdict.wrong[:5]])
        return json.dumps(said)


@dataclass(frozen=True)
class Fault:
    """One fault: its number in the list, what happens, how often by default, and the function that does it."""

    id: str
    title: str
    n: int
    run: Callable[[Lab, int], Result]


FAULTS: dict[str, Fault] = {}
Run = Callable[[Lab, int], Result]


def fault(fault_id: str, title: str, *, n: int) -> Callable[[Run], Run]:
    """Enter a function into the list."""

    def enter(run: Run) -> Run:
        FAULTS[fault_id] = Fault(fault_id, title, n, run)
        return run

    return enter


def not_built(fault_id: str, title: str, why: str) -> None:
    """Enter a fault whose feature doesn't exist yet."""
    FAULTS[fault_id] = Fault(fault_id, title, 0, lambda lab, n: Result(0, why_not=why))
