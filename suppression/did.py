"""What the audit log says was done about suppression."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


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


WORDS = {
    Did.MADE_LIST: _("Made a suppression list"),
    Did.CHANGED_LIST: _("Changed a suppression list"),
    Did.DELETED_LIST: _("Deleted a suppression list"),
    Did.ADDED_ENTRY: _("Suppressed an entry"),
    Did.REMOVED_ENTRY: _("Took an entry off a suppression list"),
    Did.UPLOADED_ENTRIES: _("Uploaded a file of entries"),
    Did.IMPORTED_ENTRIES: _("Imported entries"),
    Did.EXPORTED_ENTRIES: _("Exported entries"),
    Did.APPLIED_LIST: _("Applied a suppression list"),
    Did.TOOK_LIST_OFF: _("Took a suppression list off a conversation"),
}
