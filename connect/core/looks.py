"""How each state looks: its word, its glyph and its tone, by family; the macros `state` and `state_badge` ask here.

A message is never called sent: it is handed over, then delivered.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Look(NamedTuple):
    """A state's word, the icon before it, and its tone: "", info, good, warn or bad."""

    word: str | Promise
    icon: str = "ring"
    tone: str = ""


CAMPAIGN = {
    "draft": Look(_("Draft"), "draft"),
    "in_review": Look(_("In review"), "half", "warn"),
    "approved": Look(_("Approved"), "check-circle", "good"),
    "scheduled": Look(_("Scheduled"), "clock"),
    "held": Look(_("Held"), "hand-raised", "warn"),
    "active": Look(_("Live"), "going", "info"),
    "sending": Look(_("Sending"), "going", "info"),
    "paused": Look(_("Paused"), "pause", "warn"),
    "finished": Look(_("Done"), "check-circle", "good"),
    "cancelled": Look(_("Cancelled"), "x-circle"),
    "expired": Look(_("Expired"), "clock", "bad"),
    "archived": Look(_("Archived"), "archive-box"),
}

RUN = {
    "planning": Look(_("Planning"), "half", "info"),
    "holding": Look(_("Holding"), "hand-raised", "warn"),
    "sending": CAMPAIGN["sending"],
    "paused": CAMPAIGN["paused"],
    "finished": CAMPAIGN["finished"],
    "cancelled": CAMPAIGN["cancelled"],
    "missed": Look(_("Missed"), "exclamation-triangle", "bad"),
}

MESSAGE = {
    "queued": Look(pgettext_lazy("message", "Waiting"), "clock"),
    "claimed": Look(pgettext_lazy("message", "Next in line"), "half"),
    "sending": Look(pgettext_lazy("message", "Being handed over"), "going", "info"),
    "accepted": Look(pgettext_lazy("message", "Handed over"), "paper-airplane", "info"),
    "delivered": Look(pgettext_lazy("message", "Delivered"), "check-circle", "good"),
    "bounced": Look(pgettext_lazy("message", "Bounced"), "arrow-uturn-left", "bad"),
    "rejected": Look(pgettext_lazy("message", "Rejected"), "x-circle", "bad"),
    "in_doubt": Look(pgettext_lazy("message", "In doubt"), "doubt", "warn"),
    "written_off": Look(pgettext_lazy("message", "Written off"), "void"),
    "skipped": Look(pgettext_lazy("message", "Skipped"), "void"),
    "expired": Look(pgettext_lazy("message", "Expired"), "clock", "bad"),
    "cancelled": Look(pgettext_lazy("message", "Cancelled"), "x-circle"),
}

APPROVAL = {
    "none": Look(_("Not asked")),
    "asked": Look(_("Asked"), "half", "warn"),
    "approved": Look(_("Approved"), "check", "good"),
    "changes_requested": Look(_("Changes requested"), "pencil", "warn"),
    "rejected": Look(_("Rejected"), "x-mark", "bad"),
    "voided": Look(_("Voided"), "void", "warn"),
    "withdrawn": Look(_("Withdrawn"), "arrow-uturn-left", "warn"),
}

IMPORT = {
    "uploaded": Look(pgettext_lazy("import", "Uploaded"), "arrow-up-tray"),
    "mapping": Look(pgettext_lazy("import", "Columns to choose"), "half", "warn"),
    "checking": Look(pgettext_lazy("import", "Checking"), "half", "info"),
    "checked": Look(pgettext_lazy("import", "Checked, nothing stored"), "half", "warn"),
    "importing": Look(pgettext_lazy("import", "Importing"), "going", "info"),
    "finished": Look(pgettext_lazy("import", "Done"), "check-circle", "good"),
    "failed": Look(pgettext_lazy("import", "Failed"), "x-circle", "bad"),
    "cancelled": Look(pgettext_lazy("import", "Cancelled"), "x-circle"),
}

SUBSCRIPTION = {
    "pending": Look(pgettext_lazy("subscription", "Pending"), "half", "warn"),
    "subscribed": Look(pgettext_lazy("subscription", "Subscribed"), "check-circle", "good"),
    "unsubscribed": Look(pgettext_lazy("subscription", "Unsubscribed"), "void"),
    "bounced_out": Look(pgettext_lazy("subscription", "Bounced out"), "arrow-uturn-left", "bad"),
}

DNS = {
    "unchecked": Look(pgettext_lazy("DNS", "Not checked"), "draft"),
    "published": Look(pgettext_lazy("DNS", "Published"), "check-circle", "good"),
    "different": Look(pgettext_lazy("DNS", "Different"), "exclamation-triangle", "warn"),
    "missing": Look(pgettext_lazy("DNS", "Missing"), "x-circle", "bad"),
    "unreachable": Look(pgettext_lazy("DNS", "No answer"), "doubt", "warn"),
}

STEP = {
    "empty": Look(pgettext_lazy("step", "Empty"), "ring"),
    "incomplete": Look(pgettext_lazy("step", "Incomplete"), "half", "warn"),
    "ready": Look(pgettext_lazy("step", "Ready"), "check", "good"),
    "voided": Look(pgettext_lazy("step", "Voided"), "void", "warn"),
}

CELL = {
    "draft": Look(pgettext_lazy("content", "Draft"), "draft"),
    "ready": Look(pgettext_lazy("content", "Ready"), "check"),
    "changed": Look(pgettext_lazy("content", "Changed"), "pencil", "warn"),
    "approved": APPROVAL["approved"],
    "voided": APPROVAL["voided"],
    "asked": APPROVAL["asked"],
}

FAMILIES: Mapping[str, Mapping[str, Look]] = {
    "campaign": CAMPAIGN,
    "run": RUN,
    "message": MESSAGE,
    "approval": APPROVAL,
    "import": IMPORT,
    "subscription": SUBSCRIPTION,
    "dns": DNS,
    "step": STEP,
    "cell": CELL,
}


def look(key: str, family: str = "campaign") -> Look:
    """Tell how a state looks; one that nobody drew shows its own name.

    Errors: KeyError for a family that doesn't exist.
    """
    return FAMILIES[family].get(str(key)) or Look(str(key).replace("_", " ").capitalize(), "ring")
