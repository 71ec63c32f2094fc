"""The words that people read for reasons, kinds and scopes."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suppression.states import EntryKind, Reason, Scope

REASONS: dict[Reason, str | Promise] = {
    Reason.HARD_BOUNCE: _("Hard bounce"),
    Reason.COMPLAINT: _("Complaint"),
    Reason.UNSUBSCRIBE: _("Unsubscribe"),
    Reason.MANUAL: _("By hand"),
    Reason.LEGAL: _("Legal"),
    Reason.IMPORT: _("Import"),
}
KINDS: dict[EntryKind, str | Promise] = {
    EntryKind.EMAIL: _("Address"),
    EntryKind.DOMAIN: _("Domain"),
    EntryKind.SHA256: _("SHA-256"),
    EntryKind.MD5: _("MD5"),
}
SCOPES: dict[Scope, str | Promise] = {
    Scope.TENANT: _("Every conversation"),
    Scope.CONVERSATIONS: _("Only conversations it is applied to"),
}
