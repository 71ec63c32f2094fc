"""What the audit log says was done to campaigns, their approvals and their runs."""

from enum import StrEnum


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
