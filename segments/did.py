"""What the audit log says was done to segmentation models."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds of this app."""

    MADE_SEGMENTATION = "segmentation.made"
    CHANGED_SEGMENTATION = "segmentation.changed"
    COPIED_SEGMENTATION = "segmentation.copied"
    ARCHIVED_SEGMENTATION = "segmentation.archived"
    RESTORED_SEGMENTATION = "segmentation.restored"
