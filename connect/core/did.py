"""What the audit log says was done, on the ground floor."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds about tenants, members and departments."""

    MADE_TENANT = "tenant.made"
    RENAMED_TENANT = "tenant.renamed"
    SUSPENDED_TENANT = "tenant.suspended"
    RESUMED_TENANT = "tenant.resumed"
    CHANGED_POLICY = "tenant.policy_changed"
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
