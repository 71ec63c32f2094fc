"""Make and change one customer by hand, field by field, under the same checks as the import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from conversations.addresses import (
    check_country,
    check_language,
    check_phone,
    check_storable,
    check_zone,
    normalise_email,
)
from conversations.did import Did
from conversations.models import Attribute, Customer
from conversations.states import AttributeKind
from conversations.values import reader_of

ID_KEY = "conversations_customer_external_key"
ID_CHARACTERS = 120
REGION_CHARACTERS = 60
CHECKS = {"phone": check_phone, "language": check_language, "zone": check_zone, "country": check_country}


@dataclass(frozen=True)
class CustomerOf:
    """What is written about a customer. `attributes` and `preferences` are name → what was typed; "" takes it away."""

    external_id: str
    email: str = ""
    phone: str = ""
    language: str = ""
    zone: str = ""
    country: str = ""
    region: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    preferences: Mapping[str, str] = field(default_factory=dict)
    interests: tuple[str, ...] = ()


@in_tenant
def make_customer(tenant: Tenant, wanted: CustomerOf, *, by: Member, now: datetime) -> Customer:
    """Make a customer.

    Errors: Invalid naming each field.
    """
    values = _checked(tenant, wanted)
    with unique(ID_KEY, {"external_id": _("Another customer has this id.")}):
        made = Customer.objects.create(tenant=tenant, created_at=now, updated_at=now, **values)
    audit(tenant, by, Did.MADE_CUSTOMER, made.public_id, now=now)
    return made


@in_tenant
def change_customer(
    tenant: Tenant, customer_id: UUID, version: int, wanted: CustomerOf, *, by: Member, now: datetime
) -> None:
    """Change a customer who still is as at `version`. Values of fields that are declared no more stay.

    Errors: Customer.DoesNotExist; StaleVersion with the customer as they are now; Invalid naming each field.
    """
    one = Customer.objects.of(tenant).filter(public_id=customer_id)
    before = one.get()
    values = _checked(tenant, wanted)
    for name in ("attributes", "preferences"):
        declared = {one.name for one in _declared(tenant, name)}
        kept = {key: value for key, value in getattr(before, name).items() if key not in declared}
        values[name] = {**kept, **values[name]}
    with unique(ID_KEY, {"external_id": _("Another customer has this id.")}):
        one.save_version(version, updated_at=now, **values)
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    audit(tenant, by, Did.CHANGED_CUSTOMER, customer_id, now=now, fields=changed)


def _checked(tenant: Tenant, wanted: CustomerOf) -> dict[str, Any]:
    faults: dict[str, list[str]] = {}
    values: dict[str, Any] = {"email": wanted.email.strip(), "email_key": ""}
    values["external_id"] = _text(wanted.external_id, "external_id", ID_CHARACTERS, faults)
    values["region"] = _text(wanted.region, "region", REGION_CHARACTERS, faults)
    if not values["external_id"]:
        faults.setdefault("external_id", []).append(_("Write the id under which you know this customer."))
    if values["email"]:
        values["email_key"] = _try(lambda: normalise_email(wanted.email), "email", faults)
    for name, check in CHECKS.items():
        raw = getattr(wanted, name).strip()
        values[name] = _try(lambda check=check, raw=raw: check(raw), name, faults) if raw else ""
    for name, kind in (("attributes", AttributeKind.ATTRIBUTE), ("preferences", AttributeKind.PREFERENCE)):
        values[name] = _declared_values(tenant, kind, getattr(wanted, name), name, faults)
    known = {one.name for one in Attribute.objects.of(tenant).filter(kind=AttributeKind.INTEREST)}
    if unknown := set(wanted.interests) - known:
        faults["interests"] = [_("“%(name)s” isn't a declared interest.") % {"name": name} for name in sorted(unknown)]
    values["interests"] = sorted(set(wanted.interests))
    if faults:
        raise Invalid(faults)
    return values


def _declared(tenant: Tenant, name: str) -> list[Attribute]:
    kind = AttributeKind.ATTRIBUTE if name == "attributes" else AttributeKind.PREFERENCE
    return list(Attribute.objects.of(tenant).filter(kind=kind))


def _declared_values(
    tenant: Tenant, kind: AttributeKind, typed: Mapping[str, str], name: str, faults: dict[str, list[str]]
) -> dict[str, Any]:
    declared = {one.name: one for one in Attribute.objects.of(tenant).filter(kind=kind)}
    values = {}
    for key, raw in typed.items():
        if key not in declared:
            faults[f"{name}.{key}"] = [_("This field isn't declared.")]
        elif raw.strip():
            read = reader_of(declared[key], tenant.default_zone)
            values[key] = _try(lambda read=read, raw=raw: read(raw.strip()), f"{name}.{key}", faults)
    return values


def _text(raw: str, name: str, most: int, faults: dict[str, list[str]]) -> str:
    if len(raw.strip()) > most:
        faults[name] = [_("At most %(most)d characters.") % {"most": most}]
        return ""
    return str(_try(lambda: check_storable(raw.strip(), name), name, faults))


def _try(check: Any, name: str, faults: dict[str, list[str]]) -> Any:
    try:
        return check()
    except Invalid as error:
        faults.setdefault(name, []).extend(says for many in error.fields.values() for says in many)
        return ""
