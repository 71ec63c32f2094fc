"""The geometry of every chart, and the same numbers as a table; `templates/components/chart.html` draws it as SVG.

Across, everything is in percent of the chart's box, so that words keep their size at any width; down, it is in pixels.
Bars start at zero. The style sheet gives colours by `kind`: flow (goes), stock (waits), loss, away (falls out), total,
good. What the functions give back is described in `connect/core/figures.py`; the quiet band is `connect/core/bands.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from connect.core.figures import (
    Box,
    Curve,
    Heatmap,
    Part,
    Plot,
    Progress,
    Sparkline,
    Table,
    Tick,
    Waterfall,
    WaterfallRow,
    Words,
)
from connect.core.formats import Number, compact, number, percent, share, signed

#: Where the plot begins, in percent, so that the axis' numbers stand left of it.
AXIS = 6.0
#: Steps of colour in a heat map end at these shares of its highest value.
HEAT_SHARES = (0.05, 0.2, 0.4, 0.7)


def pct(value: float) -> str:
    """Write a place or a length for SVG: 12.5%."""
    return f"{round(float(value), 2):g}%"


def ticks(highest: float, wanted: int = 4) -> tuple[float, ...]:
    """Choose round numbers from zero to just past the highest value."""
    if highest <= 0:
        return (0.0, 1.0)
    raw = highest / wanted
    power: float = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= raw - 1e-9)
    step = max(step, 1.0) if float(highest).is_integer() else step
    return tuple(step * index for index in range(math.ceil(highest / step - 1e-9) + 1))


# --- Waterfall -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a waterfall: how many, why, and where the people behind the number are."""

    label: str
    value: int
    why: str = ""
    href: str = ""


def waterfall(start: Step, outs: Sequence[Step], left: Step, *, narrow: bool = False) -> Waterfall:
    """Draw how a whole loses its parts until some are left. `narrow` is for the right column.

    `balanced` is False where the parts don't add up; the macro says so.
    """
    row, bar = (22, 9) if narrow else (32, 16)
    origin, reach = (39.0, 38.0) if narrow else (33.0, 50.0)
    whole = max(start.value, 1)

    def at(value: float) -> float:
        return origin + reach * value / whole

    bars = [(start, "total", 0, start.value, number(start.value), start.value)]
    running = start.value
    for step in outs:
        running -= step.value
        bars.append((step, "away", running, step.value, signed(-step.value), running))
    bars.append((left, "flow", 0, left.value, number(left.value), left.value))
    rows = tuple(
        WaterfallRow(
            label=step.label,
            text=text,
            kind=kind,
            x=pct(at(begin)),
            width=pct(max(reach * length / whole, 0.25 if length else 0)),
            y=index * row + (row - bar) / 2,
            text_y=index * row + row / 2 + 4,
            link=pct(at(edge)),
            href=step.href,
        )
        for index, (step, kind, begin, length, text, edge) in enumerate(bars)
    )
    return Waterfall(
        height=len(bars) * row,
        bar=bar,
        row=row,
        rows=rows,
        table=_waterfall_table(bars, start.value),
        balanced=running == left.value,
    )


def _waterfall_table(bars: Sequence[tuple[Step, str, int, int, str, int]], whole: int) -> Table:
    return Table(
        head=(_("Step"), _("Why"), _("Out"), _("Left"), _("Share")),
        rows=tuple(
            (step.label, step.why, text if kind == "away" else "", number(edge), percent(share(edge, whole)))
            for step, kind, _begin, _length, text, edge in bars
        ),
        words=frozenset({0, 1}),
        last_is_sum=True,
    )


# --- Bars and lines over time --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers over all columns. kind: for bars flow, stock, loss, away; for lines first, second, usual."""

    label: str
    values: Sequence[Number]
    kind: str = "flow"


@dataclass(frozen=True, slots=True)
class Group:
    """A name for the columns from `first` on, below them: a day."""

    first: int
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """Columns `first` up to, not including, `end` that are shaded, with the reason: quiet in every zone."""

    first: float
    end: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Words at a column, in the colour of their kind: 630 expire.

    They stand above what is there, with a line down to what they mean; `value` puts them at that height instead, and
    `side` ("left" or "right") beside the column.
    """

    column: int
    text: str
    kind: str = "flow"
    value: Number | None = None
    side: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a plot has around its numbers.

    `labels` stand below the columns, each `every`-th of them; `names` are the longer ones for the table; `now` is where
    the pen stands, in columns.
    """

    heading: str
    labels: Sequence[str]
    names: Sequence[str] = ()
    groups: Sequence[Group] = ()
    spans: Sequence[Span] = ()
    notes: Sequence[Note] = ()
    every: int = 1
    now: float | None = None
    height: int = 264


