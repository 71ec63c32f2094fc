"""States of a message, with their table of moves, and the closed lists of words beside them."""

from collections.abc import Mapping
from enum import StrEnum

from connect.core.states import State


class MessageState(State):
    """Where one message to one recipient stands. Claimed is a queued message whose chunk is leased."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    WRITTEN_OFF = "written_off"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @classmethod
    def moves(cls) -> "Mapping[MessageState, frozenset[MessageState]]":
        """From each state, to which.

        By itself, only a proven refusal leads back to queued, or to expired where no time or try is left. What is in
        doubt goes again only where two people say so, what was refused or put off for too long where one does. A
        restored database doesn't know what left after its backup: queued messages are then in doubt.
        """
        return {
            cls.QUEUED: frozenset({cls.SENDING, cls.SKIPPED, cls.EXPIRED, cls.CANCELLED, cls.IN_DOUBT}),
            cls.SENDING: frozenset({cls.ACCEPTED, cls.REJECTED, cls.IN_DOUBT, cls.QUEUED, cls.EXPIRED}),
            cls.ACCEPTED: frozenset({cls.DELIVERED, cls.BOUNCED}),
            cls.DELIVERED: frozenset({cls.BOUNCED}),
            cls.BOUNCED: frozenset(),
            cls.REJECTED: frozenset({cls.QUEUED}),
            cls.IN_DOUBT: frozenset({cls.ACCEPTED, cls.REJECTED, cls.WRITTEN_OFF, cls.QUEUED}),
            cls.WRITTEN_OFF: frozenset(),
            cls.SKIPPED: frozenset(),
            cls.EXPIRED: frozenset({cls.QUEUED}),
            cls.CANCELLED: frozenset(),
        }


class DoubtVerdict(StrEnum):
    """What two people may say of messages in doubt."""

    WRITE_OFF = "write_off"
    RESEND = "resend"


class ProposalState(State):
    """Where a proposal about messages in doubt stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @classmethod
    def moves(cls) -> "Mapping[ProposalState, frozenset[ProposalState]]":
        """From each state, to which."""
        return {
            cls.PROPOSED: frozenset({cls.CONFIRMED, cls.REFUSED, cls.WITHDRAWN}),
            cls.CONFIRMED: frozenset(),
            cls.REFUSED: frozenset(),
            cls.WITHDRAWN: frozenset(),
        }


class DoubtReason(StrEnum):
    """Why a message is in doubt, where its reply doesn't say it."""

    RESTORE = "restore"


class MessageKind(StrEnum):
    """What a message is for. Only main ones count in reports."""

    MAIN = "main"
    SEED = "seed"


class SkipReason(StrEnum):
    """Why the last check let a message go no further."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    BAD_ADDRESS = "bad_address"
    BAD_HEADER = "bad_header"
    CANNOT_RENDER = "cannot_render"


class PaceKind(StrEnum):
    """What has a pace of its own."""

    DOMAIN = "domain"
    RUN = "run"
    CONVERSATION = "conversation"


class RejectReason(StrEnum):
    """Why it was rejected, where that says something about the address: first found, then acted upon."""

    NO_MAILBOX = "no_mailbox"
    BOUNCED_OUT = "bounced_out"


class ExpiryReason(StrEnum):
    """Why a message's time ran out: nobody got to it, or the receiving side put it off for too long."""

    TOO_LATE = "too_late"
    DEFERRED = "deferred"


class EventKind(StrEnum):
    """What came back about a message."""

    DEFERRED = "deferred"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"


class TlsMode(StrEnum):
    """How a connection to a relay is secured.

    Opportunistic: where offered, whoever the certificate speaks for. Required: by STARTTLS, with a certificate that
    holds for the relay's name. Implicit: the same, from the first octet on.
    """

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"
    IMPLICIT = "implicit"
