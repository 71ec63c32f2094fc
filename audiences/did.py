"""What the audit log says was done to audience models and seed lists."""

from enum import StrEnum


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
    ADDED_SEED = "seed.added"
    REMOVED_SEED = "seed.removed"
