"""What the audit log says was done with content."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds about message content."""

    MADE_CONTENT = "content.made"
    RENAMED_CONTENT = "content.renamed"
    SAVED_REVISION = "content.revision_saved"
    COPIED_CONTENT = "content.copied"
    ARCHIVED_CONTENT = "content.archived"
    RESTORED_CONTENT = "content.restored"
    REFUSED_DRAFT = "content.draft_refused"


WORDS = {
    Did.MADE_CONTENT: _("Made content"),
    Did.RENAMED_CONTENT: _("Renamed content"),
    Did.SAVED_REVISION: _("Saved a revision"),
    Did.COPIED_CONTENT: _("Copied content"),
    Did.ARCHIVED_CONTENT: _("Archived content"),
    Did.RESTORED_CONTENT: _("Restored content"),
    Did.REFUSED_DRAFT: _("A broken draft was refused"),
}
