"""What a member may do: roles, and which role brings which others along."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """A member's role, held for the whole tenant or for one department."""

    VIEWER = "viewer"
    MARKETER = "marketer"
    CONTENT_APPROVER = "content_approver"
    LAUNCH_APPROVER = "launch_approver"
    ADMIN = "admin"


#: The roles whose holders may do what the key asks for. An admin doesn't approve: four eyes need a role given on
#: purpose.
HOLDERS: dict[Role, frozenset[Role]] = {
    Role.VIEWER: frozenset(Role),
    Role.MARKETER: frozenset({Role.MARKETER, Role.ADMIN}),
    Role.CONTENT_APPROVER: frozenset({Role.CONTENT_APPROVER}),
    Role.LAUNCH_APPROVER: frozenset({Role.LAUNCH_APPROVER}),
    Role.ADMIN: frozenset({Role.ADMIN}),
}

LABELS = {
    Role.VIEWER: _("Viewer"),
    Role.MARKETER: _("Marketer"),
    Role.CONTENT_APPROVER: _("Content approver"),
    Role.LAUNCH_APPROVER: _("Launch approver"),
    Role.ADMIN: _("Admin"),
}

#: What a role is for, for who gives it.
DUTIES = {
    Role.VIEWER: _("sees everything, changes nothing"),
    Role.MARKETER: _("builds models, content and campaigns"),
    Role.CONTENT_APPROVER: _("signs off what is written"),
    Role.LAUNCH_APPROVER: _("signs off that it goes out"),
    Role.ADMIN: _("runs the tenant, and builds; signs nothing off"),
}
