"""What the audit log says was done about delivery."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds of this app."""

    PACED_RECEIVER = "pace.receiver_set"
    PACED_CONVERSATION = "pace.conversation_set"
    ENDED_PAUSE = "pace.pause_ended"
    SET_BREAKER_LIMITS = "breakers.limits_set"
    PROPOSED_DOUBT = "doubt.proposed"
    CONFIRMED_DOUBT = "doubt.confirmed"
    REFUSED_DOUBT = "doubt.refused"
    WITHDREW_DOUBT = "doubt.withdrawn"
    RETRIED_RUN = "run.retried"
    FENCED_RUN = "run.fenced"
    ADDED_RELAY = "relay.added"
    CHANGED_RELAY = "relay.changed"
    REMOVED_RELAY = "relay.removed"
    TRIED_RELAY = "relay.trial_asked"


WORDS = {
    Did.PACED_RECEIVER: _("Set a receiver’s pace"),
    Did.PACED_CONVERSATION: _("Set a conversation’s pace"),
    Did.ENDED_PAUSE: _("Ended a receiver’s pause"),
    Did.SET_BREAKER_LIMITS: _("Set the breakers’ limits"),
    Did.PROPOSED_DOUBT: _("Proposed how to end doubt"),
    Did.CONFIRMED_DOUBT: _("Confirmed how to end doubt"),
    Did.REFUSED_DOUBT: _("Refused a proposal about doubt"),
    Did.WITHDREW_DOUBT: _("Withdrew a proposal about doubt"),
    Did.RETRIED_RUN: _("Retried the failed of a run"),
    Did.FENCED_RUN: _("A run was fenced after a restore"),
    Did.ADDED_RELAY: _("Added a relay"),
    Did.CHANGED_RELAY: _("Changed a relay"),
    Did.REMOVED_RELAY: _("Removed a relay"),
    Did.TRIED_RELAY: _("Tried a relay"),
}
