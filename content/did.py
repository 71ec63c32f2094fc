"""What the audit log says was done with content."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds about message content."""

    MADE_CONTENT = "content.made"
    RENAMED_CONTENT = "content.renamed"
    SAVED_REVISION = "content.revision_saved"
    COPIED_CONTENT = "content.copied"
    ARCHIVED_CONTENT = "content.archived"
    RESTORED_CONTENT = "content.restored"
    REFUSED_DRAFT = "content.draft_refused"
