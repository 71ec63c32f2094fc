"""When a run pauses by itself: which signs are counted, which limits hold, and when one is passed. Nothing reads here.

A limit is a share of what was attempted. Before `first` messages were attempted it is a share of those `first`: two
bounces of the first three say nothing, twenty of the first three hundred do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Sign(StrEnum):
    """What may speak against going on."""

    HARD_BOUNCES = "hard_bounces"
    COMPLAINTS = "complaints"
    UNSUBSCRIBES = "unsubscribes"
    REFUSALS = "refusals"


@dataclass(frozen=True)
class Limits:
    """The most that is borne, in percent of messages attempted; a sign without a limit isn't minded."""

    first: int = 1_000
    percent: Mapping[Sign, Decimal] = field(
        default_factory=lambda: {
            Sign.HARD_BOUNCES: Decimal("5"),
            Sign.COMPLAINTS: Decimal("0.3"),
            Sign.UNSUBSCRIBES: Decimal("3"),
            Sign.REFUSALS: Decimal("10"),
        }
    )


@dataclass(frozen=True)
class Counted:
    """What was counted of one run: messages that met a definite answer, and those of them that show each sign."""

    attempted: int = 0
    bad: Mapping[Sign, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Passed:
    """A limit that was passed: `bad` of `of` messages, since somebody last let the run go on."""

    sign: Sign
    bad: int
    of: int
    limit: Decimal


def passed(counted: Counted, limits: Limits, since: Mapping[Sign, tuple[int, int]]) -> Passed | None:
    """Find the limit that is passed by most.

    Shape: `since` tells, for signs that stopped the run before, what was counted then (bad, attempted): who let it go
    on knew that much, so only what came after counts.
    """
    found = []
    for sign, percent in limits.percent.items():
        bad_before, attempted_before = since.get(sign, (0, 0))
        bad = counted.bad.get(sign, 0) - bad_before
        of = max(counted.attempted - attempted_before, limits.first)
        if bad * 100 > percent * of:
            found.append(Passed(sign, bad, of, percent))
    return max(found, key=lambda one: one.bad / one.of / float(one.limit or Decimal("0.01")), default=None)
