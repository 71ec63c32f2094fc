"""The report's charts: numbers of `report.py` in, drawings of `connect.core.charts` out."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from connect.core import charts
from connect.core.charts import Frame, Group, Series, Step
from connect.core.figures import Part, Plot, Progress, Waterfall
from connect.core.formats import as_date, as_datetime, as_time
from reports.queries import TAKEN, HourCount, StateCount
from reports.report import Overview

HOUR = timedelta(hours=1)
FEWEST_HOURS = 12


def waterfall(report: Overview, people_url: str) -> Waterfall:
    """Draw where the members of the conversation went; each number opens its people."""
    outs = [
        Step(step.label, step.out, step.why, f"{people_url}?{step.query}" if step.query else "")
        for step in report.waterfall
    ]
    return charts.waterfall(
        Step(_("Members"), report.run.members),
        outs,
        Step(_("Recipients"), report.run.recipients, "", people_url),
    )


def hours(counted: Sequence[HourCount]) -> Plot | None:
    """Draw handed over messages, first opens and first clicks by the hour, quiet hours included. None without any."""
    if not counted:
        return None
    first = counted[0].hour
    count = max(round((counted[-1].hour - first) / HOUR) + 1, FEWEST_HOURS)
    times = [first + HOUR * index for index in range(count)]
    by_hour = {one.hour: one for one in counted}
    local = [timezone.localtime(at) for at in times]
    frame = Frame(
        heading=_("Hour"),
        labels=[f"{at:%H}" for at in local],
        names=[as_datetime(at) for at in times],
        groups=[Group(index, as_date(at)) for index, at in enumerate(local) if index == 0 or at.hour == 0],
        every=max(count // 12, 1),
    )

    def row(read: Callable[[HourCount], int]) -> list[int]:
        return [read(by_hour[at]) if at in by_hour else 0 for at in times]

    return charts.lines(
        frame,
        [
            Series(_("Handed over"), row(lambda one: one.handed_over), "first"),
            Series(_("Opened"), row(lambda one: one.opened), "second"),
            Series(_("Clicked"), row(lambda one: one.clicked), "usual"),
        ],
    )


#: Which states stand together in the bar, and in which colour.
KINDS = {"flow": frozenset(TAKEN), "stock": frozenset({"queued", "sending"})}


def progress(states: Sequence[StateCount], planned: int) -> Progress:
    """Draw how much of a run is handed over, waits, or ended otherwise."""
    sums = {kind: sum(one.count for one in states if one.state in names) for kind, names in KINDS.items()}
    ended = planned - sum(sums.values())
    return charts.progress(
        [
            Part(_("handed over"), sums["flow"], "flow"),
            Part(_("waiting"), sums["stock"], "stock"),
            Part(_("ended otherwise"), ended, "away"),
        ],
        planned,
    )


def rate_sentence(report: Overview, *, now: datetime) -> str:
    """Say how fast it went, or goes, and when it ended."""
    end = report.run.finished_at or now
    seconds = max((end - report.run.started_at).total_seconds(), 1)
    speed = round(report.totals.handed_over / seconds)
    if report.run.finished_at:
        return _("%(speed)s a second on average, ended %(when)s") % {"speed": speed, "when": as_time(end)}
    return _("%(speed)s a second on average so far") % {"speed": speed}
