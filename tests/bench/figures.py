"""What a goal asks for, what was measured, and how both are shown."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.bench import Bench


@dataclass(frozen=True)
class Figure:
    """One measured ratio. `n` is its size or its number of runs; `value` is None where it couldn't be measured.

    `part` tells figures of one goal apart.
    """

    value: float | None
    n: int
    said: str
    part: str = ""
    goal: float | None = None


@dataclass(frozen=True)
class Goal:
    """One line of the table of goals. `needs_servers`: PostgreSQL and Valkey must run."""

    id: str
    what: str
    goal: float
    measure: "Callable[[Bench], Sequence[Figure]]"
    at_most: bool = False
    needs_servers: bool = True

    def line(self, figure: Figure) -> dict[str, object]:
        """Write a figure as its line of JSON. What couldn't be measured isn't reached."""
        goal = self.goal if figure.goal is None else figure.goal
        return {
            "id": self.id + figure.part,
            "value": None if figure.value is None else round(figure.value, 3),
            "goal": goal,
            "ok": self.holds(figure, goal),
            "n": figure.n,
        }

    def holds(self, figure: Figure, goal: float) -> bool:
        """Tell whether a figure reaches a goal."""
        if figure.value is None:
            return False
        return figure.value <= goal if self.at_most else figure.value >= goal

    def row(self, figure: Figure) -> str:
        """Write a figure as its row of the table."""
        line = self.line(figure)
        sign = "≤" if self.at_most else "≥"
        value = "–" if line["value"] is None else f"{line['value']:g}"
        mark = "ok" if line["ok"] else ("not measured" if line["value"] is None else "SHORT")
        return f"{line['id']!s:5} {value:>8}  {sign} {line['goal']:<6g} {mark:13} {self.what}\n{'':17}{figure.said}"


def dumps(line: dict[str, object]) -> str:
    """Write one line of JSON."""
    return json.dumps(line, ensure_ascii=False)
