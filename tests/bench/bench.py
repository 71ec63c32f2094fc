"""What the goals share: the scale, the words for people, and things that are measured once for several goals."""

import sys
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.bench.cast import Furnished
    from tests.bench.growing import Grown

#: People of the large tenant, and of the one that P1 sends to: about 83 % of them become recipients.
CROWD, SENDERS_CROWD = 1_000_000, 60_000


@dataclass
class Bench:
    """One run of the bench. `scale` 1 is the size that the goals are stated for."""

    scale: float

    def scaled(self, number: int, *, least: int = 1) -> int:
        """Bring a size to the bench's scale."""
        return max(least, round(number * self.scale))

    def say(self, line: str) -> None:
        """Tell people how far it is."""
        print(line, file=sys.stderr, flush=True)

    @property
    def cores(self) -> int:
        """How many cores all processes share."""
        return psutil.cpu_count() or 1

    @cached_property
    def rates(self) -> "Rates":
        """The product's rate and the ceiling, measured in turn."""
        from tests.bench.end_to_end import measure_rates

        return measure_rates(self)

    @cached_property
    def senders_crowd(self) -> "Furnished":
        """The tenant whose runs are sent by the product and by the plain way."""
        from tests.bench.cast import furnish

        return furnish(self.scaled(SENDERS_CROWD, least=1_000))

    @cached_property
    def crowd(self) -> "Furnished":
        """The large tenant."""
        from tests.bench.cast import furnish

        self.say(f"  making {self.scaled(CROWD, least=2_000):,} customers …")
        return furnish(self.scaled(CROWD, least=2_000))

    @cached_property
    def grown(self) -> "list[Grown]":
        """Runs of growing sizes."""
        from tests.bench.growing import grow

        return grow(self)


@dataclass(frozen=True)
class Rates:
    """Messages a second of each run, and the ceiling beside it."""

    runs: list[float]
    ceilings: list[float]
    said: str

    @property
    def rate(self) -> float:
        """The product's median rate."""
        return median(self.runs)

    @property
    def ratios(self) -> list[float]:
        """Each run over its own ceiling."""
        return [run / ceiling for run, ceiling in zip(self.runs, self.ceilings, strict=True)]
