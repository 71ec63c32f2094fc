"""Write down what came back from a customer: an open, a click, a leave, a return."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from campaigns.models import Run
from connect.core.models import Tenant
from connect.core.rows import new_public_id
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import in_tenant
from content.models import Revision
from content.rendering.links import allowed, fields_in, resolve
from conversations.actions.subscriptions import do_subscribe, do_unsubscribe
from conversations.models import Conversation
from conversations.states import Channel
from delivery.models import Message
from delivery.senders.compose import CANNOT_RENDER
from delivery.states import EventKind, MessageKind, MessageState
from delivery.tracking.destinations import remember
from delivery.tracking.tokens import Target

#: How a reply begins that nobody gave: the customer's own act told.
EVIDENCE = "evidence:"
#: The same again within so long is one event: double clicks, an image loaded by two panes.
SAME_SECONDS = 10

_EVENT = f"""
INSERT INTO delivery_event (tenant_id, month, message_id, run_id, customer_id, kind, at, link, machine, details)
SELECT v.tenant_id, v.month, v.message_id, v.run_id, v.customer_id, v.kind, v.at, v.link, v.machine, v.details
FROM (VALUES (%s::bigint, %s::date, %s::bigint, %s::bigint, %s::bigint,
              %s, %s::timestamptz, %s::smallint, %s, %s::jsonb))
     AS v (tenant_id, month, message_id, run_id, customer_id, kind, at, link, machine, details)
WHERE NOT EXISTS (
    SELECT FROM delivery_event e
    WHERE e.tenant_id = v.tenant_id AND e.customer_id = v.customer_id AND e.month = v.month
      AND e.message_id = v.message_id AND e.kind = v.kind AND e.link IS NOT DISTINCT FROM v.link
      AND e.machine = v.machine AND e.at > v.at - interval '{SAME_SECONDS} seconds')
"""


@dataclass(frozen=True)
class Visit:
    """Who came: the rule that marks a machine ("" for a person), and what the client calls itself."""

    machine: str
    agent: str


@dataclass(frozen=True)
class Reader:
    """The message that a link belongs to, and the conversation that it came from."""

    message: Message
    conversation: Conversation

    @property
    def is_seed(self) -> bool:
        """Whether it is a copy for checking: it acts for nobody."""
        return self.message.kind == MessageKind.SEED


@in_tenant
def reader_of(tenant: Tenant, target: Target) -> Reader:
    """Find the message of a token.

    Errors: Message.DoesNotExist where its month has been dropped.
    """
    message = Message.objects.of(tenant).get(month=target.month, pk=target.message_id)
    run = Run.objects.of(tenant).select_related("conversation").get(pk=message.run_id)
    return Reader(message, run.conversation)


@in_tenant
def follow(tenant: Tenant, target: Target, visit: Visit, *, now: datetime) -> str | None:
    """Note a click and tell where it leads; None where the message holds no such link any more."""
    message = Message.objects.of(tenant).get(month=target.month, pk=target.message_id)
    links = Revision.objects.of(tenant).values_list("links", flat=True).get(pk=message.revision_id)
    if target.number >= len(links):
        return None
    try:
        leads_to = resolve(links[target.number], message.values)
    except CANNOT_RENDER:
        return None
    if not allowed(leads_to):
        return None
    _note(tenant, message, EventKind.CLICKED, visit, link=target.number, now=now)
    if target.revision_id == message.revision_id and not fields_in(links[target.number]):
        remember(target, leads_to)
    return leads_to


@in_tenant
def note_open(tenant: Tenant, target: Target, visit: Visit, *, now: datetime) -> None:
    """Note that the mail was opened."""
    message = Message.objects.of(tenant).get(month=target.month, pk=target.message_id)
    _note(tenant, message, EventKind.OPENED, visit, link=None, now=now)


@in_tenant
def leave(tenant: Tenant, target: Target, *, source: str, wording: str, now: datetime) -> Reader:
    """Unsubscribe the customer whom the message was to. Twice is once; a seed's copy changes nothing."""
    reader = reader_of(tenant, target)
    if reader.is_seed:
        return reader
    message = reader.message
    try:
        changed = do_unsubscribe(
            tenant,
            message.customer_id,
            reader.conversation.pk,
            channel=Channel.EMAIL,
            source=source,
            wording=wording,
            proof={"message": str(message.public_id)},
            now=now,
        )
    except ObjectDoesNotExist:  # the customer was erased: nothing is left to unsubscribe
        return reader
    if changed:
        _note(tenant, message, EventKind.UNSUBSCRIBED, Visit("", ""), link=None, now=now)
    else:
        _resolve_doubt(tenant, message, EventKind.UNSUBSCRIBED, now)
    return reader


@in_tenant
def come_back(tenant: Tenant, target: Target, *, source: str, wording: str, now: datetime) -> Reader:
    """Subscribe the customer again, by their own press of a button."""
    reader = reader_of(tenant, target)
    if not reader.is_seed:
        do_subscribe(
            tenant,
            reader.message.customer_id,
            reader.conversation.pk,
            channel=Channel.EMAIL,
            source=source,
            wording=wording,
            proof={"message": str(reader.message.public_id), "act": str(new_public_id())},
            now=now,
        )
    return reader


def _note(tenant: Tenant, message: Message, kind: EventKind, visit: Visit, *, link: int | None, now: datetime) -> None:
    if message.kind == MessageKind.SEED:
        return  # seeds stand outside statistics
    details: dict[str, Any] = {"agent": visit.agent} if visit.agent else {}
    key = (tenant.pk, message.month, message.pk, message.run_id, message.customer_id)
    run_sql(Sql(_EVENT, (*key, kind.value, now, link, visit.machine, json.dumps(details))))
    _resolve_doubt(tenant, message, kind, now)


def _resolve_doubt(tenant: Tenant, message: Message, kind: EventKind, now: datetime) -> None:
    """Whoever could press or load something in the mail has it: that ends the doubt."""
    if message.state == MessageState.IN_DOUBT:
        doubted = Message.objects.of(tenant).filter(month=message.month, pk=message.pk, state=MessageState.IN_DOUBT)
        doubted.update(state=MessageState.ACCEPTED, reason="", reply=f"{EVIDENCE} {kind.value}")
