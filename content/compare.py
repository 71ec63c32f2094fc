"""What differs between two drafts, part by part and line by line, with the changed words of a changed line.

Used by the page that compares revisions and by the one that shows two people's versions of the same draft.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, Protocol

#: Lines that are shown around a change; longer stretches that are the same become a gap.
AROUND = 3
#: Beyond these, what changed is shown as one block: comparing takes time that grows with the square.
MAX_LINES = 2_000
MAX_WORDS = 400

Kind = Literal["same", "del", "ins", "gap"]


class Words(Protocol):
    """What is compared: a revision or a draft."""

    @property
    def subject(self) -> str:
        """The subject."""

    @property
    def preheader(self) -> str:
        """What mailboxes show behind it."""

    @property
    def html(self) -> str:
        """The HTML part."""

    @property
    def text(self) -> str:
        """The text part."""


@dataclass(frozen=True)
class Line:
    """One line: its number before and after (0: not there), and its words, each changed or not.

    A gap has no words; `skipped` says how many lines it stands for.
    """

    kind: Kind
    before: int
    after: int
    words: tuple[tuple[str, bool], ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Change:
    """What happened to one part. No lines: it is the same."""

    part: str
    lines: list[Line]

    @property
    def added(self) -> int:
        """How many lines are new."""
        return sum(1 for line in self.lines if line.kind == "ins")

    @property
    def removed(self) -> int:
        """How many lines are gone."""
        return sum(1 for line in self.lines if line.kind == "del")


def compare(before: Words, after: Words) -> list[Change]:
    """Compare all four parts, in the order in which they are written."""
    return [
        Change(part, lines_between(getattr(before, part), getattr(after, part)))
        for part in ("subject", "preheader", "html", "text")
    ]


def lines_between(before: str, after: str) -> list[Line]:
    """Compare two texts. Empty where they are the same but for the kind of their line ends."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    return list(_with_gaps(list(_lines(old, new))))


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for tag, old_from, old_to, new_from, new_to in _blocks(old, new):
        if tag == "equal":
            for step in range(old_to - old_from):
                yield Line("same", old_from + step + 1, new_from + step + 1, ((old[old_from + step], False),))
            continue
        gone, come = _marked(old[old_from:old_to], new[new_from:new_to])
        yield from (Line("del", old_from + step + 1, 0, words) for step, words in enumerate(gone))
        yield from (Line("ins", 0, new_from + step + 1, words) for step, words in enumerate(come))


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    start = _same_length(old, new)
    end = _same_length(old[start:][::-1], new[start:][::-1])
    old_end, new_end = len(old) - end, len(new) - end
    blocks = [("equal", 0, start, 0, start)] if start else []
    if max(old_end, new_end) - start > MAX_LINES:
        blocks.append(("replace", start, old_end, start, new_end))
    else:
        matcher = SequenceMatcher(None, old[start:old_end], new[start:new_end])
        blocks += [(tag, start + i, start + j, start + k, start + m) for tag, i, j, k, m in matcher.get_opcodes()]
    return [*blocks, ("equal", old_end, len(old), new_end, len(new))] if end else blocks


def _same_length(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


Marked = list[tuple[tuple[str, bool], ...]]


def _marked(gone: Sequence[str], come: Sequence[str]) -> tuple[Marked, Marked]:
    """Mark the words that differ where as many lines came as went; else each line is new or gone as a whole."""
    if len(gone) != len(come):
        return [((line, False),) for line in gone], [((line, False),) for line in come]
    pairs = [_words(old, new) for old, new in zip(gone, come, strict=True)]
    return [old for old, _new in pairs], [new for _old, new in pairs]


def _words(old: str, new: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    before, after = re.findall(r"\w+|\s+|[^\w\s]", old), re.findall(r"\w+|\s+|[^\w\s]", new)
    if max(len(before), len(after)) > MAX_WORDS:
        return ((old, False),), ((new, False),)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if i < j:
            left.append(("".join(before[i:j]), tag != "equal"))
        if k < m:
            right.append(("".join(after[k:m]), tag != "equal"))
    return tuple(left), tuple(right)


def _with_gaps(lines: list[Line]) -> Iterator[Line]:
    changed = [place for place, line in enumerate(lines) if line.kind != "same"]
    shown = {near for place in changed for near in range(place - AROUND, place + AROUND + 1)}
    skipped = 0
    for place, line in enumerate(lines):
        if place not in shown:
            skipped += 1
            continue
        if skipped:
            yield Line("gap", 0, 0, skipped=skipped)
            skipped = 0
        yield line
    if skipped:
        yield Line("gap", 0, 0, skipped=skipped)
