"""From a frozen schedule to the window of each time zone: Python reads the clocks, SQL looks them up.

Every zone of the tz database is in it, so no query has to ask first which zones a conversation's customers live in.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from campaigns.clock import Quiet, Window, instant, open_window, zone_named
from campaigns.frozen import Frozen, Start
from campaigns.states import StartKind
from connect.core.sql import Sql
from conversations.addresses import zones


@dataclass(frozen=True)
class Timetable:
    """The window of each zone; `otherwise` is that of a customer without one, or with one that was dropped since."""

    windows: dict[str, Window]
    otherwise: Window

    def of(self, zone: str) -> Window:
        """Look up one zone's window."""
        return self.windows.get(zone, self.otherwise)

    def look_up(self, zone: str) -> Sql:
        """Write the number, from 1, of a zone's window among `distinct`; `zone` is our own column expression.

        A look-up in a small jsonb object costs the same with and without statistics; a join would trust estimates.
        """
        numbers = {window: number for number, window in enumerate(self.distinct, 1)}
        differing = {name: numbers[window] for name, window in self.windows.items() if window != self.otherwise}
        if not differing:
            return Sql("1")
        return Sql(f"coalesce((%s::jsonb -> {zone})::int, 1)", (json.dumps(differing),))

    @property
    def distinct(self) -> list[Window]:
        """The windows that occur: first that of no zone, then the others in the order of zones."""
        return list(dict.fromkeys((self.otherwise, *self.windows.values())))

    def table(self, alias: str) -> Sql:
        """Write a table (zone, not_before, quiet_at) under an alias; zone "" is for all others."""
        listed = {"": self.otherwise, **self.windows}
        return Sql(
            f"unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS {alias} (zone, not_before, quiet_at)",
            (
                list(listed),
                [window.not_before for window in listed.values()],
                [window.quiet_at for window in listed.values()],
            ),
        )


def timetable(frozen: Frozen, *, at: datetime, among: Collection[str] | None = None) -> Timetable:
    """Work out when each zone's messages may go, if the run starts at `at`: no window opens before that.

    `among` names the zones that are asked about, where not all of them are.
    Errors: ValueError when the campaign has no conversation yet.
    """
    if frozen.speaker is None:
        raise ValueError("no conversation, so no zone to fall back on")
    own = zone_named(frozen.speaker.zone, "UTC").key
    differs = frozen.quiet is not None or frozen.start.kind == StartKind.LOCAL
    known = zones().values() if among is None else among
    return _timetable(frozen.start, frozen.quiet, own, at, tuple(sorted(known)) if differs else ())


def starts(start: Start, *, own: str, zone: str, at: datetime) -> datetime:
    """Tell when a zone's messages start, before quiet periods: `at` for now, or when its clock shows the wall time.

    `own` is the conversation's zone: it stands in for one that isn't known, and is everybody's if the start is fixed.
    """
    if start.local is None:
        return at
    return instant(start.local, zone_named(own if start.kind == StartKind.FIXED else zone, own))


def first_start(frozen: Frozen, known: Sequence[str], *, at: datetime) -> datetime:
    """Tell the earliest start over the zones that customers live in."""
    own = frozen.speaker.zone if frozen.speaker else "UTC"
    if frozen.start.kind != StartKind.LOCAL:
        return starts(frozen.start, own=own, zone=own, at=at)
    return min(starts(frozen.start, own=own, zone=zone, at=at) for zone in {own, *known})


@lru_cache(maxsize=32)
def _timetable(start: Start, quiet: Quiet | None, own: str, at: datetime, known: tuple[str, ...]) -> Timetable:
    def window(zone: str) -> Window:
        begins = max(at, starts(start, own=own, zone=zone, at=at))
        return open_window(begins, zone_named(zone, own), quiet)

    return Timetable({zone: window(zone) for zone in known}, window(own))
