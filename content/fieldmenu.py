"""The fields that an author may put into a template, with the words that people know them by."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from connect.core.models import Tenant
from content.fields import CUSTOMER_COLUMNS
from conversations.models import Attribute
from conversations.states import AttributeKind

GROUPS = {AttributeKind.ATTRIBUTE: "attributes", AttributeKind.PREFERENCE: "preferences"}


@dataclass(frozen=True)
class Field:
    """One field: what it is called, and what is written to show it."""

    label: str
    code: str


@dataclass(frozen=True)
class Group:
    """Fields of one kind."""

    label: str
    fields: list[Field]


def field_menu(tenant: Tenant) -> list[Group]:
    """List what templates may show, declared fields first. Groups without a field are left out."""
    declared: dict[str, list[Field]] = {root: [] for root in GROUPS.values()}
    kinds = [kind.value for kind in GROUPS]
    for attribute in Attribute.objects.of(tenant).filter(kind__in=kinds).order_by("label", "name"):
        root = GROUPS[AttributeKind(attribute.kind)]
        declared[root].append(Field(attribute.label, _code(root, attribute.name)))
    columns = {
        "external_id": _("Customer ID"),
        "email": _("Email address"),
        "language": _("Language"),
        "country": _("Country"),
        "region": _("Region"),
        "zone": _("Time zone"),
    }
    own = [Field(columns[name], _code("customer", name)) for name in CUSTOMER_COLUMNS]
    interests = [Field(_("All interests"), '{{ interests|join(", ") }}')]
    groups = [
        Group(_("Attributes"), declared["attributes"]),
        Group(_("Preferences"), declared["preferences"]),
        Group(_("Customer"), own),
        Group(_("Interests"), interests),
    ]
    return [group for group in groups if group.fields]


def declared_fields(tenant: Tenant) -> set[str]:
    """Name the declared fields as templates do: `attributes.first_name`."""
    declared = Attribute.objects.of(tenant).filter(kind__in=[kind.value for kind in GROUPS])
    return {f"{GROUPS[AttributeKind(kind)]}.{name}" for kind, name in declared.values_list("kind", "name")}


def _code(root: str, name: str) -> str:
    return f"{{{{ {root}.{name} }}}}" if name.isidentifier() else f"{{{{ {root}['{name}'] }}}}"
