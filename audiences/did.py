"""What the audit log says was done to audience models and seed lists."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds of this app."""

    MADE_AUDIENCE = "audience.made"
    CHANGED_AUDIENCE = "audience.changed"
    COPIED_AUDIENCE = "audience.copied"
    ARCHIVED_AUDIENCE = "audience.archived"
    RESTORED_AUDIENCE = "audience.restored"
    MADE_SEED_LIST = "seed_list.made"
    CHANGED_SEED_LIST = "seed_list.changed"
    REMOVED_SEED_LIST = "seed_list.removed"


WORDS = {
    Did.MADE_AUDIENCE: _("Made an audience model"),
    Did.CHANGED_AUDIENCE: _("Changed an audience model"),
    Did.COPIED_AUDIENCE: _("Copied an audience model"),
    Did.ARCHIVED_AUDIENCE: _("Archived an audience model"),
    Did.RESTORED_AUDIENCE: _("Restored an audience model"),
    Did.MADE_SEED_LIST: _("Made a seed list"),
    Did.CHANGED_SEED_LIST: _("Changed a seed list"),
    Did.REMOVED_SEED_LIST: _("Removed a seed list"),
}
