"""What a campaign's values must look like: each check returns the stored form, or raises Invalid naming its field."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import ParamSpec, TypeVar

from django.utils.translation import gettext as _

from campaigns.clock import instant, zone_named
from campaigns.states import StartKind
from connect.core.errors import Invalid
from conversations.addresses import check_header_text, check_storable

P = ParamSpec("P")
T = TypeVar("T")

NAME_CHARACTERS = 120
DESCRIPTION_CHARACTERS = 240
TAG_CHARACTERS = 40
MAX_TAGS = 20
PRIORITIES = range(101)
LAST_YEAR = 2100
MOST_PER_MINUTE = 1_000_000
_WALL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)
_TAG = re.compile(r"[\w][\w .+&/-]*")


def collect(faults: dict[str, list[str]], check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Run a check and put what it says into `faults`, so that a form names all its fields at once."""
    try:
        return check(*args, **kwargs)
    except Invalid as error:
        for name, says in error.fields.items():
            faults.setdefault(name, []).extend(says)
        return None


def check_name(raw: str) -> str:
    """Let a name through: one line, 1 to 120 characters.

    Errors: Invalid naming `name`.
    """
    name = check_header_text(raw, "name")
    if not name:
        raise Invalid({"name": _("Give it a name.")})
    return _short(name, "name", NAME_CHARACTERS)


def check_description(raw: str) -> str:
    """Let a description through: at most 240 characters.

    Errors: Invalid naming `description`.
    """
    text = check_storable(raw, "description").replace("\r\n", "\n").strip()
    return _short(text, "description", DESCRIPTION_CHARACTERS)


def check_priority(value: int) -> int:
    """Let a priority through: 0 to 100, the higher goes first.

    Errors: Invalid naming `priority`.
    """
    if value not in PRIORITIES:
        raise Invalid({"priority": _("Choose a number from 0 to 100.")})
    return value


def check_tags(raw: Sequence[str]) -> list[str]:
    """Write tags in small letters, without `#`, each once, in the order given.

    Errors: Invalid naming `tags`.
    """
    tags = list(dict.fromkeys(filter(None, (tag.strip().lstrip("#").strip().lower() for tag in raw))))
    if len(tags) > MAX_TAGS:
        raise Invalid({"tags": _("At most %(most)d tags.") % {"most": MAX_TAGS}})
    for tag in tags:
        check_header_text(tag, "tags")
        if not _TAG.fullmatch(tag):
            raise Invalid(
                {"tags": _("A tag is made of letters, digits, spaces and hyphens: “%(tag)s”.") % {"tag": tag}}
            )
        _short(tag, "tags", TAG_CHARACTERS)
    return tags


def check_start(kind: StartKind, raw: str, zone: str, now: datetime) -> str:
    """Let a wall time through that is still ahead on the campaign's clock; "" for as soon as approved.

    Shape: `2026-12-03T19:00`.
    Errors: Invalid naming `start_at`.
    """
    if kind == StartKind.NOW:
        return ""
    local = read_wall_time(raw, "start_at")
    if instant(local, zone_named(zone, "UTC")) <= now:
        raise Invalid({"start_at": _("This time is past in %(zone)s. Choose a later one.") % {"zone": zone}})
    return local.isoformat(timespec="minutes")


def check_quiet(start: time | None, end: time | None) -> tuple[time, time] | None:
    """Let a daily window through, or none.

    Errors: Invalid naming `quiet_from` or `quiet_until`.
    """
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Invalid({"quiet_until" if end is None else "quiet_from": _("Give both ends, or neither.")})
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        raise Invalid({"quiet_until": _("A quiet period that ends when it begins leaves no minute open.")})
    return start, end


def check_expiry(expires_at: datetime | None, kind: StartKind, start_at: str, zone: str, now: datetime) -> None:
    """Let an expiry through that lies ahead, and behind the start.

    Errors: Invalid naming `expires_at`.
    """
    if expires_at is None:
        return
    if expires_at <= now:
        raise Invalid({"expires_at": _("The expiry is past. Choose a later one.")})
    if kind != StartKind.NOW and start_at:
        begins = instant(datetime.fromisoformat(start_at), zone_named(zone, "UTC"))
        if expires_at <= begins:
            raise Invalid({"expires_at": _("The expiry is before the start. Nobody would get it.")})


def check_rate(per_minute: int | None) -> None:
    """Let a rate through that is one, or none.

    Errors: Invalid naming `rate_per_minute`.
    """
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise Invalid({"rate_per_minute": _("Enter a number from 1 to %(most)d.") % {"most": MOST_PER_MINUTE}})


def read_wall_time(raw: str, name: str) -> datetime:
    """Read a wall time without a zone, to the minute.

    Errors: Invalid naming the field.
    """
    text = raw.strip().replace(" ", "T")[:16]
    try:
        local = datetime.fromisoformat(text) if _WALL_TIME.fullmatch(text) else None
    except ValueError:
        local = None
    if local is None or not 2000 <= local.year <= LAST_YEAR:
        raise Invalid({name: _("Write a day and a time such as 2026-12-03 19:00.")})
    return local


def _short(text: str, name: str, most: int) -> str:
    if len(text) > most:
        raise Invalid({name: _("At most %(most)d characters; these are %(are)d.") % {"most": most, "are": len(text)}})
    return text
