"""The words in which pages speak of this app's closed lists."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from delivery.breakers import Sign
from delivery.states import (
    DoubtReason,
    DoubtVerdict,
    EventKind,
    ExpiryReason,
    ProposalState,
    RejectReason,
    SkipReason,
    TlsMode,
)

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
    DoubtReason.RESTORE: _("the database was restored from a backup"),
}

#: What may be proposed about messages in doubt.
VERDICTS = {DoubtVerdict.WRITE_OFF: _("Write off"), DoubtVerdict.RESEND: _("Hand over again")}
#: What became of a proposal: its word, icon and tone.
DECISIONS = {
    ProposalState.CONFIRMED: (_("Confirmed"), "check", "good"),
    ProposalState.REFUSED: (_("Refused"), "x-mark", "bad"),
    ProposalState.WITHDRAWN: (_("Taken back"), "arrow-uturn-left", ""),
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

#: How a relay is talked to; the ones that check come first.
TLS_MODES = {
    TlsMode.REQUIRED: _("Required, by STARTTLS. The certificate must hold for the host."),
    TlsMode.IMPLICIT: _("Required, from the first octet on. The certificate must hold for the host."),
    TlsMode.OPPORTUNISTIC: _("Where it is offered, whatever the certificate says. No login."),
    TlsMode.NONE: _("None. No login."),
}
#: The same in a word or two.
TLS_WORDS = {
    TlsMode.REQUIRED: _("STARTTLS, checked"),
    TlsMode.IMPLICIT: _("TLS, checked"),
    TlsMode.OPPORTUNISTIC: _("STARTTLS if offered"),
    TlsMode.NONE: _("No TLS"),
}

#: Receivers by their lane; any other lane is a domain, and stands for itself.
LANES = {"": _("All other domains"), "google": "Google", "microsoft": "Microsoft", "yahoo": "Yahoo", "apple": "Apple"}
