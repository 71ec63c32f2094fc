"""What the audit log says was done about suppression."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds about lists, their entries and where they are applied."""

    MADE_LIST = "suppression.list_made"
    CHANGED_LIST = "suppression.list_changed"
    DELETED_LIST = "suppression.list_deleted"
    ADDED_ENTRY = "suppression.entry_added"
    REMOVED_ENTRY = "suppression.entry_removed"
    UPLOADED_ENTRIES = "suppression.entries_uploaded"
    IMPORTED_ENTRIES = "suppression.entries_imported"
    EXPORTED_ENTRIES = "suppression.entries_exported"
    APPLIED_LIST = "suppression.list_applied"
    TOOK_LIST_OFF = "suppression.list_taken_off"
