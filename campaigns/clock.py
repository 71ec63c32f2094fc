"""Local times become instants here, in pure functions: when a message starts, and when quiet periods let it go.

A wall time that a zone skips becomes the first instant after the gap; one that comes twice means its first instance.

**Quiet** is what either reading of a daily window forbids: the span from its beginning to its end on the calendar,
and every moment at which the recipient's clock shows a time inside it. They differ in the hour that comes twice.

Delivery keeps a message out of quiet windows by two instants on each message: `not_before` opens its window and
`quiet_at` closes it. Where a message still waits at `quiet_at`, `plan.next_windows` gives the next pair.
Source: PEP 495 for `fold`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Days looked at around an instant. Windows last under a day; a change of the clock may glue two of them together.
DAYS_BEFORE = 2
DAYS_AFTER = 4


@dataclass(frozen=True)
class Quiet:
    """One daily window in which nothing is handed over, on the recipient's clock; over midnight if `start` > `end`."""

    start: time
    end: time


@dataclass(frozen=True)
class Window:
    """When a message may go: from `not_before` up to, and not at, `quiet_at`; without an end where nothing is quiet."""

    not_before: datetime
    quiet_at: datetime | None


@dataclass(frozen=True)
class Span:
    """From `start` up to, and not at, `end`, in UTC."""

    start: datetime
    end: datetime


def zone_named(name: str, otherwise: str) -> ZoneInfo:
    """Find a zone by its IANA name, or the other one where it is "" or the package has dropped it."""
    try:
        return ZoneInfo(name or otherwise)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Turn a wall time into the instant, in UTC, when clocks first show it, or the first after a gap that skips it."""
    first, second = _read(local, zone, fold=0), _read(local, zone, fold=1)
    return first if first <= second else _change(second, first, zone)


def open_window(at: datetime, zone: ZoneInfo, quiet: Quiet | None) -> Window:
    """Find the first allowed instant at or after `at`, and the beginning of the quiet window that ends it."""
    if quiet is None:
        return Window(at, None)
    opens = at
    for span in quiet_spans(at, zone, quiet):
        if span.start > opens:
            return Window(opens, span.start)
        opens = max(opens, span.end)
    raise ValueError(f"{quiet} leaves nothing open in {zone.key}")


def quiet_spans(at: datetime, zone: ZoneInfo, quiet: Quiet) -> list[Span]:
    """List the quiet windows around an instant in order, those that touch made one."""
    today = at.astimezone(zone).date()
    days = (today + timedelta(days) for days in range(-DAYS_BEFORE, DAYS_AFTER))
    merged: list[Span] = []
    for span in sorted((span for day in days for span in _spans_of(day, zone, quiet)), key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def shows_quiet_time(at: datetime, zone: ZoneInfo, quiet: Quiet) -> bool:
    """Tell whether the zone's clock shows a time inside the window at that instant."""
    shown = at.astimezone(zone).time()
    if quiet.start <= quiet.end:
        return quiet.start <= shown < quiet.end
    return shown >= quiet.start or shown < quiet.end


def _spans_of(day: date, zone: ZoneInfo, quiet: Quiet) -> Iterator[Span]:
    """Give the spans of the window that begins on this day: one, and one more where its end comes twice."""
    begins = datetime.combine(day, quiet.start)
    ends = datetime.combine(day if quiet.start < quiet.end else day + timedelta(1), quiet.end)
    first = Span(instant(begins, zone), instant(ends, zone))
    if first.start < first.end:
        yield first
    once, again = _read(ends, zone, fold=0), _read(ends, zone, fold=1)
    if once < again:
        yield Span(max(_change(once, again, zone), _read(begins, zone, fold=1)), again)


def _read(local: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant, to the second, at which the zone's offset changes between two instants."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle + 1
        else:
            high = middle
    return before + timedelta(seconds=high)
