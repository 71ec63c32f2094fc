"""When a campaign goes, in words, and by which clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale, dates
from django.utils.translation import gettext as _

from campaigns.frozen import Frozen, Start
from campaigns.states import StartKind
from connect.core.formats import as_date, as_datetime, current_locale, number, zone_name


def wall_time(local: datetime) -> str:
    """Write a wall time: Thu 3 Dec 2026 19:00."""
    return f"{as_date(local.date(), weekday=True)} {local:%H:%M}"


def short_moment(at: datetime, zone: str, now: datetime, *, inside: bool = False) -> str:
    """Write an instant for a list, on a zone's clock: Today 07:00, Thu 26 Nov 09:00; another year is named.

    `inside` a sentence, today begins with a small letter.
    """
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if inside and local.date() == today:
        return _("today %(time)s") % {"time": f"{local:%H:%M}"}
    return _short(local, today)


def _short(local: datetime, today: date) -> str:
    if local.date() == today:
        return _("Today %(time)s") % {"time": f"{local:%H:%M}"}
    if local.year != today.year:
        return wall_time(local)
    locale = current_locale()
    day = dates.format_skeleton("MMMEd", local.date(), locale=Locale.parse("en_GB") if str(locale) == "en" else locale)
    return f"{day} {local:%H:%M}"


def start_words(start: Start, zone: str, now: datetime | None = None) -> tuple[str, str]:
    """Say when it starts, and on whose clock; in short, seen from `now`, where that is given."""
    if start.kind == StartKind.NOW or start.local is None:
        return (_("As soon as approved") if start.kind == StartKind.NOW else _("No date yet")), ""
    when = _short(start.local, now.astimezone(ZoneInfo(zone)).date()) if now else wall_time(start.local)
    if start.kind == StartKind.LOCAL:
        return when, _("each recipient’s clock")
    return when, zone_name(zone)


def start_sentence(frozen: Frozen) -> str:
    """Say it in one piece: on Thu 3 Dec 2026 19:00, each recipient’s clock."""
    when, whose = start_words(frozen.start, frozen.speaker.zone if frozen.speaker else "UTC")
    return f"{when}, {whose}" if whose else when


def quiet_words(frozen: Frozen) -> str:
    """Say the quiet period: 21:00 to 08:00 in the recipient’s day."""
    if frozen.quiet is None:
        return _("None")
    times = {"start": f"{frozen.quiet.start:%H:%M}", "end": f"{frozen.quiet.end:%H:%M}"}
    return _("%(start)s to %(end)s, each recipient’s clock") % times


def rate_words(per_minute: int | None) -> str:
    """Say how fast it goes."""
    if per_minute is None:
        return _("As fast as receivers take it")
    return _("%(count)s messages a minute") % {"count": number(per_minute)}


def expiry_words(frozen: Frozen) -> str:
    """Say when it gives up."""
    return (
        as_datetime(frozen.expires_at, frozen.speaker.zone if frozen.speaker else "UTC")
        if frozen.expires_at
        else _("Never")
    )
