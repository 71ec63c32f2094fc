"""The closed lists of words that suppression uses."""

from collections.abc import Mapping
from enum import StrEnum

from connect.core.states import State


class Scope(StrEnum):
    """Whom a list protects: every conversation of the tenant, or those it is applied to."""

    TENANT = "tenant"
    CONVERSATIONS = "conversations"


class EntryKind(StrEnum):
    """What an entry names."""

    EMAIL = "email"
    DOMAIN = "domain"
    SHA256 = "sha256"
    MD5 = "md5"


class Reason(StrEnum):
    """Why an address is suppressed."""

    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"
    LEGAL = "legal"
    IMPORT = "import"


class ImportState(State):
    """Where a file stands that is imported in the background."""

    IMPORTING = "importing"
    FINISHED = "finished"
    FAILED = "failed"

    @classmethod
    def moves(cls) -> "Mapping[ImportState, frozenset[ImportState]]":
        """From each state, to which. What failed is uploaded again; nothing comes in twice."""
        return {
            cls.IMPORTING: frozenset({cls.FINISHED, cls.FAILED}),
            cls.FINISHED: frozenset(),
            cls.FAILED: frozenset(),
        }
