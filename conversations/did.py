"""What the audit log says was done to customers, conversations and what is declared about them."""

from enum import StrEnum


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
