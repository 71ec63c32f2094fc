"""Add members to a tenant, give them roles, stop and restore them. Credentials are never a tenant's business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.did import Did
from connect.core.errors import Invalid, StaleVersion
from connect.core.models import Department, Grant, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import in_tenant


@dataclass(frozen=True)
class GrantOf:
    """A role for a department, or for the whole tenant where `department` is None."""

    role: Role
    department: UUID | None = None


@in_tenant
def add_member(
    tenant: Tenant, *, email: str, name: str, grants: Sequence[GrantOf], by: Member | User | None, now: datetime
) -> Member:
    """Make somebody a member. A person without a login gets one; `invitations.py` lets them choose a password.

    Errors: Invalid when they are a member already, no role is given, or a role can't be held so.
    """
    if not grants:
        raise Invalid({"roles": _("Choose at least one role.")})
    name = " ".join(name.split())
    user_id = _ensure_user(email, name)
    with unique("core_member_user_key", {"email": _("This person is a member already.")}):
        member = Member.objects.create(tenant=tenant, user_id=user_id, name=name, joined_at=now)
    roles = _write_grants(tenant, member, grants)
    audit(tenant, by, Did.ADDED_MEMBER, member.public_id, now=now, roles=roles)
    return member


@in_tenant
def change_roles(
    tenant: Tenant,
    member_id: UUID,
    *,
    grants: Sequence[GrantOf],
    version: int | None = None,
    by: Member,
    now: datetime,
) -> None:
    """Replace a member's roles; with a `version`, only where nobody else did since.

    Errors: Member.DoesNotExist; StaleVersion; Invalid when no role is given or the last admin would go.
    """
    member = _lock(tenant, member_id)
    if not grants:
        raise Invalid({"roles": _("Choose at least one role.")})
    if version is not None and version != member.version:
        raise StaleVersion(member)
    Member.objects.of(tenant).filter(pk=member.pk).update(version=F("version") + 1)
    Grant.objects.of(tenant).filter(member=member).delete()
    roles = _write_grants(tenant, member, grants)
    _keep_an_admin(tenant)
    audit(tenant, by, Did.CHANGED_ROLES, member_id, now=now, roles=roles)


@in_tenant
def stop_member(tenant: Tenant, member_id: UUID, *, by: Member, now: datetime) -> None:
    """Shut a member out from the next request on.

    Errors: Member.DoesNotExist; Invalid when the last admin would go.
    """
    member = _lock(tenant, member_id)
    if Member.objects.of(tenant).filter(pk=member.pk, active=True).update(active=False) == 1:
        _keep_an_admin(tenant)
        audit(tenant, by, Did.STOPPED_MEMBER, member_id, now=now)


@in_tenant
def restore_member(tenant: Tenant, member_id: UUID, *, by: Member, now: datetime) -> None:
    """Let a stopped member in again, with the roles they had.

    Errors: Member.DoesNotExist.
    """
    member = _lock(tenant, member_id)
    if Member.objects.of(tenant).filter(pk=member.pk, active=False).update(active=True) == 1:
        audit(tenant, by, Did.RESTORED_MEMBER, member_id, now=now)


@in_tenant
def rename_member(tenant: Tenant, member_id: int, name: str, *, now: datetime) -> None:
    """Show a person under another name in this tenant, as they wish themselves.

    Errors: Member.DoesNotExist.
    """
    member = Member.objects.of(tenant).get(pk=member_id)
    if Member.objects.of(tenant).filter(pk=member_id).exclude(name=name).update(name=name) == 1:
        audit(tenant, member, Did.RENAMED_MEMBER, member.public_id, now=now, name=name)


@in_tenant
def do_enter(tenant: Tenant, member_id: int, *, now: datetime) -> None:
    """Keep when a member first opened the tenant; later visits change nothing."""
    Member.objects.of(tenant).filter(pk=member_id, entered_at=None).update(entered_at=now)


def _lock(tenant: Tenant, member_id: UUID) -> Member:
    """Hold all members of the tenant, so that two admins can't shut out each other at the same moment.

    Errors: Member.DoesNotExist.
    """
    for member in Member.objects.of(tenant).order_by("pk").select_for_update():
        if member.public_id == member_id:
            return member
    raise Member.DoesNotExist


def _ensure_user(email: str, name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_user(%s, %s)", [email.strip().lower(), name])
        return int(cursor.fetchone()[0])


def _write_grants(tenant: Tenant, member: Member, grants: Sequence[GrantOf]) -> list[str]:
    """Write a member's roles, and say them in words that stay true when a department is gone: for the audit log."""
    if any(grant.role == Role.ADMIN and grant.department for grant in grants):
        raise Invalid({"roles": _("An admin is an admin of the whole tenant.")})
    wanted = {grant.department for grant in grants if grant.department}
    found = {
        department.public_id: department for department in Department.objects.of(tenant).filter(public_id__in=wanted)
    }
    if missing := wanted - found.keys():
        raise Invalid({"roles": _("There is no such department.")}) from LookupError(missing)
    held = [(grant.role, found.get(grant.department) if grant.department else None) for grant in dict.fromkeys(grants)]
    Grant.objects.bulk_create(
        [Grant(tenant=tenant, member=member, role=role, department=department) for role, department in held]
    )
    return sorted(f"{role.value} in {department.name}" if department else role.value for role, department in held)


def _keep_an_admin(tenant: Tenant) -> None:
    admins = Grant.objects.of(tenant).filter(role=Role.ADMIN, department=None, member__active=True)
    if not admins.exists():
        raise Invalid({"roles": _("A tenant keeps at least one admin of the whole tenant.")})
