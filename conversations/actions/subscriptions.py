"""Change a customer's subscription, with its line in the consent ledger. Doing it twice is doing it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.sql import Sql, run
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable
from conversations.did import Did
from conversations.models import ConsentEntry, Conversation, Customer, Subscription
from conversations.states import Channel, SubscriptionState

#: Those who left come back only by their own act, so that act must be on paper.
LEFT = frozenset({SubscriptionState.UNSUBSCRIBED, SubscriptionState.BOUNCED_OUT})

#: The source of what a member of the tenant writes down for a customer.
BY_HAND = "console"

_INSERT = (
    "INSERT INTO conversations_subscription"
    " (tenant_id, conversation_id, customer_id, channel, state, source, changed_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, conversation_id, channel, customer_id) DO NOTHING"
)


@dataclass(frozen=True)
class _Act:
    """What brought a change about, as the ledger keeps it."""

    source: str
    wording: str
    proof: Mapping[str, Any]
    now: datetime


@in_tenant
def do_subscribe(
    tenant: Tenant,
    customer_id: int,
    conversation_id: int,
    *,
    channel: Channel,
    source: str,
    wording: str = "",
    proof: Mapping[str, Any] | None = None,
    now: datetime,
) -> bool:
    """Subscribe a customer, and tell whether that changed anything.

    Errors: Invalid without `proof` where the customer had left; Customer or Conversation.DoesNotExist.
    """
    act = _Act(source, wording, proof or {}, now)
    return _change(tenant, (conversation_id, channel, customer_id), SubscriptionState.SUBSCRIBED, act)


@in_tenant
def do_unsubscribe(
    tenant: Tenant,
    customer_id: int,
    conversation_id: int,
    *,
    channel: Channel,
    source: str,
    wording: str = "",
    proof: Mapping[str, Any] | None = None,
    now: datetime,
) -> bool:
    """Unsubscribe a customer, and tell whether that changed anything. One who never was there is noted as having left.

    Errors: Customer or Conversation.DoesNotExist.
    """
    act = _Act(source, wording, proof or {}, now)
    return _change(tenant, (conversation_id, channel, customer_id), SubscriptionState.UNSUBSCRIBED, act)


@in_tenant
def do_bounce_out(
    tenant: Tenant,
    customer_id: int,
    conversation_id: int,
    *,
    channel: Channel,
    source: str,
    wording: str = "",
    proof: Mapping[str, Any] | None = None,
    now: datetime,
) -> bool:
    """Take out a customer whose address is dead, and tell whether that changed anything. Those who left stay so."""
    act = _Act(source, wording, proof or {}, now)
    return _change(tenant, (conversation_id, channel, customer_id), SubscriptionState.BOUNCED_OUT, act)


@in_tenant
def change_by_hand(
    tenant: Tenant,
    customer_id: UUID,
    conversation_id: UUID,
    *,
    to: SubscriptionState,
    wording: str,
    proof: str,
    by: Member,
    now: datetime,
) -> bool:
    """Write down for a customer that they subscribed or unsubscribed by email, and tell whether that changed anything.

    Errors: Invalid where wording or proof lacks or `to` is neither; Customer or Conversation.DoesNotExist.
    """
    customer = Customer.objects.of(tenant).public(customer_id)
    conversation = Conversation.objects.of(tenant).public(conversation_id)
    if to not in {SubscriptionState.SUBSCRIBED, SubscriptionState.UNSUBSCRIBED}:
        raise Invalid({"to": _("By hand, a customer is subscribed or unsubscribed.")})
    if to is SubscriptionState.SUBSCRIBED and not wording.strip():
        raise Invalid({"wording": _("Write the words that the customer agreed to.")})
    if not proof.strip():
        raise Invalid({"proof": _("Say how you know: a call, a letter, a form with its date.")})
    do = do_subscribe if to is SubscriptionState.SUBSCRIBED else do_unsubscribe
    changed = do(
        tenant,
        customer.pk,
        conversation.pk,
        channel=Channel.EMAIL,
        source=BY_HAND,
        wording=check_storable(wording.strip(), "wording"),
        proof={"note": check_storable(proof.strip(), "proof"), "member": str(by.public_id), "name": by.name},
        now=now,
    )
    if changed:
        did = Did.SUBSCRIBED_CUSTOMER if to is SubscriptionState.SUBSCRIBED else Did.UNSUBSCRIBED_CUSTOMER
        audit(tenant, by, did, customer.public_id, now=now, conversation=str(conversation.public_id))
    return changed


def _change(tenant: Tenant, key: tuple[int, Channel, int], to: SubscriptionState, act: _Act) -> bool:
    conversation_id, channel, customer_id = key
    mine = Subscription.objects.of(tenant).filter(
        conversation_id=conversation_id, channel=channel, customer_id=customer_id
    )
    row = mine.select_for_update().first()
    if row is None and to is SubscriptionState.BOUNCED_OUT:
        return False
    if row is None and _insert(tenant, key, to, act):
        _write(tenant, key, "", to, act)
        return True
    was = SubscriptionState((row or mine.select_for_update().get()).state)
    if to not in SubscriptionState.moves()[was]:
        return False
    if was in LEFT and to is SubscriptionState.SUBSCRIBED and not act.proof:
        raise Invalid({"proof": _("They had left. Say by which act of their own they came back.")})
    mine.move(to, source=act.source, changed_at=act.now)
    _write(tenant, key, was.value, to, act)
    return True


def _insert(tenant: Tenant, key: tuple[int, Channel, int], state: SubscriptionState, act: _Act) -> bool:
    conversation_id, channel, customer_id = key
    conversation = Conversation.objects.of(tenant).get(pk=conversation_id)
    customer = Customer.objects.of(tenant).get(pk=customer_id)
    values = (tenant.pk, conversation.pk, customer.pk, channel.value, state.value, act.source, act.now)
    return run(Sql(_INSERT, values)) == 1


def _write(tenant: Tenant, key: tuple[int, Channel, int], was: str, became: SubscriptionState, act: _Act) -> None:
    conversation_id, channel, customer_id = key
    ConsentEntry.objects.create(
        tenant=tenant,
        conversation_id=conversation_id,
        customer_id=customer_id,
        channel=channel,
        was=was,
        became=became,
        source=act.source,
        wording=act.wording,
        proof=dict(act.proof),
        at=act.now,
    )
