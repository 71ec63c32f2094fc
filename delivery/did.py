"""What the audit log says was done about delivery."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds of this app."""

    SET_BREAKER_LIMITS = "breakers.limits_set"
