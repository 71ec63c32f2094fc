"""Local times become the right instants in every zone, and quiet periods hold on both readings of a changed clock.

The oracle shares no code with the clock: it walks minute by minute and looks at what the zone's clock shows.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.clock import Quiet, Window, instant, open_window, quiet_spans, shows_quiet_time, zone_named
from conversations.addresses import zones

MINUTE = timedelta(minutes=1)
#: Half-hour and two-hour changes, odd offsets, changes around Ramadan, zones that are to stop changing, none at all.
ZONES = [
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Edmonton",
    "America/Vancouver",
    "America/St_Johns",
    "America/Toronto",
    "Europe/Berlin",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
]
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


def changes_of(name: str, year: int = 2026) -> list[datetime]:
    """Find the minutes of a year at which a zone's offset changes, by looking at each quarter of an hour."""
    zone = ZoneInfo(name)
    at, found = datetime(year, 1, 1, tzinfo=UTC), []
    before = at.astimezone(zone).utcoffset()
    while at.year == year:
        at += timedelta(minutes=15)
        offset = at.astimezone(zone).utcoffset()
        if offset != before:
            found.append(at)
            before = offset
    return found


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def first_shown(local: datetime, zone: ZoneInfo) -> datetime:
    """Walk to the first minute at which the clock shows this time or, where it skips it, a later one."""
    at = local.replace(tzinfo=UTC) - timedelta(hours=16)
    while shown(at, zone) < local:
        at += MINUTE
    return at


def is_in_window(at: datetime, zone: ZoneInfo, quiet: Quiet) -> bool:
    minute = shown(at, zone).time()
    if quiet.start < quiet.end:
        return quiet.start <= minute < quiet.end
    return minute >= quiet.start or minute < quiet.end


def calendar_windows(around: date, zone: ZoneInfo, quiet: Quiet) -> list[tuple[datetime, datetime]]:
    """Walk to the beginning and the end of the windows that begin on the days around one."""
    found = []
    for shift in range(-2, 4):
        day = around + timedelta(shift)
        ends = day if quiet.start < quiet.end else day + timedelta(1)
        found.append(
            (
                first_shown(datetime.combine(day, quiet.start), zone),
                first_shown(datetime.combine(ends, quiet.end), zone),
            )
        )
    return found


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Antarctica/Troll", "2026-03-29T02:15", "2026-03-29T01:00"),
        ("Antarctica/Troll", "2026-10-25T01:30", "2026-10-24T23:30"),
        ("Pacific/Chatham", "2026-09-27T03:00", "2026-09-26T14:00"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),
        ("America/St_Johns", "2026-12-03T19:00", "2026-12-03T22:30"),
    ],
)
def test_a_wall_time_becomes_its_first_instant_or_the_first_after_the_gap(zone: str, local: str, expected: str) -> None:
    found = instant(datetime.fromisoformat(local), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
def test_every_minute_around_a_change_of_the_clock_agrees_with_the_walk(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes_of(name):
        base = shown(change, zone).replace(minute=0) - timedelta(hours=4)
        for minutes in range(0, 8 * 60, 15):
            local = base + timedelta(minutes=minutes)
            assert instant(local, zone) == first_shown(local, zone), (name, local)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(ZONES),
    nth=st.integers(0, 1),
    offset=st.integers(-30 * 60, 30 * 60),
    start=MINUTES,
    end=MINUTES,
)
@example(name="Europe/Berlin", nth=1, offset=0, start=time(22), end=time(2, 30))
@example(name="Europe/Berlin", nth=1, offset=-60, start=time(2, 30), end=time(6))
@example(name="Europe/Berlin", nth=0, offset=-30, start=time(2, 10), end=time(2, 50))
@example(name="Antarctica/Troll", nth=0, offset=-5, start=time(23), end=time(22))
@example(name="Australia/Lord_Howe", nth=1, offset=-15, start=time(1, 35), end=time(1, 55))
def test_nothing_opens_inside_a_quiet_period_nor_waits_longer_than_it_must(
    name: str, nth: int, offset: int, start: time, end: time
) -> None:
    if start == end:
        return
    zone, quiet = ZoneInfo(name), Quiet(start, end)
    changes = changes_of(name) or [datetime(2026, 6, 1, tzinfo=UTC)]
    at = changes[min(nth, len(changes) - 1)] + timedelta(minutes=offset)
    window = open_window(at, zone, quiet)
    assert window.quiet_at is not None
    calendar = calendar_windows(at.astimezone(zone).date(), zone, quiet)

    def is_quiet(moment: datetime) -> bool:
        return is_in_window(moment, zone, quiet) or any(first <= moment < last for first, last in calendar)

    minute = at
    while minute < window.not_before:
        assert is_quiet(minute), minute
        minute += MINUTE
    while minute < window.quiet_at:
        assert not is_quiet(minute), minute
        minute += MINUTE
    assert is_quiet(window.quiet_at)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), Quiet(time(21), time(8))
    monday = datetime(2026, 3, 2, 22, 0, tzinfo=zone)
    assert open_window(monday, zone, quiet) == Window(
        datetime(2026, 3, 3, 7, 0, tzinfo=UTC), datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
    )
    morning = datetime(2026, 3, 3, 6, 0, tzinfo=zone)
    assert open_window(morning, zone, quiet).not_before == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


def test_the_end_of_a_window_is_open_and_its_beginning_is_not() -> None:
    zone, quiet = ZoneInfo("UTC"), Quiet(time(21), time(8))
    at_end = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert open_window(at_end, zone, quiet) == Window(at_end, datetime(2026, 3, 3, 21, 0, tzinfo=UTC))
    at_start = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
    assert open_window(at_start, zone, quiet).not_before == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def test_without_a_quiet_period_a_window_never_closes() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert open_window(at, ZoneInfo("Asia/Tokyo"), None) == Window(at, None)


def test_a_day_with_one_open_minute_a_day_still_opens() -> None:
    zone, quiet = ZoneInfo("UTC"), Quiet(time(12, 1), time(12, 0))
    window = open_window(datetime(2026, 3, 2, 13, 0, tzinfo=UTC), zone, quiet)
    noon = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    assert window == Window(noon, noon + MINUTE)


def test_a_window_that_a_gap_swallows_makes_nothing_quiet() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), Quiet(time(2, 10), time(2, 50))
    spans = quiet_spans(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), zone, quiet)
    days = [date(2026, 3, day) for day in (27, 28, 30, 31)]
    assert [span.start.date() for span in spans] == [*days, date(2026, 4, 1)]


def test_the_clock_and_the_oracle_agree_on_what_a_clock_shows() -> None:
    zone, quiet = ZoneInfo("America/St_Johns"), Quiet(time(23, 30), time(6, 30))
    at = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
    for _ in range(24 * 60):
        assert shows_quiet_time(at, zone, quiet) == is_in_window(at, zone, quiet)
        at += MINUTE


def test_every_zone_of_the_package_opens() -> None:
    quiet = Quiet(time(21), time(8))
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    for name in zones().values():
        window = open_window(at, ZoneInfo(name), quiet)
        assert not shows_quiet_time(window.not_before, ZoneInfo(name), quiet), name


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America/../Europe/Berlin"])
def test_a_zone_that_nobody_knows_is_the_other_one(name: str) -> None:
    assert zone_named(name, "Europe/Berlin").key == "Europe/Berlin"
