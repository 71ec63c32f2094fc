"""Campaigns' numbers as charts: the waterfall, wide and narrow, the flight plan, the quiet band."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from campaigns.flight import Flight, Hour
from campaigns.forecast import Known
from campaigns.frozen import Frozen
from campaigns.models import Campaign
from campaigns.states import StartKind
from campaigns.waterfall import Waterfall
from campaigns.when import short_moment
from campaigns.words import REASONS
from connect.core import bands, charts
from connect.core.figures import Band, Plot
from connect.core.figures import Waterfall as Drawing
from connect.core.formats import as_date, number
from connect.core.links import with_query
from connect.core.web import ConsoleRequest, here

#: More columns than this, and only some bear their hour.
NAMED_COLUMNS = 24
Href = Callable[[str], str]


def draw_waterfall(counted: Waterfall, name: str, href: Href, *, narrow: bool = False, left: str = "") -> Drawing:
    """Draw where a conversation's members go; steps that nobody takes are left out. `href` opens a step's people.

    `left` names those who remain; without it they will get the campaign.
    """
    outs = [
        charts.Step(str(REASONS[reason][0]), people, str(REASONS[reason][1]), href(reason.value))
        for reason, people in counted.out.items()
        if people
    ]
    remain = charts.Step(left or _("Will get it"), counted.recipients, href=href(""))
    return charts.waterfall(charts.Step(name, counted.members), outs, remain, narrow=narrow)


def people_href(request: ConsoleRequest, campaign: Campaign) -> Href:
    """Make the function that tells where the people behind a number are."""
    base = here(request, "campaign-people", campaign.public_id)
    return lambda reason: with_query(base, reason=reason) if reason else base


def narrow_waterfall(
    request: ConsoleRequest, campaign: Campaign, frozen: Frozen, known: Known | None
) -> Drawing | None:
    """Draw the waterfall for the right column."""
    if known is None or frozen.speaker is None:
        return None
    return draw_waterfall(known.waterfall, frozen.speaker.name, people_href(request, campaign), narrow=True)


def draw_flight(flight: Flight, zone: str) -> Plot | None:
    """Draw the flight plan by hours on the conversation's clock; one hour alone needs no picture."""
    if len(flight.hours) < 2:
        return None
    local = [hour.at.astimezone(ZoneInfo(zone)) for hour in flight.hours]
    groups = [
        charts.Group(index, as_date(at.date(), weekday=True))
        for index, at in enumerate(local)
        if index == 0 or at.date() != local[index - 1].date()
    ]
    frame = charts.Frame(
        heading=_("Hour"),
        labels=[f"{at:%H}" for at in local],
        names=[f"{as_date(at.date(), weekday=True)} {at:%H:%M}" for at in local],
        groups=groups,
        spans=_quiet_spans(flight.hours),
        notes=_notes(flight.hours),
        every=max(1, -(-len(local) // NAMED_COLUMNS)),
    )
    series = [
        charts.Series(_("May go"), [hour.going for hour in flight.hours], "flow"),
        charts.Series(_("Wait at the end of the hour"), [hour.waiting for hour in flight.hours], "stock"),
        charts.Series(_("Expire"), [hour.expiring for hour in flight.hours], "loss"),
    ]
    return charts.bars(frame, [one for one in series if one.kind == "flow" or any(one.values)])


def draw_quiet(frozen: Frozen) -> Band | None:
    """Draw the quiet period on a day of 24 hours, with the start."""
    quiet = frozen.quiet
    if quiet is None:
        return None
    minutes = (quiet.start.hour * 60 + quiet.start.minute, quiet.end.hour * 60 + quiet.end.minute)
    start = frozen.start.local if frozen.start.kind == StartKind.LOCAL else None
    return bands.band([bands.Quiet(_("Email"), [minutes])], start=start.hour * 60 + start.minute if start else None)


def flight_sentence(flight: Flight, zone: str, now: datetime) -> str:
    """Say the flight plan in one sentence."""
    if not flight.zones:
        return ""
    going = sum(plan.people for plan in flight.zones)
    first, last = flight.zones[0].goes, max(plan.goes for plan in flight.zones)
    words = {"count": number(going), "first": _inside(first, zone, now), "last": _inside(last, zone, now)}
    if first == last:
        return _("%(count)s messages may go from %(first)s on.") % words
    return _("%(count)s messages may go from %(first)s on, the last zone’s from %(last)s.") % words


def _inside(at: datetime, zone: str, now: datetime) -> str:
    return short_moment(at, zone, now, inside=True)


def _quiet_spans(hours: tuple[Hour, ...]) -> list[charts.Span]:
    spans: list[charts.Span] = []
    begins = None
    for index, hour in enumerate((*hours, None)):
        quiet = hour is not None and hour.quiet
        if quiet and begins is None:
            begins = index
        elif not quiet and begins is not None:
            spans.append(charts.Span(begins, index, _("quiet in every zone") if index - begins >= 4 else ""))
            begins = None
    return spans


def _notes(hours: tuple[Hour, ...]) -> list[charts.Note]:
    notes = []
    peak = max(range(len(hours)), key=lambda index: hours[index].going)
    if hours[peak].going:
        notes.append(charts.Note(peak, _("%(count)s may go") % {"count": number(hours[peak].going)}, "flow"))
    waits = max(range(len(hours)), key=lambda index: hours[index].waiting)
    if hours[waits].waiting and abs(waits - peak) > 2:
        notes.append(charts.Note(waits, _("%(count)s wait") % {"count": number(hours[waits].waiting)}, "stock"))
    lost = max(range(len(hours)), key=lambda index: hours[index].expiring)
    if hours[lost].expiring:
        notes.append(charts.Note(lost, _("%(count)s expire") % {"count": number(hours[lost].expiring)}, "loss"))
    return notes
