"""Make, rename, suspend and resume tenants, as operators do. Their table is only written while no tenant is open."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from connect.core.actions.invitations import invite
from connect.core.actions.members import GrantOf
from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.did import Did
from connect.core.errors import Invalid, StaleVersion, WrongState
from connect.core.models import Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant


@transaction.atomic
def make_tenant(name: str, slug: str, *, language: str, zone: str, by: User | None = None, now: datetime) -> Tenant:
    """Make a tenant with its first department, which bears the tenant's name.

    Errors: Invalid when the slug is taken.
    """
    name = _one_line(name)
    with unique("core_tenant_slug", {"slug": _("This address is taken.")}):
        made = Tenant.objects.create(name=name, slug=slug, default_language=language, default_zone=zone, created_at=now)
    with open_tenant(made):
        Department.objects.create(tenant=made, name=name)
        audit(made, by, Did.MADE_TENANT, made.public_id, now=now, name=name, slug=slug)
    return made


@transaction.atomic
def found_tenant(
    name: str,
    slug: str,
    *,
    language: str,
    zone: str,
    admin_name: str,
    admin_email: str,
    by: User,
    now: datetime,
) -> Tenant:
    """Make a tenant and invite its first admin.

    Errors: Invalid when the slug is taken.
    """
    made = make_tenant(name, slug, language=language, zone=zone, by=by, now=now)
    invite(made, email=admin_email, name=admin_name, grants=[GrantOf(Role.ADMIN)], by=by, now=now)
    return made


@transaction.atomic
def rename_tenant(tenant_id: UUID, name: str, *, version: int, by: User, now: datetime) -> None:
    """Give a tenant another name; its address stays.

    Errors: Tenant.DoesNotExist; StaleVersion; Invalid for a name without a letter.
    """
    found = Tenant.objects.get(public_id=tenant_id)
    name = _one_line(name)
    row = Tenant.objects.filter(pk=found.pk)
    if row.filter(version=version).update(name=name, version=F("version") + 1) != 1:
        raise StaleVersion(row.get())
    with open_tenant(found):
        audit(found, by, Did.RENAMED_TENANT, found.public_id, now=now, was=found.name, name=name)


@transaction.atomic
def suspend_tenant(tenant_id: UUID, *, by: User, now: datetime) -> None:
    """Shut a tenant's members out and let nothing more leave, from this commit on. Nothing is deleted.

    Errors: Tenant.DoesNotExist; WrongState when it is suspended already.
    """
    found = Tenant.objects.get(public_id=tenant_id)
    if Tenant.objects.filter(pk=found.pk, suspended_at=None).update(suspended_at=now) != 1:
        raise WrongState(_("%(name)s is suspended already.") % {"name": found.name})
    with open_tenant(found):
        audit(found, by, Did.SUSPENDED_TENANT, found.public_id, now=now)


@transaction.atomic
def resume_tenant(tenant_id: UUID, *, by: User, now: datetime) -> None:
    """Let a suspended tenant's members in again; what was going out goes on where it stopped.

    Errors: Tenant.DoesNotExist; WrongState when it isn't suspended.
    """
    found = Tenant.objects.get(public_id=tenant_id)
    if Tenant.objects.filter(pk=found.pk, suspended_at__isnull=False).update(suspended_at=None) != 1:
        raise WrongState(_("%(name)s isn’t suspended.") % {"name": found.name})
    with open_tenant(found):
        audit(found, by, Did.RESUMED_TENANT, found.public_id, now=now)


@transaction.atomic
def invite_admin(tenant_id: UUID, *, email: str, name: str, by: User, now: datetime) -> Member:
    """Give a tenant one more admin, by invitation: its first one, or where all others have gone.

    Errors: Tenant.DoesNotExist; Invalid when they are a member already.
    """
    found = Tenant.objects.get(public_id=tenant_id)
    return invite(found, email=email, name=name, grants=[GrantOf(Role.ADMIN)], by=by, now=now)


def _one_line(name: str) -> str:
    """Errors: Invalid for a name without a letter."""
    words = " ".join(name.split())
    if not words:
        raise Invalid({"name": _("A tenant needs a name.")})
    return words
