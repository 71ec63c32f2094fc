"""The words in which pages and reasons speak of this app's closed lists."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.did import Did
from campaigns.states import ApprovalKind, CampaignState, ExclusionReason, StartKind

STATE_NAMES = {
    CampaignState.DRAFT: pgettext_lazy("campaign state", "Draft"),
    CampaignState.IN_REVIEW: pgettext_lazy("campaign state", "In review"),
    CampaignState.APPROVED: pgettext_lazy("campaign state", "Approved"),
    CampaignState.SCHEDULED: pgettext_lazy("campaign state", "Scheduled"),
    CampaignState.HELD: pgettext_lazy("campaign state", "Held"),
    CampaignState.SENDING: pgettext_lazy("campaign state", "Sending"),
    CampaignState.PAUSED: pgettext_lazy("campaign state", "Paused"),
    CampaignState.FINISHED: pgettext_lazy("campaign state", "Done"),
    CampaignState.CANCELLED: pgettext_lazy("campaign state", "Cancelled"),
    CampaignState.EXPIRED: pgettext_lazy("campaign state", "Expired"),
    CampaignState.ARCHIVED: pgettext_lazy("campaign state", "Archived"),
}

PART_NAMES = {
    "conversation": _("sender"),
    "audience": _("audience"),
    "segments": _("segments"),
    "content": _("content"),
    "seeds": _("seeds"),
    "start": _("start"),
    "quiet": _("quiet period"),
    "expiry": _("expiry"),
    "rate": _("rate"),
    "channels": _("channels"),
}

KIND_NAMES = {
    ApprovalKind.CONTENT: pgettext_lazy("approval", "Content"),
    ApprovalKind.LAUNCH: pgettext_lazy("approval", "Launch"),
}

START_NAMES = {
    StartKind.NOW: _("As soon as approved"),
    StartKind.LOCAL: _("Each recipient’s clock"),
    StartKind.FIXED: _("One zone for all"),
}

#: What a step of the waterfall is called, and why people go there.
REASONS = {
    ExclusionReason.NO_CONSENT: (_("No consent"), _("No email subscription, or not confirmed")),
    ExclusionReason.SUPPRESSED: (_("Suppressed"), _("On a suppression list in force")),
    ExclusionReason.FILTERED: (_("Not in audience"), _("The audience model leaves them out")),
    ExclusionReason.NO_ADDRESS: (_("No address"), _("No email address is known")),
    ExclusionReason.LEFTOVER: (_("Leftovers"), _("Match no segment; leftovers get nothing")),
    ExclusionReason.NO_CONTENT: (_("No content"), _("Nothing in their language, nor in the campaign’s")),
    ExclusionReason.EXPIRED: (_("Too late"), _("Their turn comes after the expiry")),
    ExclusionReason.DUPLICATE: (_("Same address"), _("One message for one address")),
}

#: The audit log's verbs, as a campaign's history says them.
DEEDS = {
    Did.MADE_CAMPAIGN.value: _("Made the campaign"),
    Did.CHANGED_CAMPAIGN.value: _("Changed it"),
    Did.COPIED_CAMPAIGN.value: _("Copied it from another"),
    Did.ARCHIVED_CAMPAIGN.value: _("Archived it"),
    Did.ASKED_APPROVAL.value: _("Asked for approval"),
    Did.TOOK_BACK_REQUEST.value: _("Took the request back"),
    Did.APPROVED.value: _("Approved"),
    Did.REQUESTED_CHANGES.value: _("Asked for changes"),
    Did.REJECTED.value: _("Rejected"),
    Did.WITHDREW_APPROVAL.value: _("Withdrew an approval"),
    Did.VOIDED_APPROVALS.value: _("Approvals were voided"),
    Did.COMMENTED.value: _("Wrote in the thread"),
    Did.LAUNCHED_CAMPAIGN.value: _("Launched it"),
    Did.HELD_CAMPAIGN.value: _("It was held"),
    Did.EXPIRED_CAMPAIGN.value: _("It expired"),
    Did.STARTED_RUN.value: _("The run started"),
    Did.PLANNED_RUN.value: _("Planning ended"),
    Did.PAUSED_RUN.value: _("Paused"),
    Did.RESUMED_RUN.value: _("Resumed"),
    Did.CANCELLED_CAMPAIGN.value: _("Cancelled"),
    Did.FINISHED_RUN.value: _("The run ended"),
    Did.REOPENED_RUN.value: _("It sends again"),
}

DEED_ICONS = {
    Did.MADE_CAMPAIGN.value: "flag",
    Did.CHANGED_CAMPAIGN.value: "pencil",
    Did.COPIED_CAMPAIGN.value: "document-duplicate",
    Did.ARCHIVED_CAMPAIGN.value: "archive-box",
    Did.ASKED_APPROVAL.value: "chat-bubble-left",
    Did.APPROVED.value: "check-circle",
    Did.REQUESTED_CHANGES.value: "pencil",
    Did.REJECTED.value: "x-circle",
    Did.WITHDREW_APPROVAL.value: "arrow-uturn-left",
    Did.VOIDED_APPROVALS.value: "void",
    Did.COMMENTED.value: "chat-bubble-left",
    Did.LAUNCHED_CAMPAIGN.value: "paper-airplane",
    Did.HELD_CAMPAIGN.value: "hand-raised",
    Did.STARTED_RUN.value: "going",
    Did.PAUSED_RUN.value: "pause",
    Did.RESUMED_RUN.value: "going",
    Did.CANCELLED_CAMPAIGN.value: "x-circle",
    Did.FINISHED_RUN.value: "check-circle",
    Did.REOPENED_RUN.value: "going",
}
