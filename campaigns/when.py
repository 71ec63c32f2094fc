"""When a campaign goes, in words, and by which clock."""

from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.frozen import Frozen, Start
from campaigns.states import StartKind
from connect.core.formats import as_date, as_datetime


def wall_time(local: datetime) -> str:
    """Write a wall time: Thu 3 Dec 2026 19:00."""
    return f"{as_date(local.date(), weekday=True)} {local:%H:%M}"


def start_words(start: Start, zone: str) -> tuple[str, str]:
    """Say when it starts, and on whose clock."""
    if start.kind == StartKind.NOW or start.local is None:
        return (_("As soon as approved") if start.kind == StartKind.NOW else _("No date yet")), ""
    if start.kind == StartKind.LOCAL:
        return wall_time(start.local), _("each recipient’s clock")
    return wall_time(start.local), zone.replace("_", " ")


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


def expiry_words(frozen: Frozen) -> str:
    """Say when it gives up."""
    return (
        as_datetime(frozen.expires_at, frozen.speaker.zone if frozen.speaker else "UTC")
        if frozen.expires_at
        else _("Never")
    )
