"""States of a subscription and of an import, with their tables of moves."""

from collections.abc import Mapping
from enum import StrEnum

from connect.core.states import State


class Channel(StrEnum):
    """How a customer is reached."""

    EMAIL = "email"


class SubscriptionState(State):
    """Whether a customer wants to hear from a conversation on a channel."""

    PENDING = "pending"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED_OUT = "bounced_out"

    @classmethod
    def moves(cls) -> "Mapping[SubscriptionState, frozenset[SubscriptionState]]":
        """From each state, to which. Back from unsubscribed leads only the customer's own act, never an import."""
        return {
            cls.PENDING: frozenset({cls.SUBSCRIBED, cls.UNSUBSCRIBED, cls.BOUNCED_OUT}),
            cls.SUBSCRIBED: frozenset({cls.UNSUBSCRIBED, cls.BOUNCED_OUT}),
            cls.UNSUBSCRIBED: frozenset({cls.PENDING, cls.SUBSCRIBED}),
            cls.BOUNCED_OUT: frozenset({cls.PENDING, cls.SUBSCRIBED, cls.UNSUBSCRIBED}),
        }


class ImportState(State):
    """Where a customer file stands."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    FINISHED = "finished"
    FAILED = "failed"

    @classmethod
    def moves(cls) -> "Mapping[ImportState, frozenset[ImportState]]":
        """From each state, to which. A check is the dry run; it may be repeated with another mapping."""
        return {
            cls.UPLOADED: frozenset({cls.CHECKING, cls.IMPORTING, cls.FAILED}),
            cls.CHECKING: frozenset({cls.CHECKED, cls.FAILED}),
            cls.CHECKED: frozenset({cls.CHECKING, cls.IMPORTING, cls.FAILED}),
            cls.IMPORTING: frozenset({cls.FINISHED, cls.FAILED}),
            cls.FINISHED: frozenset(),
            cls.FAILED: frozenset({cls.CHECKING, cls.IMPORTING}),
        }


class AttributeKind(StrEnum):
    """What a declared field of a customer is."""

    ATTRIBUTE = "attribute"
    INTEREST = "interest"
    PREFERENCE = "preference"


class AttributeType(StrEnum):
    """The type of a declared attribute's or preference's value."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"


class DkimAlgorithm(StrEnum):
    """How a DKIM key signs."""

    RSA = "rsa-sha256"
    ED25519 = "ed25519-sha256"


class DnsState(StrEnum):
    """What a look into DNS found where a key's record should be. Unreachable says nothing about the record."""

    UNCHECKED = "unchecked"
    PUBLISHED = "published"
    DIFFERENT = "different"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
