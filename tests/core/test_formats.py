"""Numbers and times as words, in the reader's language and zone."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from connect.core import formats
from connect.core.links import with_query

EVENING = datetime(2026, 12, 4, 0, 0, tzinfo=UTC)


def test_numbers_have_group_marks_and_a_real_minus() -> None:
    assert [formats.number(value) for value in (41_203, -526, 0, None)] == ["41,203", "−526", "0", "–"]
    assert formats.number(2.5, 1) == "2.5"
    assert [formats.signed(value) for value in (526, -526, 0)] == ["+526", "−526", "0"]


def test_a_share_of_nothing_is_a_dash() -> None:
    assert formats.share(1, 0) is None
    assert formats.percent(formats.share(1, 0)) == "–"
    assert formats.percent(formats.share(359, 1_000)) == "35.9%"
    assert formats.percent(1, 0) == "100%"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (950, "950"), (2_500, "2.5K"), (10_000, "10K"), (1_200_000, "1.2M")]
)
def test_an_axis_has_short_numbers(value: int, text: str) -> None:
    assert formats.compact(value) == text


def test_an_instant_is_written_with_its_zone() -> None:
    assert formats.as_datetime(EVENING, "America/Toronto") == "Thu 3 Dec 2026 19:00 EST"
    assert formats.as_datetime(EVENING, "America/Sao_Paulo") == "Thu 3 Dec 2026 21:00 UTC−03:00"
    assert formats.as_time(EVENING, "Asia/Kolkata") == "05:30 IST"
    assert formats.as_date(EVENING, "America/Toronto") == "3 Dec 2026"


def test_the_active_zone_is_the_one_that_counts() -> None:
    with timezone.override("Europe/Berlin"):
        assert formats.as_datetime(EVENING) == "Fri 4 Dec 2026 01:00 CET"


def test_a_bare_day_and_a_bare_time_have_no_zone() -> None:
    assert formats.as_date(date(2026, 3, 2), weekday=True) == "Mon 2 Mar 2026"
    assert formats.as_time(time(19, 5)) == "19:05"


def test_how_long_ago_is_told_from_the_time_that_is_passed_in() -> None:
    assert formats.relative(EVENING - timedelta(minutes=4), EVENING) == "4 minutes ago"
    assert formats.relative(EVENING + timedelta(days=2), EVENING) == "in 2 days"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (90_000, "1 day 1 h"),
        (60, "1 min"),
        (0.25, "250 ms"),
        (None, "–"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(value: timedelta | float | None, text: str) -> None:
    assert formats.duration(value) == text


@pytest.mark.parametrize(("value", "text"), [(999, "999 B"), (1_400_000, "1.4 MB"), (250_000, "250 kB"), (None, "–")])
def test_bytes_are_counted_in_thousands(value: int | None, text: str) -> None:
    assert formats.size(value) == text


def test_german_readers_get_german_numbers_and_days() -> None:
    with override("de"):
        assert formats.number(41_203) == "41.203"
        assert formats.percent(0.359) == "35,9\N{NO-BREAK SPACE}%"
        assert formats.as_datetime(EVENING, "Europe/Berlin") == "Fr., 4. Dez. 2026 01:00 CET"


def test_an_unknown_language_falls_back_to_ours() -> None:
    with override("xx"):
        assert formats.number(41_203) == "41,203"


def test_a_new_order_keeps_the_filters_and_begins_at_the_first_page() -> None:
    assert with_query("/t/x/?q=a+b&page=3&sort=name", sort="-name") == "/t/x/?q=a+b&sort=-name"
    assert with_query("/t/x/?tag=holiday&q=", tag=None) == "/t/x/?q="
