"""What the audit log says was done to customers, conversations and what is declared about them."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds of this app."""

    DECLARED_ATTRIBUTE = "attribute.declared"
    CHANGED_ATTRIBUTE = "attribute.changed"
    MADE_CUSTOMER = "customer.made"
    CHANGED_CUSTOMER = "customer.changed"
    SUBSCRIBED_CUSTOMER = "customer.subscribed"
    UNSUBSCRIBED_CUSTOMER = "customer.unsubscribed"
    UPLOADED_IMPORT = "import.uploaded"
    MAPPED_IMPORT = "import.mapped"
    ASKED_CHECK = "import.check_asked"
    ASKED_IMPORT = "import.asked"
    CHECKED_IMPORT = "import.checked"
    FINISHED_IMPORT = "import.finished"
    FAILED_IMPORT = "import.failed"
    MADE_CONVERSATION = "conversation.made"
    CHANGED_CONVERSATION = "conversation.changed"
    ARCHIVED_CONVERSATION = "conversation.archived"
    RESTORED_CONVERSATION = "conversation.restored"
    MADE_KEY = "dkim_key.made"
    STARTED_KEY = "dkim_key.started"
    STOPPED_KEY = "dkim_key.stopped"
    REMOVED_KEY = "dkim_key.removed"


WORDS = {
    Did.DECLARED_ATTRIBUTE: _("Declared an attribute"),
    Did.CHANGED_ATTRIBUTE: _("Changed an attribute"),
    Did.MADE_CUSTOMER: _("Added a customer"),
    Did.CHANGED_CUSTOMER: _("Changed a customer"),
    Did.SUBSCRIBED_CUSTOMER: _("Subscribed a customer"),
    Did.UNSUBSCRIBED_CUSTOMER: _("Unsubscribed a customer"),
    Did.UPLOADED_IMPORT: _("Uploaded a file of customers"),
    Did.MAPPED_IMPORT: _("Mapped the columns of an import"),
    Did.ASKED_CHECK: _("Asked for a dry run"),
    Did.ASKED_IMPORT: _("Asked for an import"),
    Did.CHECKED_IMPORT: _("A dry run ended"),
    Did.FINISHED_IMPORT: _("An import ended"),
    Did.FAILED_IMPORT: _("An import failed"),
    Did.MADE_CONVERSATION: _("Made a conversation"),
    Did.CHANGED_CONVERSATION: _("Changed a conversation"),
    Did.ARCHIVED_CONVERSATION: _("Archived a conversation"),
    Did.RESTORED_CONVERSATION: _("Restored a conversation"),
    Did.MADE_KEY: _("Made a DKIM key"),
    Did.STARTED_KEY: _("Began to sign with a DKIM key"),
    Did.STOPPED_KEY: _("Stopped a DKIM key"),
    Did.REMOVED_KEY: _("Removed a DKIM key"),
}
