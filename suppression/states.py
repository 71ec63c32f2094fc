"""The closed lists of words that suppression uses."""

from enum import StrEnum


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