def bars(frame: Frame, series: Sequence[Series]) -> Plot:
    """Draw stacked columns: the first series lies lowest.

    Errors: ValueError where a series has another number of values than there are columns.
    """
    _check(frame, series)
    count = len(frame.labels)
    sums = [sum(float(one.values[column]) for one in series) for column in range(count)]
    scale = _Scale(frame, max(sums, default=0), centred=True)
    boxes = []
    for column in range(count):
        below = 0.0
        for one in series:
            value = float(one.values[column])
            if value > 0:
                y = scale.y(below + value)
                boxes.append(Box(one.kind, scale.x(column + 0.1), y, scale.width(0.8), round(scale.y(below) - y, 1)))
            below += value
    return scale.plot(series, boxes=tuple(boxes), tops=sums)


def lines(frame: Frame, series: Sequence[Series]) -> Plot:
    """Draw lines from column to column; the first is filled down to zero.

    Errors: ValueError where a series has another number of values than there are columns.
    """
    _check(frame, series)
    highest = max((float(value) for one in series for value in one.values), default=0)
    scale = _Scale(frame, highest, centred=False)
    curves = []
    for one in series:
        last = max(len(one.values) - 1, 1)
        points = [f"{1000 * index / last:.1f} {scale.y(float(value)):.1f}" for index, value in enumerate(one.values)]
        path = "M" + "L".join(points) if points else ""
        area = f"{path}V{scale.base:g}H0Z" if one.kind == "first" and points else ""
        curves.append(Curve(one.kind, path, area))
    tops = [max((float(one.values[column]) for one in series), default=0) for column in range(len(frame.labels))]
    return scale.plot(series, curves=tuple(curves), tops=tops)


def _check(frame: Frame, series: Sequence[Series]) -> None:
    wrong = [one.label for one in series if len(one.values) != len(frame.labels)]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: not {len(frame.labels)} values, one for each column")


