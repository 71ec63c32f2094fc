"""What the audit log says was done to segmentation models."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds of this app."""

    MADE_SEGMENTATION = "segmentation.made"
    CHANGED_SEGMENTATION = "segmentation.changed"
    COPIED_SEGMENTATION = "segmentation.copied"
    ARCHIVED_SEGMENTATION = "segmentation.archived"
    RESTORED_SEGMENTATION = "segmentation.restored"


WORDS = {
    Did.MADE_SEGMENTATION: _("Made a segmentation model"),
    Did.CHANGED_SEGMENTATION: _("Changed a segmentation model"),
    Did.COPIED_SEGMENTATION: _("Copied a segmentation model"),
    Did.ARCHIVED_SEGMENTATION: _("Archived a segmentation model"),
    Did.RESTORED_SEGMENTATION: _("Restored a segmentation model"),
}
