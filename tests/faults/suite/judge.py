"""The judge: holds what receivers logged against what had to happen, and counts violations.

Evidence is the receivers' append-only log. Our own books are only ever held against it: a copy that they don't know of
is a violation, and so is an acceptance that no receiver has seen.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

#: Where a message may stand whose copy a receiver has.
MAY_HAVE_COPY = frozenset({"accepted", "delivered", "bounced", "in_doubt"})
ACCEPTED = frozenset({"accepted", "delivered", "bounced"})


@dataclass(frozen=True)
class Receipt:
    """One copy that a receiver took up to its final dot and didn't refuse: for whom, of which run and revision."""

    recipient: str
    run: str = ""
    revision: str = ""


@dataclass(frozen=True)
class Expected:
    """What a run must come to.

    `recipients` must be reached once; `suppressed` must get nothing. `ends` are the states, besides in doubt, in which
    a recipient may end without a copy, because the fault says so: rejected where a server refused, cancelled after a
    cancel. `doubt` is the most that may be in doubt; None: not bounded here. `sum_of_states` is how many messages there
    must be, None for one each of `recipients`.
    """

    recipients: frozenset[str]
    suppressed: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    doubt: int | None = 0
    sum_of_states: int | None = None


@dataclass
class Verdict:
    """What the judge found. `wrong` lists everything that must always hold and didn't."""

    duplicates: int = 0
    lost: int = 0
    to_suppressed: int = 0
    in_doubt: int = 0
    doubt_above: int = 0
    wrong: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    @property
    def value(self) -> int:
        """Count all violations."""
        return self.duplicates + self.lost + self.to_suppressed + self.doubt_above + len(self.wrong)

    def add(self, other: "Verdict") -> None:
        """Add up the verdicts of several runs."""
        self.duplicates += other.duplicates
        self.lost += other.lost
        self.to_suppressed += other.to_suppressed
        self.in_doubt += other.in_doubt
        self.doubt_above += other.doubt_above
        self.wrong += other.wrong
        self.examples += other.examples

    def __str__(self) -> str:
        counts = f"D={self.duplicates} L={self.lost} S={self.to_suppressed} in doubt={self.in_doubt}"
        return f"{counts} (above the bound: {self.doubt_above})" if self.doubt_above else counts


def judge(expected: Expected, receipts: Sequence[Receipt], books: Mapping[str, str]) -> Verdict:
    """Judge one run: `books` maps each address of the run to its message's state."""
    copies = Counter(receipt.recipient for receipt in receipts)
    found = Verdict()
    found.duplicates = sum(count - 1 for count in copies.values())
    found.to_suppressed = sum(1 for who in expected.suppressed if copies[who])
    may_end = expected.ends | {"in_doubt"}
    lost = [who for who in sorted(expected.recipients) if not copies[who] and books.get(who, "missing") not in may_end]
    found.lost = len(lost)
    found.examples = [f"{who} is {books.get(who, 'missing')}" for who in lost[:5]]
    found.in_doubt = sum(1 for state in books.values() if state == "in_doubt")
    if expected.doubt is not None:
        found.doubt_above = max(0, found.in_doubt - expected.doubt)
    found.wrong = [*_always(expected, receipts, copies, books)]
    return found


def _always(
    expected: Expected, receipts: Iterable[Receipt], copies: Counter[str], books: Mapping[str, str]
) -> Iterable[str]:
    """Say what must hold after every fault, and doesn't."""
    total = len(expected.recipients) if expected.sum_of_states is None else expected.sum_of_states
    if len(books) != total:
        yield f"the states sum to {len(books)}, not to {total}"
    for who in sorted(copies):
        if books.get(who, "missing") not in MAY_HAVE_COPY:
            yield f"{who} has a copy and is {books.get(who, 'missing')}"
    for who, state in sorted(books.items()):
        if state in ACCEPTED and not copies[who]:
            yield f"{who} is {state} and no receiver has a copy"
    revisions = {receipt.revision for receipt in receipts}
    if len(revisions) > 1:
        yield f"copies of {len(revisions)} revisions: {', '.join(sorted(revisions))}"


class Sabotage(StrEnum):
    """What to do to the evidence, to see that the judge catches it."""

    DUPLICATE = "duplicate"
    LOSS = "loss"
    SUPPRESSED = "suppressed"
    DOUBT = "doubt"


def sabotage(
    how: Sabotage, expected: Expected, receipts: list[Receipt], books: dict[str, str]
) -> tuple[Expected, list[Receipt], dict[str, str]]:
    """Spoil the evidence of one run; the judge must not let it pass."""
    if how is Sabotage.DUPLICATE:
        first = receipts[:1] or [Receipt(_any(expected.recipients)), Receipt(_any(expected.recipients))]
        return expected, [*receipts, *first], books
    if how is Sabotage.LOSS:
        victim = _any(expected.recipients)
        return expected, [each for each in receipts if each.recipient != victim], {**books, victim: "queued"}
    if how is Sabotage.SUPPRESSED:
        victim = _any(expected.suppressed) if expected.suppressed else "nobody@suppressed.example"
        like = receipts[0] if receipts else Receipt("")
        spoilt = replace(expected, suppressed=expected.suppressed | {victim})
        return spoilt, [*receipts, replace(like, recipient=victim)], books
    bound = expected.doubt if expected.doubt is not None else len(books)
    doubtful = sorted(books, key=lambda who: books[who] != "in_doubt")[: bound + 1]
    return (
        replace(expected, doubt=min(bound, len(doubtful) - 1)),
        receipts,
        {**books, **dict.fromkeys(doubtful, "in_doubt")},
    )


def _any(addresses: Collection[str]) -> str:
    return min(addresses, default="nobody@inbox.example")
