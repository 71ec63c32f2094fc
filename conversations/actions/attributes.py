"""Declare what is known about customers: attributes, interests and preferences. All else is refused at each door."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable
from conversations.did import Did
from conversations.models import Attribute
from conversations.states import AttributeKind, AttributeType

MOST_ATTRIBUTES = 500
MOST_CHOICES = 200
LABEL_CHARACTERS = 120

#: A name is written in templates (`customer.attributes.first_name`) and in rules.
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
#: In a template, these would mean a mapping's own methods.
TAKEN_NAMES = frozenset(name for name in dir(dict) if not name.startswith("_"))


@dataclass(frozen=True)
class AttributeOf:
    """What is declared: `name` is for templates, rules and files, `label` for people. Interests have no type."""

    kind: AttributeKind
    name: str
    label: str
    type: AttributeType = AttributeType.TEXT
    choices: Sequence[str] = ()
    personal: bool = False
    reportable: bool = False


@in_tenant
def declare_attribute(tenant: Tenant, wanted: AttributeOf, *, by: Member | None, now: datetime) -> Attribute:
    """Declare an attribute, an interest or a preference.

    Errors: Invalid naming the field, also where the name is declared already.
    """
    checked = _checked(wanted)
    if not NAME.fullmatch(wanted.name):
        raise Invalid({"name": _("A name begins with a letter: small letters a–z, digits and _, 60 at most.")})
    if wanted.name in TAKEN_NAMES:
        raise Invalid({"name": _("Templates use this word for something else. Choose another name.")})
    if Attribute.objects.of(tenant).count() >= MOST_ATTRIBUTES:
        raise Invalid({"": _("At most %(most)d attributes, interests and preferences.") % {"most": MOST_ATTRIBUTES}})
    with unique("conversations_attribute_name_key", {"name": _("This name is declared already.")}):
        made = Attribute.objects.create(
            tenant=tenant,
            kind=checked.kind,
            name=checked.name,
            label=checked.label,
            type=checked.type,
            choices=list(checked.choices),
            personal=checked.personal,
            reportable=checked.reportable,
            created_at=now,
            updated_at=now,
        )
    audit(tenant, by, Did.DECLARED_ATTRIBUTE, made.public_id, now=now, kind=made.kind, name=made.name)
    return made


@in_tenant
def change_attribute(
    tenant: Tenant, attribute_id: UUID, *, version: int, wanted: AttributeOf, by: Member, now: datetime
) -> None:
    """Change label, choices and marks. Kind, name and type stay: values are stored under them.

    Errors: Attribute.DoesNotExist; StaleVersion; Invalid naming the field.
    """
    found = Attribute.objects.of(tenant).public(attribute_id)
    if (wanted.kind, wanted.name, wanted.type) != (found.kind, found.name, found.type):
        raise Invalid({"": _("Kind, name and type stay as declared. Declare another attribute instead.")})
    checked = _checked(wanted)
    Attribute.objects.of(tenant).filter(pk=found.pk).save_version(
        version,
        label=checked.label,
        choices=list(checked.choices),
        personal=checked.personal,
        reportable=checked.reportable,
        updated_at=now,
    )
    audit(tenant, by, Did.CHANGED_ATTRIBUTE, attribute_id, now=now, kind=found.kind, name=found.name)


def _checked(wanted: AttributeOf) -> AttributeOf:
    label = check_storable(wanted.label.strip(), "label")
    if not label:
        raise Invalid({"label": _("Write a label for people to read.")})
    if len(label) > LABEL_CHARACTERS:
        raise Invalid({"label": _("A label has at most %(most)d characters.") % {"most": LABEL_CHARACTERS}})
    choices = _checked_choices(wanted)
    if wanted.kind is AttributeKind.INTEREST:
        return AttributeOf(wanted.kind, wanted.name, label, AttributeType.BOOLEAN, (), False, wanted.reportable)
    return AttributeOf(
        wanted.kind,
        wanted.name,
        label,
        wanted.type,
        choices,
        wanted.personal,
        wanted.reportable and not wanted.personal,
    )


def _checked_choices(wanted: AttributeOf) -> tuple[str, ...]:
    if wanted.type is not AttributeType.CHOICE or wanted.kind is AttributeKind.INTEREST:
        return ()
    choices = tuple(dict.fromkeys(choice.strip() for choice in wanted.choices if choice.strip()))
    if not choices:
        raise Invalid({"choices": _("Write at least one choice, each on a line of its own.")})
    if len(choices) > MOST_CHOICES:
        raise Invalid({"choices": _("At most %(most)d choices.") % {"most": MOST_CHOICES}})
    if any(len(choice) > LABEL_CHARACTERS for choice in choices):
        raise Invalid({"choices": _("A choice has at most %(most)d characters.") % {"most": LABEL_CHARACTERS}})
    folded = {choice.casefold() for choice in choices}
    if len(folded) != len(choices):
        raise Invalid({"choices": _("Two choices differ only in capital letters.")})
    return tuple(check_storable(choice, "choices") for choice in choices)
