"""Make the keys that sign a conversation's mail, switch them on and off, and look whether DNS holds their records."""

import re
from datetime import datetime
from uuid import UUID

import dns.resolver
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Invalid, WrongState
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.rows import new_public_id
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.conversations import access_as_admin
from conversations.did import Did
from conversations.dkim import draw_key, seal_key
from conversations.dns import look_up_key
from conversations.models import Conversation, DkimKey
from conversations.states import DkimAlgorithm

SELECTOR_KEY = "conversations_dkim_selector_key"
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: What a selector that Connect chooses begins with.
_LETTER = {DkimAlgorithm.RSA: "r", DkimAlgorithm.ED25519: "e"}


@in_tenant
def make_dkim_key(
    tenant: Tenant,
    conversation_id: UUID,
    *,
    algorithm: DkimAlgorithm,
    selector: str = "",
    by: Member | None,
    now: datetime,
) -> DkimKey:
    """Make a key for the domain of a conversation's From address. It doesn't sign before `start_signing`.

    Without a selector, one is chosen by algorithm and month.
    Errors: Conversation.DoesNotExist; Invalid where the selector is malformed or in use; Forbidden.
    """
    conversation = Conversation.objects.of(tenant).public(conversation_id)
    access_as_admin(conversation, by)
    domain = conversation.sending_domain
    chosen = _check_selector(selector) or _free_selector(tenant, domain, f"{_LETTER[algorithm]}{now:%Y%m}")
    new = draw_key(algorithm)
    key_id = new_public_id()
    with unique(SELECTOR_KEY, {"selector": _("A key of this domain has this selector already.")}):
        key = DkimKey.objects.create(
            tenant=tenant,
            public_id=key_id,
            conversation=conversation,
            domain=domain,
            selector=chosen,
            algorithm=algorithm,
            sealed_private_key=seal_key(new.private_key_pem, tenant_id=tenant.pk, key_id=key_id),
            dns_record=new.dns_record,
            active=False,
            created_at=now,
        )
    audit(tenant, by, Did.MADE_KEY, key_id, now=now, domain=domain, selector=chosen, algorithm=algorithm.value)
    return key


@in_tenant
def start_signing(tenant: Tenant, key_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Let a key sign from the next message on, in place of the conversation's other key of its domain and algorithm.

    Errors: DkimKey.DoesNotExist; WrongState when it signs already; Forbidden.
    """
    key = _access(tenant, key_id, by)
    Conversation.objects.of(tenant).select_for_update().get(pk=key.conversation_id)
    others = DkimKey.objects.of(tenant).filter(
        conversation_id=key.conversation_id, domain=key.domain, algorithm=key.algorithm, active=True
    )
    _switch(tenant, key, active=True)
    retired = sorted(others.exclude(pk=key.pk).values_list("selector", flat=True))
    others.exclude(pk=key.pk).update(active=False)
    audit(tenant, by, Did.STARTED_KEY, key_id, now=now, selector=key.selector, in_place_of=retired)


@in_tenant
def stop_signing(tenant: Tenant, key_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Let a key sign no further message. What it signed stays good as long as its record stays in DNS.

    Errors: DkimKey.DoesNotExist; WrongState when it doesn't sign; Forbidden.
    """
    key = _access(tenant, key_id, by)
    _switch(tenant, key, active=False)
    audit(tenant, by, Did.STOPPED_KEY, key_id, now=now, selector=key.selector)


@in_tenant
def remove_dkim_key(tenant: Tenant, key_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Destroy a key that doesn't sign, its private half included.

    Errors: DkimKey.DoesNotExist; WrongState when it signs; Forbidden.
    """
    key = _access(tenant, key_id, by)
    if DkimKey.objects.of(tenant).filter(pk=key.pk, active=False).delete()[0] != 1:
        raise WrongState(_("This key signs. Stop it first."))
    audit(tenant, by, Did.REMOVED_KEY, key_id, now=now, domain=key.domain, selector=key.selector)


@in_tenant
def ask_dns_check(tenant: Tenant, key_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Have a worker look into DNS for a key's record.

    Errors: DkimKey.DoesNotExist.
    """
    key = DkimKey.objects.of(tenant).public(key_id)
    DkimKey.objects.of(tenant).filter(pk=key.pk).update(dns_asked_at=now)
    ring(Bell.KEY_CHECK_ASKED, tenant.pk, key.pk)


def check_dns(tenant: Tenant, key_id: int, *, now: datetime, resolver: dns.resolver.Resolver | None = None) -> None:
    """Look into DNS for a key's record and keep what was found. The look itself stands outside any transaction.

    Errors: DkimKey.DoesNotExist.
    """
    with open_tenant(tenant):
        key = DkimKey.objects.of(tenant).get(pk=key_id)
    found = look_up_key(key.domain, key.selector, key.dns_record, resolver=resolver)
    with open_tenant(tenant):
        DkimKey.objects.of(tenant).filter(pk=key_id).update(
            dns_state=found.state, dns_seen=found.seen, dns_checked_at=now
        )


def _access(tenant: Tenant, key_id: UUID, by: Member | None) -> DkimKey:
    key = DkimKey.objects.of(tenant).select_related("conversation").get(public_id=key_id)
    access_as_admin(key.conversation, by)
    return key


def _switch(tenant: Tenant, key: DkimKey, *, active: bool) -> None:
    if DkimKey.objects.of(tenant).filter(pk=key.pk, active=not active).update(active=active) != 1:
        raise WrongState(_("This key signs already.") if active else _("This key doesn't sign."))


def _check_selector(raw: str) -> str:
    selector = raw.strip(" ").lower()
    if selector and not _SELECTOR.fullmatch(selector):
        raise Invalid({"selector": _("Letters, digits and hyphens inside, at most 63: for example spring-2026.")})
    return selector


def _free_selector(tenant: Tenant, domain: str, start: str) -> str:
    taken = set(
        DkimKey.objects.of(tenant).filter(domain=domain, selector__startswith=start).values_list("selector", flat=True)
    )
    numbered = (start if number == 1 else f"{start}-{number}" for number in range(1, len(taken) + 2))
    return next(free for free in numbered if free not in taken)
