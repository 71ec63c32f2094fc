"""Values of declared attributes and preferences: what was typed becomes the JSON that is stored, or is refused.

Shape: text and choices are strings, numbers and booleans are JSON's own, a day is `2026-03-02`, an instant is in UTC,
`2026-03-02T09:00:00Z`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from conversations.addresses import check_storable, shown
from conversations.models import Attribute
from conversations.states import AttributeType

Value = str | int | float | bool
Read = Callable[[str], Value]

TEXT_CHARACTERS = 10_000
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
#: Written with points, a day comes first everywhere; with slashes it depends on the country, so those are refused.
DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EARLIEST_YEAR = 1800
YES = frozenset({"true", "yes", "y", "1", "on", "ja", "oui", "vrai", "wahr", "x"})
NO = frozenset({"false", "no", "n", "0", "off", "nein", "non", "faux", "falsch"})


def reader_of(attribute: Attribute, zone: str) -> Read:
    """Make the reader of one attribute's values. `zone` is the clock of instants written without one.

    Errors: the reader raises Invalid naming `""`.
    """
    kind = AttributeType(attribute.type)
    if kind is AttributeType.CHOICE:
        return _choice_reader(attribute.choices)
    if kind is AttributeType.DATETIME:
        where = ZoneInfo(zone)
        return lambda raw: _read_instant(raw, where)
    return _READERS[kind]


def _refuse(raw: str, wants: str) -> Invalid:
    return Invalid({"": _("“%(value)s” isn't %(wants)s.") % {"value": shown(raw, 60), "wants": wants}})


def _read_text(raw: str) -> str:
    if len(raw) > TEXT_CHARACTERS:
        raise Invalid({"": _("At most %(most)d characters.") % {"most": TEXT_CHARACTERS}})
    return check_storable(raw)


def _read_number(raw: str) -> int | float:
    if not NUMBER.fullmatch(raw):
        raise _refuse(raw, _("a number such as 1250 or 12.5"))
    return float(raw) if "." in raw else int(raw)


def _read_boolean(raw: str) -> bool:
    word = raw.lower()
    if word not in YES and word not in NO:
        raise _refuse(raw, _("yes or no"))
    return word in YES


def _read_day(raw: str) -> str:
    try:
        day_first = DAY_FIRST.fullmatch(raw)
        if day_first:
            day, month, year = map(int, day_first.groups())
            found = date(year, month, day)
        elif ISO_DAY.fullmatch(raw):
            found = date.fromisoformat(raw)
        else:
            raise _refuse(raw, _("a day such as 2026-03-02"))
    except ValueError as error:
        raise _refuse(raw, _("a day that exists")) from error
    if found.year < EARLIEST_YEAR:
        raise _refuse(raw, _("a day after 1800"))
    return found.isoformat()


def _read_instant(raw: str, zone: tzinfo) -> str:
    try:
        found = datetime.fromisoformat(raw)
    except ValueError as error:
        raise _refuse(raw, _("a time such as 2026-03-02 09:00")) from error
    if found.year < EARLIEST_YEAR:
        raise _refuse(raw, _("a time after 1800"))
    try:
        at = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise _refuse(raw, _("a time such as 2026-03-02 09:00")) from error
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _choice_reader(choices: list[str]) -> Read:
    known = {choice.casefold(): choice for choice in choices}
    some = ", ".join(choices[:5]) + ("…" if len(choices) > 5 else "")

    def read(raw: str) -> str:
        found = known.get(raw.casefold())
        if found is None:
            raise _refuse(raw, _("one of %(choices)s") % {"choices": some})
        return found

    return read


_READERS: Mapping[AttributeType, Read] = {
    AttributeType.TEXT: _read_text,
    AttributeType.NUMBER: _read_number,
    AttributeType.BOOLEAN: _read_boolean,
    AttributeType.DATE: _read_day,
}
