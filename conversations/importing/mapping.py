"""Which column of a file is which field of a customer: what there is to choose, a guess from headers, and the check."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connect.core.errors import Invalid
from connect.core.models import Tenant
from conversations.models import Attribute
from conversations.states import AttributeKind

LEAVE_OUT = ""
CUSTOMER_ID = "external_id"

#: The fields that every customer has.
PLAIN_FIELDS: Mapping[str, str | Promise] = {
    CUSTOMER_ID: gettext_lazy("Customer id"),
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "language": gettext_lazy("Language"),
    "zone": gettext_lazy("Time zone"),
    "country": gettext_lazy("Country"),
    "region": gettext_lazy("Region"),
    "interests": gettext_lazy("Interests, with ; between them"),
}
_KINDS = {AttributeKind.ATTRIBUTE: "attributes", AttributeKind.PREFERENCE: "preferences"}

#: What others call them, as words without marks.
_SYNONYMS = {
    CUSTOMER_ID: "customer_id customerid customer_number customer_no customer external_id externalid client_id"
    " contact_id user_id userid member_id id uid kundennummer kunden_id kundennr kunde identifiant numero_client",
    "email": "email e_mail mail email_address e_mail_address e_mail_adresse mailadresse emailadresse courriel"
    " adresse_email",
    "phone": "phone phone_number mobile mobile_phone cell telephone tel handy telefon telefonnummer portable",
    "language": "language lang locale preferred_language sprache langue idioma",
    "zone": "time_zone timezone zone tz zeitzone fuseau_horaire",
    "country": "country country_code land pays pais",
    "region": "region state province bundesland kanton county",
    "interests": "interests interest topics interessen interets",
}
_BY_SYNONYM = {word: field for field, words in _SYNONYMS.items() for word in words.split()}


@dataclass(frozen=True)
class Choice:
    """One field that a column may be mapped to."""

    field: str
    label: str
    group: str


def choices_for(attributes: Iterable[Attribute]) -> list[Choice]:
    """List the fields that a column may be mapped to, plain ones first."""
    found = [Choice(field, str(label), _("Customer")) for field, label in PLAIN_FIELDS.items()]
    groups = {AttributeKind.ATTRIBUTE: _("Attributes"), AttributeKind.PREFERENCE: _("Preferences")}
    for kind, group in groups.items():
        found += [Choice(f"{_KINDS[kind]}.{one.name}", one.label, group) for one in attributes if one.kind == kind]
    return found


def guess_mapping(columns: Sequence[str], attributes: Iterable[Attribute]) -> dict[str, str]:
    """Guess each column's field from its header; a field is guessed once, the first column that fits takes it."""
    known = dict(_BY_SYNONYM)
    for one in attributes:
        if one.kind in _KINDS:
            field = f"{_KINDS[AttributeKind(one.kind)]}.{one.name}"
            known.setdefault(_plain(one.label), field)
            known[_plain(one.name)] = field
    guessed: dict[str, str] = {}
    for column in columns:
        field = known.get(_plain(column), LEAVE_OUT)
        guessed[column] = LEAVE_OUT if field in guessed.values() else field
    return guessed


def check_mapping(
    tenant: Tenant, columns: Sequence[str], mapping: Mapping[str, str], *, field: str = "mapping"
) -> dict[str, str]:
    """Check what was chosen, and complete it: a column that isn't named is left out.

    Errors: Invalid naming `field`: an unknown column or field, a field twice, no customer id.
    """
    known = {choice.field for choice in choices_for(Attribute.objects.of(tenant))} | {LEAVE_OUT}
    faults = [_("There is no column “%(name)s”.") % {"name": name} for name in mapping if name not in columns]
    faults += [_("There is no field “%(name)s”.") % {"name": to} for to in mapping.values() if to not in known]
    chosen = [to for to in mapping.values() if to != LEAVE_OUT]
    twice = sorted({to for to in chosen if chosen.count(to) > 1})
    faults += [_("Two columns are mapped to “%(name)s”; one field takes one column.") % {"name": to} for to in twice]
    if CUSTOMER_ID not in chosen:
        faults.append(_("Choose the column that holds the customer id: it tells who is who when you import again."))
    if faults:
        raise Invalid({field: faults})
    return {column: mapping.get(column, LEAVE_OUT) for column in columns}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
