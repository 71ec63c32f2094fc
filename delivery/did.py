"""What the audit log says was done about delivery."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds of this app."""

    SET_BREAKER_LIMITS = "breakers.limits_set"
    PROPOSED_DOUBT = "doubt.proposed"
    CONFIRMED_DOUBT = "doubt.confirmed"
    REFUSED_DOUBT = "doubt.refused"
    WITHDREW_DOUBT = "doubt.withdrawn"
    RETRIED_RUN = "run.retried"
    FENCED_RUN = "run.fenced"
