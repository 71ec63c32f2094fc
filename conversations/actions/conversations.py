"""Make and change a conversation: its name, its department, and as whom it speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Conflict, Forbidden, Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.addresses import (
    check_header_text,
    check_language,
    check_storable,
    check_zone,
    normalise_email,
)
from conversations.did import Did
from conversations.domains import normalise_domain
from conversations.models import Conversation

NAME_KEY = "conversations_conversation_name_key"
Check = Callable[[str, str], str]


@dataclass(frozen=True)
class Identity:
    """How a conversation is named and where it belongs, as whom it speaks, and what it falls back to."""

    name: str
    department: UUID
    from_name: str
    from_email: str
    postal_address: str
    default_language: str
    default_zone: str
    reply_to: str = ""
    bounce_domain: str = ""
    footer: str = ""


@in_tenant
def make_conversation(tenant: Tenant, identity: Identity, *, by: Member | None, now: datetime) -> Conversation:
    """Make a conversation.

    Errors: Invalid naming each field; Forbidden unless `by` is an admin in its department.
    """
    values = _check(tenant, identity, by)
    with unique(NAME_KEY, {"name": _("Another conversation has this name.")}):
        made = Conversation.objects.create(tenant=tenant, created_at=now, updated_at=now, **values)
    audit(tenant, by, Did.MADE_CONVERSATION, made.public_id, now=now, name=made.name)
    return made


@in_tenant
def change_conversation(
    tenant: Tenant, conversation_id: UUID, version: int, identity: Identity, *, by: Member | None, now: datetime
) -> Conversation:
    """Change a conversation that still is as it was at `version`.

    Errors: Conversation.DoesNotExist; StaleVersion with the conversation as it is now; Invalid naming each field;
    Forbidden unless `by` is an admin in its department, the old and the new one.
    """
    one = Conversation.objects.of(tenant).filter(public_id=conversation_id)
    before = one.get()
    access_as_admin(before, by)
    values = _check(tenant, identity, by)
    with unique(NAME_KEY, {"name": _("Another conversation has this name.")}):
        one.save_version(version, updated_at=now, **values)
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    audit(tenant, by, Did.CHANGED_CONVERSATION, conversation_id, now=now, fields=changed)
    return one.get()


@in_tenant
def archive_conversation(tenant: Tenant, conversation_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Put a conversation away: it is offered to no new campaign. Its subscriptions stay.

    Errors: Conversation.DoesNotExist; Conflict when it is archived already; Forbidden.
    """
    _set_archived(tenant, conversation_id, now, by)
    audit(tenant, by, Did.ARCHIVED_CONVERSATION, conversation_id, now=now)


@in_tenant
def restore_conversation(tenant: Tenant, conversation_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Take a conversation out of the archive.

    Errors: Conversation.DoesNotExist; Conflict when it isn't archived; Forbidden.
    """
    _set_archived(tenant, conversation_id, None, by)
    audit(tenant, by, Did.RESTORED_CONVERSATION, conversation_id, now=now)


def access_as_admin(conversation: Conversation, by: Member | None) -> None:
    """Let only an admin of the conversation's department go on. `by` is None where the system acts.

    Errors: Forbidden.
    """
    if by and not by.may(Role.ADMIN, conversation.department_id):
        raise Forbidden(_("Only an admin of its department changes a conversation."))


def _set_archived(tenant: Tenant, conversation_id: UUID, at: datetime | None, by: Member | None) -> None:
    one = Conversation.objects.of(tenant).filter(public_id=conversation_id)
    access_as_admin(one.get(), by)
    if one.filter(archived_at__isnull=at is not None).update(archived_at=at) != 1:
        raise Conflict(_("It is archived already.") if at else _("It isn't archived."))


def _check(tenant: Tenant, identity: Identity, by: Member | None) -> dict[str, Any]:
    faults: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, check in _CHECKS.items():
        try:
            values[name] = check(getattr(identity, name), name)
        except Invalid as error:
            faults |= error.fields
    try:
        values["department"] = _department(tenant, identity.department, by)
    except Invalid as error:
        faults |= error.fields
    if faults:
        raise Invalid(faults)
    return values


def _department(tenant: Tenant, department_id: UUID, by: Member | None) -> Department:
    department = Department.objects.of(tenant).filter(public_id=department_id).first()
    if department is None or (by and not by.may(Role.ADMIN, department.pk)):
        raise Invalid({"department": _("Choose a department in which you are an admin.")})
    return department


def _line(most: int) -> Check:
    def check(raw: str, field: str) -> str:
        return _filled(check_header_text(raw, field), field, most)

    return check


def _mailbox(raw: str, field: str) -> str:
    return normalise_email(check_header_text(raw, field), field)


def _paragraph(most: int, *, required: bool) -> Check:
    def check(raw: str, field: str) -> str:
        text = check_storable(raw, field).replace("\r\n", "\n").strip()
        return _filled(text, field, most) if text or required else ""

    return check


def _filled(text: str, field: str, most: int) -> str:
    if not text:
        raise Invalid({field: _("This is needed.")})
    if len(text) > most:
        raise Invalid({field: _("At most %(most)d characters; these are %(are)d.") % {"most": most, "are": len(text)}})
    return text


def _optional(check: Check) -> Check:
    return lambda raw, field: check(raw, field) if raw.strip(" ") else ""


_CHECKS: dict[str, Check] = {
    "name": _line(120),
    "from_name": _line(120),
    "from_email": _mailbox,
    "reply_to": _optional(_mailbox),
    "bounce_domain": _optional(normalise_domain),
    "postal_address": _paragraph(240, required=True),
    "footer": _paragraph(1000, required=False),
    "default_language": check_language,
    "default_zone": check_zone,
}
