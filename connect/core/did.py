"""What the audit log says was done, on the ground floor."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Did(StrEnum):
    """Deeds about tenants, members and departments."""

    MADE_TENANT = "tenant.made"
    RENAMED_TENANT = "tenant.renamed"
    SUSPENDED_TENANT = "tenant.suspended"
    RESUMED_TENANT = "tenant.resumed"
    ADDED_MEMBER = "member.added"
    INVITED_MEMBER = "member.invited"
    RENAMED_MEMBER = "member.renamed"
    CHANGED_ROLES = "member.roles_changed"
    STOPPED_MEMBER = "member.stopped"
    RESTORED_MEMBER = "member.restored"
    MADE_DEPARTMENT = "department.made"
    RENAMED_DEPARTMENT = "department.renamed"
    DELETED_DEPARTMENT = "department.deleted"
    READ_NOTICES = "notices.read"


WORDS = {
    Did.MADE_TENANT: _("Made the tenant"),
    Did.RENAMED_TENANT: _("Renamed the tenant"),
    Did.SUSPENDED_TENANT: _("Suspended the tenant"),
    Did.RESUMED_TENANT: _("Resumed the tenant"),
    Did.ADDED_MEMBER: _("Added a member"),
    Did.INVITED_MEMBER: _("Invited a member"),
    Did.RENAMED_MEMBER: _("A member changed their name"),
    Did.CHANGED_ROLES: _("Changed a member’s roles"),
    Did.STOPPED_MEMBER: _("Stopped a member"),
    Did.RESTORED_MEMBER: _("Restored a member"),
    Did.MADE_DEPARTMENT: _("Made a department"),
    Did.RENAMED_DEPARTMENT: _("Renamed a department"),
    Did.DELETED_DEPARTMENT: _("Deleted a department"),
    Did.READ_NOTICES: _("Read their notices"),
}
