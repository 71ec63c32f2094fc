"""Suppression lists: make, change, delete, apply to conversations, and the one that is made by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Conflict, Forbidden, Invalid
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable
from suppression.did import Did
from suppression.models import Application, Entry, EntryFault, EntryImport, SuppressionList
from suppression.states import Scope

AUTOMATIC_NAME = "Bounces and complaints"
NAME_KEY = "suppression_list_name_key"
NAME_CHARACTERS = 120
DESCRIPTION_CHARACTERS = 240


@dataclass(frozen=True)
class ListFields:
    """What people write about a list."""

    name: str
    scope: Scope
    description: str = ""


@in_tenant
def make_list(tenant: Tenant, fields: ListFields, *, by: Member | None, now: datetime) -> SuppressionList:
    """Make an empty list.

    Errors: Invalid naming the field.
    """
    values = _check(fields)
    with unique(NAME_KEY, {"name": _("Another list has this name.")}):
        made = SuppressionList.objects.create(tenant=tenant, created_at=now, updated_at=now, **values)
    audit(tenant, by, Did.MADE_LIST, made.public_id, now=now, name=made.name, scope=made.scope)
    return made


@in_tenant
def change_list(
    tenant: Tenant, list_id: UUID, version: int, fields: ListFields, *, by: Member | None, now: datetime
) -> SuppressionList:
    """Change a list that still is as it was at `version`.

    Errors: SuppressionList.DoesNotExist; StaleVersion; Invalid naming the field; Forbidden unless `by` is an admin of
    the whole tenant.
    """
    one = SuppressionList.objects.of(tenant).filter(public_id=list_id)
    before = one.get()
    access_as_tenant_admin(by)
    values = _check(fields)
    if before.automatic and fields.scope is not Scope.TENANT:
        raise Invalid({"scope": _("Bounces and complaints hold for the whole tenant.")})
    with unique(NAME_KEY, {"name": _("Another list has this name.")}):
        one.save_version(version, updated_at=now, **values)
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    audit(tenant, by, Did.CHANGED_LIST, list_id, now=now, changed=changed)
    return one.get()


@in_tenant
def delete_list(tenant: Tenant, list_id: UUID, *, by: Member | None, now: datetime) -> int:
    """Delete a list with its entries; tell how many they were.

    Errors: SuppressionList.DoesNotExist; Conflict for the automatic list; Forbidden unless `by` is an admin of the
    whole tenant.
    """
    listed = SuppressionList.objects.of(tenant).select_for_update().get(public_id=list_id)
    access_as_tenant_admin(by)
    if listed.automatic:
        raise Conflict(_("Bounces and complaints are written to this list; it can't be deleted."))
    entries, _by_model = Entry.objects.of(tenant).filter(suppression_list=listed).delete()
    Application.objects.of(tenant).filter(suppression_list=listed).delete()
    EntryFault.objects.of(tenant).filter(entry_import__suppression_list=listed).delete()
    EntryImport.objects.of(tenant).filter(suppression_list=listed).delete()
    listed.delete()
    audit(tenant, by, Did.DELETED_LIST, list_id, now=now, name=listed.name, entries=entries)
    return entries


@in_tenant
def do_ensure_automatic_list(tenant: Tenant, *, now: datetime) -> SuppressionList:
    """Get the list to which bounces and complaints are written, making it the first time it is needed."""
    values = {
        "name": _free_name(tenant, AUTOMATIC_NAME),
        "scope": Scope.TENANT,
        "created_at": now,
        "updated_at": now,
    }
    return SuppressionList.objects.get_or_create(tenant=tenant, automatic=True, defaults=values)[0]


def access_as_tenant_admin(by: Member | None) -> None:
    """Let only an admin of the whole tenant go on: what follows lets messages through that were held back.

    Errors: Forbidden.
    """
    if by and by.departments(Role.ADMIN) is not None:
        raise Forbidden(_("Only an admin of the whole tenant lets go what is suppressed."))


def _free_name(tenant: Tenant, name: str) -> str:
    taken = set(SuppressionList.objects.of(tenant).filter(name__startswith=name).values_list("name", flat=True))
    return next(free for free in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if free not in taken)


def _check(fields: ListFields) -> dict[str, Any]:
    faults: dict[str, str] = {}
    values: dict[str, Any] = {"scope": fields.scope}
    for field, raw, most in (
        ("name", fields.name, NAME_CHARACTERS),
        ("description", fields.description, DESCRIPTION_CHARACTERS),
    ):
        try:
            values[field] = check_storable(raw, field).strip()
        except Invalid as error:
            faults[field] = " ".join(error.fields[field])
            continue
        if len(values[field]) > most:
            faults[field] = _("At most %(most)d characters.") % {"most": most}
    if not values.get("name") and "name" not in faults:
        faults["name"] = _("A list needs a name.")
    if faults:
        raise Invalid(faults)
    return values
