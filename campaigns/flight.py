"""The flight plan: when how many messages may go, hour by hour and zone by zone, from a counted waterfall.

It tells the earliest hour of each message, given starts, quiet periods and the expiry; the pace is delivery's.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.clock import shows_quiet_time, zone_named
from campaigns.frozen import Frozen
from campaigns.timetable import starts, timetable
from campaigns.waterfall import Waterfall

HOUR = timedelta(hours=1)
MOST_HOURS = 72


@dataclass(frozen=True)
class ZonePlan:
    """One zone: how many, when their start comes, when they may go and until when; `late` come after the expiry."""

    zone: str
    people: int
    starts: datetime
    goes: datetime
    quiet_at: datetime | None
    late: int


@dataclass(frozen=True)
class Hour:
    """One hour: how many may go from then on, wait at its end, or expire. `quiet`: it is quiet in every zone in use."""

    at: datetime
    going: int
    waiting: int
    expiring: int
    quiet: bool


@dataclass(frozen=True)
class Flight:
    """Zones in the order of their first message, hours without a break; `cut` people fall after the last hour shown."""

    zones: tuple[ZonePlan, ...]
    hours: tuple[Hour, ...]
    cut: int

    @property
    def waiting(self) -> int:
        """How many wait for the end of a quiet period."""
        return sum(zone.people for zone in self.zones if zone.goes > zone.starts)

    @property
    def late(self) -> int:
        """How many come after the expiry."""
        return sum(zone.late for zone in self.zones)


def fly(frozen: Frozen, counted: Waterfall, *, at: datetime) -> Flight:
    """Work out the flight plan of what was counted, if it starts at `at`."""
    if frozen.speaker is None:
        return Flight((), (), 0)
    own = zone_named(frozen.speaker.zone, "UTC").key
    people: Counter[str] = Counter()
    for group in counted.groups:
        people[group.zone or own] += group.people
    late: Counter[str] = Counter()
    for zone, count in counted.late.items():
        late[zone or own] += count
    clock = timetable(frozen, at=at, among={*people, *late})
    zones = [
        ZonePlan(
            zone=zone,
            people=people[zone],
            starts=max(at, starts(frozen.start, own=own, zone=zone, at=at)),
            goes=clock.of(zone).not_before,
            quiet_at=clock.of(zone).quiet_at,
            late=late[zone],
        )
        for zone in {*people, *late}
    ]
    zones.sort(key=lambda plan: (plan.goes, -plan.people, plan.zone))
    return Flight(tuple(zones), *_hours(frozen, zones))


def _hours(frozen: Frozen, zones: list[ZonePlan]) -> tuple[tuple[Hour, ...], int]:
    if not zones:
        return (), 0
    first = _floor(min(plan.starts for plan in zones))
    last = max(_floor(_end(frozen, plan)) for plan in zones)
    count = min(int((last - first) / HOUR) + 1, MOST_HOURS)
    hours = tuple(_hour(frozen, zones, first + index * HOUR) for index in range(count))
    shown = sum(hour.going + hour.expiring for hour in hours)
    return hours, sum(plan.people + plan.late for plan in zones) - shown


def _hour(frozen: Frozen, zones: list[ZonePlan], at: datetime) -> Hour:
    end = at + HOUR
    going = sum(plan.people for plan in zones if at <= plan.goes < end)
    waiting = sum(plan.people for plan in zones if plan.starts < end <= plan.goes)
    expiry = frozen.expires_at
    expiring = sum(plan.late for plan in zones if at <= _end(frozen, plan) < end)
    waiting += sum(plan.late for plan in zones if expiry and plan.starts < end <= expiry)
    quiet = frozen.quiet
    middle = at + HOUR / 2
    all_quiet = quiet is not None and all(shows_quiet_time(middle, ZoneInfo(plan.zone), quiet) for plan in zones)
    return Hour(at, going, waiting, expiring, all_quiet)


def _end(frozen: Frozen, plan: ZonePlan) -> datetime:
    """When a zone's people are through: they go, or they expire; who would start after the expiry expires at once."""
    if plan.late and frozen.expires_at:
        return max(frozen.expires_at, plan.starts)
    return plan.goes


def _floor(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
