"""Make, rename and delete departments: the parts of a tenant that own what is made in it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from connect.core import belongings
from connect.core.audit import audit
from connect.core.constraints import unique, unreferenced
from connect.core.did import Did
from connect.core.errors import Conflict, Invalid, StaleVersion
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import in_tenant

_NAME_KEY = "core_department_name_key"


@in_tenant
def make_department(tenant: Tenant, name: str, *, by: Member, now: datetime) -> Department:
    """Make a department.

    Errors: Invalid when the name is taken.
    """
    with unique(_NAME_KEY, _taken()):
        made = Department.objects.create(tenant=tenant, name=_one_line(name))
    audit(tenant, by, Did.MADE_DEPARTMENT, made.public_id, now=now, name=made.name)
    return made


@in_tenant
def rename_department(
    tenant: Tenant, department_id: UUID, name: str, *, version: int, by: Member, now: datetime
) -> None:
    """Give a department another name.

    Errors: Department.DoesNotExist; StaleVersion; Invalid when the name is taken.
    """
    department = Department.objects.of(tenant).public(department_id)
    row = Department.objects.of(tenant).filter(pk=department.pk)
    with unique(_NAME_KEY, _taken()):
        if row.filter(version=version).update(name=_one_line(name), version=F("version") + 1) != 1:
            raise StaleVersion(row.get())
    audit(tenant, by, Did.RENAMED_DEPARTMENT, department_id, now=now, was=department.name, name=_one_line(name))


@in_tenant
def delete_department(tenant: Tenant, department_id: UUID, *, by: Member, now: datetime) -> None:
    """Delete a department that owns nothing and in which nobody holds a role.

    Errors: Department.DoesNotExist; Conflict, with the numbers, when something belongs to it or it is the last one.
    """
    # The lock makes whoever puts something into the department wait, and then find it gone.
    department = Department.objects.of(tenant).select_for_update().public(department_id)
    if not Department.objects.of(tenant).exclude(pk=department.pk).exists():
        raise Conflict(_("A tenant keeps at least one department."))
    if left := belongings.words(belongings.counts(tenant, department.pk)):
        raise Conflict(_("“%(name)s” can’t be deleted: %(what)s.") % {"name": department.name, "what": left})
    with unreferenced(_("Something belongs to it.")):
        department.delete()
    audit(tenant, by, Did.DELETED_DEPARTMENT, department_id, now=now, name=department.name)


def _taken() -> Mapping[str, str]:
    return {"name": _("There is a department of this name.")}


def _one_line(name: str) -> str:
    """Errors: Invalid for a name without a letter."""
    words = " ".join(name.split())
    if not words:
        raise Invalid({"name": _("A department needs a name.")})
    return words
