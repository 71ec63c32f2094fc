"""Apply a list to a conversation, and take it off."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Conflict, Forbidden
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.models import Conversation
from suppression.did import Did
from suppression.models import Application, SuppressionList


@in_tenant
def apply_list(tenant: Tenant, list_id: UUID, conversation_id: UUID, *, by: Member | None, now: datetime) -> bool:
    """Apply a list to a conversation, and tell whether that changed anything.

    Errors: SuppressionList or Conversation.DoesNotExist; Forbidden unless `by` is a marketer of its department.
    """
    listed, conversation = _access(tenant, list_id, conversation_id, Role.MARKETER, by)
    _row, changed = Application.objects.get_or_create(tenant=tenant, suppression_list=listed, conversation=conversation)
    if changed:
        audit(tenant, by, Did.APPLIED_LIST, conversation_id, now=now, list=listed.name)
    return changed


@in_tenant
def take_list_off(tenant: Tenant, list_id: UUID, conversation_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Apply a list to a conversation no longer.

    Errors: SuppressionList or Conversation.DoesNotExist; Conflict where it isn't applied; Forbidden unless `by` is an
    admin of its department.
    """
    listed, conversation = _access(tenant, list_id, conversation_id, Role.ADMIN, by)
    mine = Application.objects.of(tenant).filter(suppression_list=listed, conversation=conversation)
    if mine.delete()[0] != 1:
        raise Conflict(_("This list isn't applied to this conversation."))
    audit(tenant, by, Did.TOOK_LIST_OFF, conversation_id, now=now, list=listed.name)


def _access(
    tenant: Tenant, list_id: UUID, conversation_id: UUID, role: Role, by: Member | None
) -> tuple[SuppressionList, Conversation]:
    listed = SuppressionList.objects.of(tenant).public(list_id)
    conversation = Conversation.objects.of(tenant).public(conversation_id)
    if by and not by.may(role, conversation.department_id):
        raise Forbidden(_("Your roles in this conversation's department don't allow this."))
    return listed, conversation
