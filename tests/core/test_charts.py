"""Charts: exact places and lengths, and tables that hold the same numbers."""

import pytest
from django.utils.translation import override

from connect.core import charts
from connect.core.bands import Quiet, band, clock
from connect.core.charts import Frame, Group, Note, Series, Span, Step
from connect.core.figures import Box, Part

START = Step("Northwind News", 200)
OUTS = [Step("Suppressed", 20, "On a list", "#s"), Step("No consent", 80)]


def test_a_place_is_written_in_percent_without_needless_noughts() -> None:
    assert [charts.pct(value) for value in (0, 12.5, 33.33333, 100)] == ["0%", "12.5%", "33.33%", "100%"]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (3, (0, 1, 2, 3)),
        (37_112, (0, 10_000, 20_000, 30_000, 40_000)),
        (2_229, (0, 1_000, 2_000, 3_000)),
        (0.031, (0, 0.01, 0.02, 0.03, 0.04)),
    ],
)
def test_an_axis_has_round_numbers_from_zero_to_past_the_highest(highest: float, expected: tuple[float, ...]) -> None:
    assert charts.ticks(highest) == pytest.approx(expected)


def test_a_waterfall_falls_from_the_whole_to_what_is_left() -> None:
    chart = charts.waterfall(START, OUTS, Step("Will get it", 100))

    assert [(row.label, row.text, row.kind, row.x, row.width) for row in chart.rows] == [
        ("Northwind News", "200", "total", "33%", "50%"),
        ("Suppressed", "−20", "away", "78%", "5%"),
        ("No consent", "−80", "away", "58%", "20%"),
        ("Will get it", "100", "flow", "33%", "25%"),
    ]
    assert [row.link for row in chart.rows] == ["83%", "78%", "58%", "58%"]
    assert chart.rows[1].href == "#s"
    assert (chart.height, chart.balanced) == (128, True)


def test_a_waterfall_has_the_same_numbers_as_a_table() -> None:
    table = charts.waterfall(START, OUTS, Step("Will get it", 100)).table

    assert table.rows == (
        ("Northwind News", "", "", "200", "100.0%"),
        ("Suppressed", "On a list", "−20", "180", "90.0%"),
        ("No consent", "", "−80", "100", "50.0%"),
        ("Will get it", "", "", "100", "50.0%"),
    )
    assert table.last_is_sum


def test_a_waterfall_that_does_not_add_up_says_so() -> None:
    assert not charts.waterfall(START, OUTS, Step("Will get it", 99)).balanced


def test_a_waterfall_of_nobody_is_drawn() -> None:
    chart = charts.waterfall(Step("Nobody", 0), [Step("Suppressed", 0)], Step("Will get it", 0))

    assert [row.width for row in chart.rows] == ["0%", "0%", "0%"]
    assert chart.table.rows[0][4] == "–"


def test_a_bar_of_few_among_many_can_still_be_seen() -> None:
    chart = charts.waterfall(Step("All", 1_000_000), [Step("Few", 1)], Step("Left", 999_999))

    assert chart.rows[1].width == "0.25%"


def test_bars_are_stacked_from_zero() -> None:
    frame = Frame("Hour", ["00", "01"], height=174)
    chart = charts.bars(frame, [Series("Going", [10, 0]), Series("Waiting", [10, 40], "stock")])

    assert (chart.top, chart.base) == (34, 134)
    assert [tick.text for tick in chart.rising] == ["0", "10", "20", "30", "40"]
    assert chart.boxes == (
        Box("flow", "10.7%", 109, "37.6%", 25),
        Box("stock", "10.7%", 84, "37.6%", 25),
        Box("stock", "57.7%", 34, "37.6%", 100),
    )
    assert chart.table.head == ("Hour", "Going", "Waiting")
    assert chart.table.rows == (("00", "10", "10"), ("01", "0", "40"))


def test_columns_days_shades_and_now_stand_where_their_columns_are() -> None:
    frame = Frame(
        "Hour",
        ["22", "23", "00", "01"],
        groups=[Group(0, "Thu"), Group(2, "Fri")],
        spans=[Span(2, 4, "quiet")],
        every=2,
        now=1.5,
    )
    chart = charts.bars(frame, [Series("Going", [1, 1, 1, 1])])

    assert [(tick.text, tick.x, tick.minor) for tick in chart.columns] == [
        ("22", "17.75%", False),
        ("00", "64.75%", True),
    ]
    assert [(day.text, day.x) for day in chart.days] == [("Thu", "6%"), ("Fri", "53%")]
    assert [(shade.x, shade.width) for shade in chart.shades] == [("53%", "47%")]
    assert chart.now == "41.25%"