class _Scale:
    """Turns columns and values into places, and dresses a plot with axes, shades and words."""

    def __init__(self, frame: Frame, highest: float, *, centred: bool) -> None:
        self.frame = frame
        self.rising = ticks(highest)
        self.highest = self.rising[-1]
        self.top, self.base = 34.0, frame.height - 40.0
        count = len(frame.labels)
        self.slots = max(count if centred else count - 1, 1)
        self.shift = 0.5 if centred else 0.0

    def x(self, column: float) -> str:
        return pct(self.across(column))

    def across(self, column: float) -> float:
        return AXIS + (100 - AXIS) * column / self.slots

    def width(self, columns: float) -> str:
        return pct((100 - AXIS) * columns / self.slots)

    def y(self, value: float) -> float:
        return round(self.base - (self.base - self.top) * value / self.highest, 1)

    def plot(
        self,
        series: Sequence[Series],
        *,
        boxes: tuple[Box, ...] = (),
        curves: tuple[Curve, ...] = (),
        tops: Sequence[float],
    ) -> Plot:
        frame = self.frame
        return Plot(
            height=frame.height,
            top=self.top,
            base=self.base,
            rising=tuple(Tick(compact(value), self.y(value)) for value in self.rising),
            columns=tuple(
                Tick(label, index, self.x(index + self.shift), bool(index // frame.every % 2), self._anchor(index))
                for index, label in enumerate(frame.labels)
                if index % frame.every == 0
            ),
            days=tuple(Tick(group.label, group.first, self.x(group.first)) for group in frame.groups),
            shades=tuple(
                Box(span.label, self.x(span.first), self.top - 24, self.width(span.end - span.first), self._depth())
                for span in frame.spans
            ),
            words=tuple(self._words(note, series, tops) for note in frame.notes),
            table=self._table(series),
            keys=tuple((one.kind, one.label) for one in series),
            boxes=boxes,
            curves=curves,
            now="" if frame.now is None else self.x(frame.now),
        )

    def _depth(self) -> float:
        return self.base - self.top + 24

    def _anchor(self, column: int) -> str:
        """At the edges of a line chart a column's name grows inwards."""
        if self.shift:
            return "mid"
        return "start" if column == 0 else "end" if column == self.slots else "mid"

    def _words(self, note: Note, series: Sequence[Series], tops: Sequence[float]) -> Words:
        column = note.column
        if note.side:
            edge = column + (0.1 if note.side == "left" else 0.9) if self.shift else column
            anchor, nudge = ("end", -6) if note.side == "left" else ("start", 6)
            height = self.y(float(tops[column] if note.value is None else note.value))
            cramped = note.side == "left" and self.across(edge) < 30
            return Words(note.text, note.kind, self.x(edge), height + 4, anchor, nudge, wide=cramped)
        place = self.across(column + self.shift)
        anchor = "end" if place > 94 else "start" if place < 15 else "mid"
        if note.value is not None:
            return Words(note.text, note.kind, pct(place), self.y(float(note.value)) - 8, anchor)
        # High enough to be clear of the neighbours, with a line down to its own column or curve.
        y = min(self.y(top) for top in tops[max(column - 1, 0) : column + 2]) - 8
        own = next((one for one in series if one.kind == note.kind and not self.shift), None)
        foot = self.y(float(own.values[column]) if own else tops[column]) - 2
        return Words(note.text, note.kind, pct(place), y, anchor, lead=foot if foot - y > 14 else 0)

    def _table(self, series: Sequence[Series]) -> Table:
        names = self.frame.names or self.frame.labels
        return Table(
            head=(self.frame.heading, *(one.label for one in series)),
            rows=tuple((name, *(number(one.values[at]) for one in series)) for at, name in enumerate(names)),
        )


# --- Heat map ------------------------------------------------------------------------------------------------------


def heatmap(
    heading: str, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[int]], *, every: int = 1
) -> Heatmap:
    """Draw a table of numbers as cells, darker where there are more; each `every`-th column bears its name."""
    row, begin = 18, 9.0
    width = (100 - begin) / max(len(columns), 1)
    highest = max((value for line in values for value in line), default=0)
    limits = sorted({_round_limit(highest * part) for part in HEAT_SHARES})
    cells = tuple(
        Box(
            f"h{sum(value >= limit for limit in limits)}",
            pct(begin + width * across),
            down * row,
            pct(width),
            row,
        )
        for down, line in enumerate(values)
        for across, value in enumerate(line)
    )
    below = len(rows) * row
    return Heatmap(
        height=below + 22,
        row=row,
        rows=tuple(Tick(name, index * row + 13) for index, name in enumerate(rows)),
        columns=tuple(
            Tick(name, below + 15, pct(begin + width * (index + 0.5)))
            for index, name in enumerate(columns)
            if index % every == 0
        ),
        cells=cells,
        legend=(
            ("h0", _("under %(number)s") % {"number": number(limits[0])}),
            *((f"h{index + 1}", f"{number(limit)}+") for index, limit in enumerate(limits)),
        ),
        table=Table(
            head=(heading, *columns),
            rows=tuple((name, *map(number, line)) for name, line in zip(rows, values, strict=True)),
        ),
    )


def _round_limit(value: float) -> int:
    """Round to one figure, halves of it above ten, and never below one."""
    if value < 10:
        return max(round(value), 1)
    half: float = 10.0 ** math.floor(math.log10(value)) / 2
    return round(round(value / half) * half)


# --- Small ones ----------------------------------------------------------------------------------------------------


def sparkline(values: Sequence[Number]) -> Sparkline:
    """Draw how a number went, from zero."""
    if not values:
        return Sparkline("", 18, number(None), number(None))
    highest = max(max(map(float, values)), 1e-9)
    heights = [round(18 - 16 * float(value) / highest, 1) for value in values]
    places = [100 * index / max(len(values) - 1, 1) for index in range(len(values))]
    path = "M" + "L".join(f"{x:.1f} {y:g}" for x, y in zip(places, heights, strict=True))
    return Sparkline(path, heights[-1], number(values[0]), number(values[-1]))


def progress(parts: Sequence[Part], whole: int) -> Progress:
    """Lay parts side by side, each as long as its share of the whole.

    Errors: ValueError where they add up to more than the whole.
    """
    if sum(part.value for part in parts) > whole:
        raise ValueError(f"the parts add up to more than {whole}")
    boxes, before = [], 0
    for part in parts:
        boxes.append(Box(part.kind, pct(100 * before / max(whole, 1)), 0, pct(100 * part.value / max(whole, 1)), 6))
        before += part.value
    rows = tuple((part.label, number(part.value), percent(share(part.value, whole))) for part in parts)
    return Progress(tuple(boxes), tuple(parts), whole, Table((_("State"), _("Messages"), _("Share")), rows))
