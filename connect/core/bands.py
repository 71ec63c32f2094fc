"""A day of 24 hours with its quiet stretches, drawn like the charts of `connect/core/charts.py`.

Times are minutes from midnight on the recipient's clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from connect.core.charts import pct
from connect.core.figures import Band, BandRow, QuietBox, Table, Tick
from connect.core.formats import duration

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a channel keeps quiet, in minutes of the recipient's day; one over midnight ends before it starts."""

    label: str
    periods: Sequence[tuple[int, int]]


def band(channels: Sequence[Quiet], start: int | None = None) -> Band:
    """Draw the quiet periods of each channel; the first row shows how long a send that starts at `start` may go on.

    Units: minutes from midnight.
    """
    begin = 14.0
    reach = 100 - begin

    def at(minute: float) -> float:
        return begin + reach * minute / DAY_MINUTES

    rows = []
    for index, channel in enumerate(channels):
        boxes = [
            QuietBox(
                pct(at(first)),
                pct(reach * (end - first) / DAY_MINUTES),
                _("quiet until %(time)s") % {"time": clock(end)} if first == 0 else clock(first),
                _("to %(time)s") % {"time": clock(end)} if first == 0 else "",
                at_end=first != 0 and end == DAY_MINUTES,
            )
            for first, end in sorted(_in_one_day(channel.periods))
        ]
        rows.append(BandRow(channel.label, 24 + index * 28, tuple(boxes)))
    return Band(
        height=24 + 28 * len(channels),
        hours=tuple(Tick(clock(hour * 60), hour, pct(at(hour * 60)), minor=hour % 6 == 3) for hour in range(0, 25, 3)),
        rows=tuple(rows),
        start="" if start is None else pct(at(start)),
        start_text=_start_text(channels, start),
        go=None if start is None or not channels else _go(channels[0], start, at, reach),
        table=Table(
            (_("Channel"), _("Quiet")),
            tuple((one.label, ", ".join(f"{clock(a)}–{clock(b)}" for a, b in one.periods)) for one in channels),
            words=frozenset({0, 1}),
        ),
    )


def clock(minute: int) -> str:
    """Write a minute of the day: 19:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _in_one_day(periods: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cut what runs over midnight in two."""
    cut = []
    for first, end in periods:
        cut += [(first, end)] if first < end else [(0, end), (first, DAY_MINUTES)]
    return [(first, end) for first, end in cut if first < end]


def _go(channel: Quiet, start: int, at: Callable[[float], float], reach: float) -> QuietBox | None:
    """From the start to the next quiet minute of that day, where the start itself isn't quiet."""
    quiet = _in_one_day(channel.periods)
    if any(first <= start < end for first, end in quiet):
        return None
    end = min((first for first, _end in quiet if first > start), default=DAY_MINUTES)
    return QuietBox(
        pct(at(start)), pct(reach * (end - start) / DAY_MINUTES), duration((end - start) * 60), "", at_end=False
    )


def _start_text(channels: Sequence[Quiet], start: int | None) -> str:
    """Name the start left of its line, where three hours before it are free."""
    if start is None or not channels or start < 180:
        return ""
    quiet = _in_one_day(channels[0].periods)
    taken = any(first < start and end > start - 180 for first, end in quiet)
    return "" if taken else _("Starts %(time)s") % {"time": clock(start)}