def test_words_stand_clear_of_the_neighbours_and_point_at_their_own_column() -> None:
    frame = Frame("Hour", ["0", "1", "2", "3"], height=174, notes=[Note(2, "630 expire", "loss")])
    (words,) = charts.bars(frame, [Series("Going", [0, 100, 0, 0]), Series("Expiring", [0, 0, 20, 0], "loss")]).words

    assert (words.text, words.x, words.y, words.anchor, words.lead) == ("630 expire", "64.75%", 26, "mid", 112)


def test_a_series_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Going: not 2 values"):
        charts.bars(Frame("Hour", ["0", "1"]), [Series("Going", [1])])


def test_lines_run_from_edge_to_edge_and_the_first_is_filled() -> None:
    frame = Frame("Hour", ["09", "10", "11"], height=174)
    chart = charts.lines(frame, [Series("Opened", [0, 20, 10], "first"), Series("Usual", [0, 0, 20], "usual")])

    assert chart.curves[0].path == "M0.0 134.0L500.0 34.0L1000.0 84.0"
    assert chart.curves[0].area == "M0.0 134.0L500.0 34.0L1000.0 84.0V134H0Z"
    assert chart.curves[1].area == ""
    assert [(tick.x, tick.anchor) for tick in chart.columns] == [("6%", "start"), ("53%", "mid"), ("100%", "end")]
    assert chart.table.rows[1] == ("10", "20", "0")


def test_a_heat_map_has_five_steps_and_says_what_they_mean() -> None:
    chart = charts.heatmap("Day", ["Mon", "Tue"], ["00", "12"], [[0, 60], [400, 1_000]])

    assert [cell.kind for cell in chart.cells] == ["h0", "h1", "h3", "h4"]
    assert chart.legend == (("h0", "under 50"), ("h1", "50+"), ("h2", "200+"), ("h3", "400+"), ("h4", "700+"))
    assert chart.table.rows == (("Mon", "0", "60"), ("Tue", "400", "1,000"))


def test_a_heat_map_of_nothing_is_pale() -> None:
    chart = charts.heatmap("Day", ["Mon"], ["00"], [[0]])

    assert [cell.kind for cell in chart.cells] == ["h0"]
    assert chart.legend == (("h0", "under 1"), ("h1", "1+"))


def test_a_sparkline_starts_at_zero() -> None:
    chart = charts.sparkline([5, 0, 10])

    assert (chart.path, chart.last_y, chart.first, chart.last) == ("M0.0 10L50.0 18L100.0 2", 2, "5", "10")


def test_a_sparkline_of_nothing_is_empty() -> None:
    assert charts.sparkline([]).path == ""


def test_progress_lays_its_parts_side_by_side() -> None:
    chart = charts.progress([Part("delivered", 30, "good"), Part("bounced", 10, "loss")], 80)

    assert chart.boxes == (Box("good", "0%", 0, "37.5%", 6), Box("loss", "37.5%", 0, "12.5%", 6))
    assert chart.table.rows == (("delivered", "30", "37.5%"), ("bounced", "10", "12.5%"))


def test_parts_beyond_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 10"):
        charts.progress([Part("delivered", 11)], 10)


def test_progress_of_nothing_is_empty() -> None:
    assert charts.progress([Part("delivered", 0)], 0).boxes == (Box("flow", "0%", 0, "0%", 6),)


def test_a_quiet_period_over_midnight_is_drawn_at_both_ends_of_the_day() -> None:
    chart = band([Quiet("Email", [(21 * 60, 8 * 60)])], start=19 * 60)

    assert [(box.x, box.width, box.text, box.at_end) for box in chart.rows[0].boxes] == [
        ("14%", "28.67%", "quiet until 08:00", False),
        ("89.25%", "10.75%", "21:00", True),
    ]
    assert (chart.start, chart.start_text) == ("82.08%", "Starts 19:00")
    assert chart.go is not None
    assert (chart.go.x, chart.go.width, chart.go.text) == ("82.08%", "7.17%", "2 h")
    assert chart.table.rows == (("Email", "21:00–08:00"),)


def test_a_start_inside_a_quiet_period_goes_nowhere() -> None:
    assert band([Quiet("Email", [(21 * 60, 8 * 60)])], start=22 * 60).go is None


def test_without_quiet_periods_it_may_go_until_midnight() -> None:
    chart = band([Quiet("Email", [])], start=19 * 60)

    assert chart.go is not None
    assert chart.go.text == "5 h"


def test_the_last_minute_of_a_day_is_written_as_such() -> None:
    assert [clock(0), clock(1_439), clock(1_440)] == ["00:00", "23:59", "24:00"]


def test_a_chart_speaks_the_readers_language() -> None:
    with override("de"):
        chart = charts.waterfall(Step("Alle", 12_000), [Step("Gesperrt", 2_000)], Step("Bleiben", 10_000))

    assert [row.text for row in chart.rows] == ["12.000", "−2.000", "10.000"]
    assert chart.table.rows[1][4] == "83,3\N{NO-BREAK SPACE}%"
