"""What narrows the list of campaigns: read from its address, written back to it, and said as chips."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from connect.core.errors import Invalid

FIND_CHARACTERS = 120
NAMES = ("state", "q", "tag", "conversation", "from", "until")


@dataclass(frozen=True)
class Narrowed:
    """What the list is narrowed down to; `state` is a tab's name. `since` and `until` are days, both included."""

    state: str = ""
    find: str = ""
    tag: str = ""
    conversation: UUID | None = None
    since: date | None = None
    until: date | None = None

    @property
    def query(self) -> str:
        """The address's query, in one order: the same filter is the same text."""
        values = {
            "state": self.state,
            "q": self.find,
            "tag": self.tag,
            "conversation": self.conversation or "",
            "from": self.since or "",
            "until": self.until or "",
        }
        return urlencode({name: str(value) for name, value in values.items() if value})

    def instants(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """Tell when the first day begins and the day after the last one does, on this clock."""
        where = ZoneInfo(zone)
        begins = datetime.combine(self.since, time.min, where) if self.since else None
        ends = datetime.combine(self.until + timedelta(days=1), time.min, where) if self.until else None
        return begins, ends


def read_narrowed(query: Mapping[str, str], states: frozenset[str]) -> Narrowed:
    """Read a filter from an address.

    Errors: Invalid naming each part that can't be read.
    """
    faults: dict[str, str] = {}
    read = Narrowed(
        state=query.get("state", ""),
        find=query.get("q", "").strip(),
        tag=query.get("tag", "").strip().removeprefix("#").lower(),
        conversation=_uuid(query.get("conversation", ""), faults),
        since=_day("from", query.get("from", ""), faults),
        until=_day("until", query.get("until", ""), faults),
    )
    if read.state not in states:
        faults["state"] = _("There is no such state.")
    for name, text in (("q", read.find), ("tag", read.tag)):
        if len(text) > FIND_CHARACTERS or "\x00" in text:
            faults[name] = _("Enter at most %(limit)d characters.") % {"limit": FIND_CHARACTERS}
    if read.since and read.until and read.until < read.since:
        faults["until"] = _("The last day is before the first one.")
    if faults:
        raise Invalid(faults)
    return read


def _uuid(raw: str, faults: dict[str, str]) -> UUID | None:
    try:
        return UUID(raw) if raw else None
    except ValueError:
        faults["conversation"] = _("There is no such conversation.")
        return None


def _day(name: str, raw: str, faults: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(raw) if raw else None
    except ValueError:
        day = date.min
    if day is not None and not 1970 <= day.year < 9000:
        faults[name] = _("Enter a day.")
        return None
    return day
