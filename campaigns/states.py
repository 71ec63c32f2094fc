"""States of campaigns, runs and approvals, each with its drawn table of moves."""

from collections.abc import Mapping
from enum import StrEnum

from connect.core.states import State


class CampaignState(State):
    """Where a campaign stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    HELD = "held"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ARCHIVED = "archived"

    @classmethod
    def moves(cls) -> "Mapping[CampaignState, frozenset[CampaignState]]":
        """From each state, to which."""
        return {
            cls.DRAFT: frozenset({cls.IN_REVIEW, cls.ARCHIVED}),
            cls.IN_REVIEW: frozenset({cls.DRAFT, cls.APPROVED}),
            cls.APPROVED: frozenset({cls.DRAFT, cls.SCHEDULED}),
            cls.SCHEDULED: frozenset({cls.DRAFT, cls.SENDING, cls.HELD, cls.EXPIRED, cls.CANCELLED}),
            cls.HELD: frozenset({cls.DRAFT, cls.SENDING, cls.EXPIRED, cls.CANCELLED}),
            cls.SENDING: frozenset({cls.PAUSED, cls.FINISHED, cls.CANCELLED}),
            cls.PAUSED: frozenset({cls.SENDING, cls.FINISHED, cls.CANCELLED}),
            cls.FINISHED: frozenset({cls.SENDING, cls.ARCHIVED}),
            cls.CANCELLED: frozenset({cls.ARCHIVED}),
            cls.EXPIRED: frozenset({cls.ARCHIVED, cls.DRAFT}),
            cls.ARCHIVED: frozenset(),
        }


class RunState(State):
    """Where one firing of a campaign stands."""

    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"

    @classmethod
    def moves(cls) -> "Mapping[RunState, frozenset[RunState]]":
        """From each state, to which."""
        return {
            cls.PLANNING: frozenset({cls.SENDING, cls.PAUSED, cls.CANCELLED}),
            cls.SENDING: frozenset({cls.PAUSED, cls.FINISHED, cls.CANCELLED}),
            cls.PAUSED: frozenset({cls.SENDING, cls.PLANNING, cls.CANCELLED}),
            cls.FINISHED: frozenset({cls.SENDING}),
            cls.CANCELLED: frozenset(),
        }


class ApprovalKind(StrEnum):
    """What an approval is about."""

    CONTENT = "content"
    LAUNCH = "launch"


class ApprovalState(State):
    """Where one asked approval stands."""

    ASKED = "asked"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    VOIDED = "voided"
    WITHDRAWN = "withdrawn"

    @classmethod
    def moves(cls) -> "Mapping[ApprovalState, frozenset[ApprovalState]]":
        """From each state, to which."""
        return {
            cls.ASKED: frozenset({cls.APPROVED, cls.CHANGES_REQUESTED, cls.REJECTED, cls.WITHDRAWN, cls.VOIDED}),
            cls.APPROVED: frozenset({cls.VOIDED, cls.WITHDRAWN}),
            cls.CHANGES_REQUESTED: frozenset(),
            cls.REJECTED: frozenset(),
            cls.VOIDED: frozenset(),
            cls.WITHDRAWN: frozenset(),
        }


class StartKind(StrEnum):
    """When a one-time campaign starts."""

    NOW = "now"
    LOCAL = "local"
    FIXED = "fixed"


class ExclusionReason(StrEnum):
    """Why a member of the conversation gets nothing, in the order in which the waterfall asks."""

    NO_CONSENT = "no_consent"
    SUPPRESSED = "suppressed"
    FILTERED = "filtered"
    NO_ADDRESS = "no_address"
    LEFTOVER = "leftover"
    NO_CONTENT = "no_content"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
