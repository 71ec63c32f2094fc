"""What the audit log says was done about delivery."""

from enum import StrEnum


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
