"""What the audit log says was done to campaigns, their approvals and their runs."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds of this app. Each is about a campaign's public id, the last two about a filter's."""

    MADE_CAMPAIGN = "campaign.made"
    CHANGED_CAMPAIGN = "campaign.changed"
    COPIED_CAMPAIGN = "campaign.copied"
    ARCHIVED_CAMPAIGN = "campaign.archived"
    ASKED_APPROVAL = "approval.asked"
    TOOK_BACK_REQUEST = "approval.request_taken_back"
    APPROVED = "approval.given"
    REQUESTED_CHANGES = "approval.changes_requested"
    REJECTED = "approval.refused"
    WITHDREW_APPROVAL = "approval.withdrawn"
    VOIDED_APPROVALS = "approval.voided"
    COMMENTED = "campaign.commented"
    LAUNCHED_CAMPAIGN = "campaign.launched"
    HELD_CAMPAIGN = "campaign.held"
    EXPIRED_CAMPAIGN = "campaign.expired"
    STARTED_RUN = "run.started"
    PLANNED_RUN = "run.planned"
    PAUSED_RUN = "run.paused"
    RESUMED_RUN = "run.resumed"
    CANCELLED_CAMPAIGN = "campaign.cancelled"
    FINISHED_RUN = "run.finished"
    REOPENED_RUN = "run.reopened"
    SAVED_FILTER = "filter.saved"
    REMOVED_FILTER = "filter.removed"


WORDS = {
    Did.MADE_CAMPAIGN: _("Made a campaign"),
    Did.CHANGED_CAMPAIGN: _("Changed a campaign"),
    Did.COPIED_CAMPAIGN: _("Copied a campaign"),
    Did.ARCHIVED_CAMPAIGN: _("Archived a campaign"),
    Did.ASKED_APPROVAL: _("Asked for approval"),
    Did.TOOK_BACK_REQUEST: _("Took back a request for approval"),
    Did.APPROVED: _("Approved"),
    Did.REQUESTED_CHANGES: _("Asked for changes"),
    Did.REJECTED: _("Rejected"),
    Did.WITHDREW_APPROVAL: _("Withdrew an approval"),
    Did.VOIDED_APPROVALS: _("Approvals were voided"),
    Did.COMMENTED: _("Wrote in a campaign’s thread"),
    Did.LAUNCHED_CAMPAIGN: _("Launched a campaign"),
    Did.HELD_CAMPAIGN: _("A campaign was held"),
    Did.EXPIRED_CAMPAIGN: _("A campaign expired"),
    Did.STARTED_RUN: _("A run started"),
    Did.PLANNED_RUN: _("A run was planned"),
    Did.PAUSED_RUN: _("Paused a run"),
    Did.RESUMED_RUN: _("Resumed a run"),
    Did.CANCELLED_CAMPAIGN: _("Cancelled a campaign"),
    Did.FINISHED_RUN: _("A run ended"),
    Did.REOPENED_RUN: _("A run sends again"),
    Did.SAVED_FILTER: _("Saved a filter"),
    Did.REMOVED_FILTER: _("Removed a filter"),
}
