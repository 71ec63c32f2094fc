"""Numbers, times and sizes as words: by Babel, in the language and the zone that Django has active.

The templates' filters (`connect/core/jinja.py`), the charts and every sentence with a number in it use these.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext, to_locale

Number = int | float

NOTHING = "–"
MINUS = "−"
_BYTES = ("B", "kB", "MB", "GB", "TB")
_PER_STEP = 1000


def current_locale() -> Locale:
    """Tell the locale in which the page is written."""
    return _locale(get_language() or settings.LANGUAGE_CODE)


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(to_locale(settings.LANGUAGE_CODE))


def number(value: Number | None, digits: int | None = None) -> str:
    """Write a number with its group marks; `digits` fixes the places after the point. None is a dash."""
    if value is None:
        return NOTHING
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return _minus(numbers.format_decimal(value, format=pattern, locale=current_locale()))


def signed(value: Number | None, digits: int | None = None) -> str:
    """Write a number with its sign, a real minus included; nought has none."""
    if value is None:
        return NOTHING
    return ("+" if value > 0 else "") + number(value, digits)


def percent(share: Number | None, digits: int = 1) -> str:
    """Write a share of one in percent: 0.359 is 35.9%. None, a share of nothing, is a dash."""
    if share is None:
        return NOTHING
    locale = current_locale()
    places = "0" + ("." + "0" * digits if digits else "")
    pattern = locale.percent_formats[None].pattern.replace("#,##0", "#,##" + places)
    return _minus(numbers.format_percent(share, format=pattern, locale=locale))


def compact(value: Number | None) -> str:
    """Write a number for an axis or a small place: 30K, 1.2M."""
    if value is None:
        return NOTHING
    digits = 1 if value % _PER_STEP and abs(value) < 10 * _PER_STEP else 0
    if abs(value) >= _PER_STEP**2:
        digits = 1
    text = numbers.format_compact_decimal(value, locale=current_locale(), fraction_digits=digits)
    return _minus(text)


def as_datetime(value: datetime | None, zone: str | tzinfo | None = None) -> str:
    """Write an instant with its zone: Thu 3 Dec 2026 19:00 EST."""
    if value is None:
        return NOTHING
    local = _local(value, zone)
    return f"{as_date(local.date(), weekday=True)} {_clock(local)} {_zone_name(local)}"


def as_time(value: datetime | time | None, zone: str | tzinfo | None = None) -> str:
    """Write the time of an instant with its zone, 19:00 EST; of a bare clock time without one."""
    if value is None:
        return NOTHING
    if isinstance(value, time):
        return value.strftime("%H:%M")
    local = _local(value, zone)
    return f"{_clock(local)} {_zone_name(local)}"


def as_date(value: date | datetime | None, zone: str | tzinfo | None = None, *, weekday: bool = False) -> str:
    """Write a day: 3 Dec 2026; with `weekday` Thu 3 Dec 2026."""
    if value is None:
        return NOTHING
    day = _local(value, zone).date() if isinstance(value, datetime) else value
    locale = current_locale()
    skeleton = "yMMMEd" if weekday else "yMMMd"
    text = dates.format_skeleton(skeleton, day, locale=_day_first(locale))
    return text.replace(",", "") if locale.language == "en" else text


def relative(value: datetime | None, now: datetime) -> str:
    """Write how far an instant is from now: 4 minutes ago, in 2 days."""
    if value is None:
        return NOTHING
    return dates.format_timedelta(value - now, add_direction=True, locale=current_locale())


def duration(value: timedelta | float | None) -> str:
    """Write a length of time in its two largest units: 2 h 5 min.

    Units: seconds where it is a number.
    """
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return gettext("%(count)s ms") % {"count": number(round(seconds * 1000))}
    whole = round(seconds)
    parts = [
        (whole // 86400, ngettext("%(count)s day", "%(count)s days", whole // 86400)),
        (whole % 86400 // 3600, gettext("%(count)s h")),
        (whole % 3600 // 60, gettext("%(count)s min")),
        (whole % 60, gettext("%(count)s s")),
    ]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(form % {"count": number(count)} for count, form in parts[first : first + 2] if count)


def size(value: int | None) -> str:
    """Write a number of bytes: 1.4 MB.

    Units: bytes; a kB is a thousand of them.
    """
    if value is None:
        return NOTHING
    amount, step = float(value), 0
    while amount >= _PER_STEP and step < len(_BYTES) - 1:
        amount, step = amount / _PER_STEP, step + 1
    return f"{number(amount, 1 if step and amount < 100 else 0)} {_BYTES[step]}"


def country_name(code: str) -> str:
    """Name a country (ISO 3166) in the page's language; a code that nobody knows stays a code."""
    return str(current_locale().territories.get(code, code))


def zone_name(zone: str) -> str:
    """Write a time zone's id for people: `America/New York`."""
    return zone.replace("_", " ")


def share(part: Number, whole: Number) -> float | None:
    """Divide, where there is something to divide by: a share of nothing is None."""
    return float(part) / float(whole) if whole else None


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _local(value: datetime, zone: str | tzinfo | None) -> datetime:
    where = ZoneInfo(zone) if isinstance(zone, str) else zone or timezone.get_current_timezone()
    aware = value if timezone.is_aware(value) else value.replace(tzinfo=UTC)
    return aware.astimezone(where)


def _clock(local: datetime) -> str:
    return local.strftime("%H:%M")


def _zone_name(local: datetime) -> str:
    """Name the zone as its own people do, and by its distance from UTC where they have no letters for it."""
    name = local.tzname() or "UTC"
    if name[:1] in "+-":
        return "UTC" + _minus(local.isoformat(timespec="minutes")[-6:])
    return name


def _day_first(locale: Locale) -> Locale:
    """Plain English writes the day first, as the console does: 3 Dec 2026."""
    return Locale.parse("en_GB") if str(locale) == "en" else locale
