"""What the audit log says was done, on the ground floor."""

from enum import StrEnum


class Did(StrEnum):
    """Deeds about tenants, members and departments."""

    MADE_TENANT = "tenant.made"
    CHANGED_POLICY = "tenant.policy_changed"
    ADDED_MEMBER = "member.added"
    CHANGED_ROLES = "member.roles_changed"
    STOPPED_MEMBER = "member.stopped"
    RESTORED_MEMBER = "member.restored"
    MADE_DEPARTMENT = "department.made"
