"""The words in which pages speak of this app's closed lists."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from delivery.breakers import Sign
from delivery.states import EventKind, ExpiryReason, RejectReason, SkipReason

#: Kind of an event → what happened, the icon before it, its tone.
EVENTS = {
    EventKind.DEFERRED: (_("Put off by the receiving side"), "clock", "warn"),
    EventKind.BOUNCED: (_("Bounced: the mailbox doesn’t exist"), "arrow-uturn-left", "bad"),
    EventKind.OPENED: (_("Opened"), "envelope-open", "good"),
    EventKind.CLICKED: (_("Clicked a link"), "cursor-arrow-rays", "good"),
    EventKind.UNSUBSCRIBED: (_("Unsubscribed"), "arrow-right-start-on-rectangle", "warn"),
    EventKind.COMPLAINED: (_("Complained"), "hand-raised", "bad"),
}

#: Why a message ended as it did.
REASONS = {
    SkipReason.SUPPRESSED: _("suppressed after it was planned"),
    SkipReason.UNSUBSCRIBED: _("unsubscribed after it was planned"),
    SkipReason.BAD_ADDRESS: _("the address can’t be mailed to"),
    SkipReason.BAD_HEADER: _("its subject holds what no header may"),
    SkipReason.CANNOT_RENDER: _("its content couldn’t be filled in"),
    RejectReason.NO_MAILBOX: _("the mailbox doesn’t exist"),
    RejectReason.BOUNCED_OUT: _("the mailbox doesn’t exist; suppressed"),
    ExpiryReason.TOO_LATE: _("its time was over"),
    ExpiryReason.DEFERRED: _("put off too often"),
}

#: What may stop a run by itself.
SIGNS = {
    Sign.HARD_BOUNCES: _("Hard bounces"),
    Sign.COMPLAINTS: _("Complaints"),
    Sign.UNSUBSCRIBES: _("Unsubscribes"),
    Sign.REFUSALS: _("Refusals"),
}

#: What marks a hit as a machine's.
MACHINES = {
    "head": pgettext_lazy("machine", "asked for the head only"),
    "prefetch": pgettext_lazy("machine", "fetched beforehand"),
    "scanner": pgettext_lazy("machine", "a mail scanner"),
    "preview": pgettext_lazy("machine", "a link preview"),
    "bot": pgettext_lazy("machine", "a robot"),
    "apple_privacy": pgettext_lazy("machine", "Apple’s privacy proxy"),
    "no_agent": pgettext_lazy("machine", "a client without a name"),
}
