"""For whom a preview is made: the customer, and the conversation whose footer stands below.

Used by the preview pages here and, through their addresses, by pages of upper floors.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from jinja2 import TemplateError

from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from content.checks import Draft, completed, fields_of
from content.models import Revision
from content.rendering.footer import FrozenImprint, Imprint
from content.rendering.links import targets
from content.rendering.preview import Preview, render_preview, values_of
from conversations.addresses import normalise_email
from conversations.models import Conversation, Customer


@dataclass(frozen=True)
class Reader:
    """Whose eyes a preview is seen through. `customer` None is somebody of whom nothing is known."""

    customer: Customer | None
    conversation: Conversation | None

    def imprint(self, tenant: Tenant) -> Imprint:
        """Give what the footer says; a tenant without a conversation has its own name there."""
        return self.conversation or FrozenImprint(name=tenant.name, postal_address="", footer="")

    def values(self, tenant: Tenant, fields: list[str]) -> dict[str, Any]:
        """Freeze the fields of the customer, as planning does."""
        return values_of(tenant, self.customer, fields) if self.customer else {}


def find_customer(tenant: Tenant, wanted: str) -> Customer:
    """Find a customer by the id in our addresses, their own id, or their email address.

    Errors: Customer.DoesNotExist.
    """
    customers = Customer.objects.of(tenant)
    by_public_id = customers.filter(public_id=wanted) if _is_uuid(wanted) else customers.none()
    found: Customer | None = by_public_id.first() or customers.filter(external_id=wanted).first()
    if found is None and "@" in wanted:
        try:
            found = customers.filter(email_key=normalise_email(wanted)).order_by("external_id").first()
        except Invalid:
            found = None
    if found is None:
        raise Customer.DoesNotExist
    return found


def first_customer(tenant: Tenant) -> Customer | None:
    """Take the first customer by their own id."""
    found: Customer | None = Customer.objects.of(tenant).order_by("external_id").first()
    return found


def conversations_of(tenant: Tenant, member: Member) -> list[Conversation]:
    """List the conversations whose footer a member may choose, by name."""
    return list(Conversation.objects.of(tenant).visible_to(member).filter(archived_at=None).order_by("name", "pk"))


@dataclass
class Unsaved:
    """A draft without faults, as it would be kept."""

    subject: str
    preheader: str
    html: str
    text: str
    language: str
    fields: list[str]
    links: list[str]
    hash: str = "0" * 64


def unsaved(draft: Draft, language: str) -> Unsaved:
    """Take a draft without faults for a revision."""
    whole = completed(draft)
    return Unsaved(
        whole.subject,
        whole.preheader,
        whole.html,
        whole.text,
        language=language,
        fields=fields_of(whole),
        links=targets(whole.html, whole.text),
    )


def render_for(tenant: Tenant, revision: Revision | Unsaved, reader: Reader) -> Preview:
    """Write a revision as a reader gets it.

    Errors: Invalid where the template breaks for this reader.
    """
    values = reader.values(tenant, revision.fields)
    try:
        return render_preview(revision, values, conversation=reader.imprint(tenant), language=revision.language)
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Invalid(
            {"html": _("This revision can’t be shown for this customer: %(why)s") % {"why": error}}
        ) from error


def _is_uuid(wanted: str) -> bool:
    try:
        UUID(wanted)
    except ValueError:
        return False
    return True
