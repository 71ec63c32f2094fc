"""What a chart is made of once its places are worked out: `connect/core/charts.py` makes these, a macro draws them.

Places across are written in percent ("12.5%"); places down are pixels.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """The chart's numbers, written: the first cell of each row is its name.

    `words` are the columns that hold words instead of numbers; `last_is_sum` sets the last row apart.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset({0})
    last_is_sum: bool = False


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One bar: a total, what falls away, or what is left. `link` is where the line to the next bar stands."""

    label: str
    text: str
    kind: str
    x: str
    width: str
    y: float
    text_y: float
    link: str
    href: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Bars from a whole to what is left of it."""

    height: int
    bar: int
    row: int
    rows: tuple[WaterfallRow, ...]
    table: Table
    balanced: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A round number and its line, or a column's name and its place."""

    text: str
    at: float
    x: str = ""
    minor: bool = False
    anchor: str = "mid"


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle with its kind."""

    kind: str
    x: str
    y: float
    width: str
    height: float


@dataclass(frozen=True, slots=True)
class Words:
    """Words in a chart: where, and from which side they grow.

    `nudge` moves them across by pixels; `lead` is where a line from them ends, 0 for none; `wide` ones need room.
    """

    text: str
    kind: str
    x: str
    y: float
    anchor: str
    nudge: int = 0
    lead: float = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """One line as an SVG path in a box 1000 wide; `area` closes it down to zero."""

    kind: str
    path: str
    area: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars or lines over columns, with their axes. `top` and `base` are the plot's upper and lower edge."""

    height: int
    top: float
    base: float
    rising: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    days: tuple[Tick, ...]
    shades: tuple[Box, ...]
    words: tuple[Words, ...]
    table: Table
    keys: tuple[tuple[str, str], ...]
    boxes: tuple[Box, ...] = ()
    curves: tuple[Curve, ...] = ()
    now: str = ""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Cells in five steps of one colour, and what the steps mean."""

    height: int
    row: int
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    cells: tuple[Box, ...]
    legend: tuple[tuple[str, str], ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line in a box of 100 × 20, with its last point."""

    path: str
    last_y: float
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole. kind: flow, good, loss, away, stock, mark or idle."""

    label: str
    value: int
    kind: str = "flow"


@dataclass(frozen=True, slots=True)
class Progress:
    """A whole laid out in its parts; what none of them holds stays empty."""

    boxes: tuple[Box, ...]
    parts: tuple[Part, ...]
    whole: int
    table: Table


@dataclass(frozen=True, slots=True)
class QuietBox:
    """A quiet stretch, and the words in it; `short` ones where there is little room."""

    x: str
    width: str
    text: str
    short: str
    at_end: bool


@dataclass(frozen=True, slots=True)
class BandRow:
    """One channel's day."""

    label: str
    y: int
    boxes: tuple[QuietBox, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """24 hours of the recipient's day: quiet stretches, the start, and how long it may go on from there."""

    height: int
    hours: tuple[Tick, ...]
    rows: tuple[BandRow, ...]
    start: str
    start_text: str
    go: QuietBox | None
    table: Table
