"""How far a run has come, as a bar and a sentence."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.figures import Progress, ends_at
from connect.core import charts
from connect.core.figures import Part
from connect.core.figures import Progress as Bar
from connect.core.formats import as_time, number, percent


@dataclass(frozen=True)
class Drawn:
    """A bar whose parts add up to the run's messages, one short line, and one sentence."""

    bar: Bar
    short: str
    sentence: str
    taken: int
    waiting: int
    total: int


def drawn(progress: Progress, now: datetime, zone: str, *, moving: bool = True) -> Drawn:
    """Draw how far a run has come; one that doesn't move has no end in sight."""
    refused = progress.rejected + progress.expired
    left_out = progress.skipped + progress.cancelled
    parts = [
        Part(_("handed over"), progress.accepted, "flow"),
        Part(_("in doubt"), progress.in_doubt, "mark"),
        Part(_("rejected or expired"), refused, "loss"),
        Part(_("skipped or cancelled"), left_out, "away"),
        Part(_("waiting"), progress.waiting, "idle"),
    ]
    taken = progress.accepted + progress.in_doubt
    done = progress.total - progress.waiting
    end = ends_at(progress, now) if moving else None
    words = {
        "done": number(taken),
        "all": number(progress.total),
        "pace": number(progress.last_minute * 60),
        "end": as_time(end, zone) if end else "",
    }
    short = percent(done / progress.total, 0) if progress.total else ""
    if end:
        short = _("%(share)s, ends %(end)s") % {"share": short, "end": words["end"]}
        sentence = _("%(done)s of %(all)s handed over · %(pace)s an hour · ends %(end)s") % words
    else:
        sentence = _("%(done)s of %(all)s handed over") % words
    return Drawn(charts.progress(parts, progress.total), short, sentence, taken, progress.waiting, progress.total)
