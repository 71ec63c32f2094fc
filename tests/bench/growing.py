"""P10 and P11: what a recipient costs all processes, and what a sender needs, the larger a run becomes."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import cast, sending
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.postfix import missing

SIZES = (10_000, 100_000, 1_000_000)
#: People to whom a first run goes, so that what processes do once, when they start, is no recipient's.
WARMING = 600
#: People of whom one recipient is made: some have no address, left, or aren't in the audience.
PEOPLE_PER_RECIPIENT = 1.2
FLAT_MEMORY_GOAL = 1.15
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Grown:
    """One run of a size. Units: CPU seconds from the launch to the end; octets."""

    recipients: int
    cpu: float
    peak: int

    @property
    def each(self) -> float:
        """CPU seconds per recipient."""
        return self.cpu / self.recipients


def measure_cpu(bench: Bench) -> Sequence[Figure]:
    """Compare the dearest recipient with the cheapest."""
    if why := missing():
        return [Figure(None, 0, why)]
    grown = bench.grown
    said = ", ".join(f"{one.each * 1e6:.0f} µs at {one.recipients:,}" for one in grown)
    each = [one.each for one in grown]
    if bench.scale < 1:
        said += "; start-up shows in runs that are smaller than the goal's"
    return [Figure(max(each) / min(each), grown[-1].recipients, said)]


def measure_memory(bench: Bench) -> Sequence[Figure]:
    """Take the most that a sender ever had, and compare the largest run with the smallest."""
    if why := missing():
        return [Figure(None, 0, why)]
    grown = bench.grown
    said = ", ".join(f"{one.peak / MEGABYTE:.0f} MB at {one.recipients:,}" for one in grown)
    return [
        Figure(max(one.peak for one in grown) / MEGABYTE, grown[-1].recipients, said),
        Figure(grown[-1].peak / grown[0].peak, grown[-1].recipients, said, part="b", goal=FLAT_MEMORY_GOAL),
    ]


def grow(bench: Bench) -> list[Grown]:
    """Send runs of growing sizes; the largest only at full scale. Each has its own processes."""
    sizes = SIZES if bench.scale >= 1 else SIZES[:2]
    found = []
    for size in sizes:
        recipients = bench.scaled(size, least=500) if bench.scale < 1 else size
        furnished = cast.furnish(round(recipients * PEOPLE_PER_RECIPIENT))
        with sending.staged() as stage:
            sending.send(stage, cast.furnish(WARMING), "Warming")
            sending.settle()
            before = stage.cpu_seconds()
            sent = sending.send(stage, furnished, f"Grown to {size}")
            cpu = (stage.cpu_seconds() - before).product
            found.append(Grown(sent.accepted, cpu, stage.peak_octets()))
            bench.say(f"  {sent.accepted:,} at {sent.rate:,.0f}/s, {found[-1].each * 1e6:.0f} µs each: {sent.micro()}")
    return found
