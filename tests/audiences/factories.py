"""What the tests of rules and models stand on: declared fields, customers, one conversation."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences import counts
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, run
from connect.core.tenancy import in_tenant
from conversations.models import Attribute, Conversation, Customer, Subscription
from conversations.states import AttributeKind, AttributeType, SubscriptionState

DECLARED = {
    "tier": AttributeType.CHOICE,
    "city": AttributeType.TEXT,
    "points": AttributeType.NUMBER,
    "vip": AttributeType.BOOLEAN,
    "birthday": AttributeType.DATE,
    "last_visit": AttributeType.DATETIME,
}
TIERS = ["gold", "silver", "bronze"]


@in_tenant
def declare(
    tenant: Tenant,
    name: str,
    kind: AttributeType,
    *,
    now: datetime,
    of: AttributeKind = AttributeKind.ATTRIBUTE,
    choices: Sequence[str] = (),
) -> Attribute:
    """Declare one field of a customer."""
    label = name.replace("_", " ").capitalize()
    return Attribute.objects.create(
        tenant=tenant, kind=of, name=name, label=label, type=kind, choices=list(choices), created_at=now, updated_at=now
    )


def declare_all(tenant: Tenant, *, now: datetime) -> None:
    """Declare one attribute of each type, two interests and two preferences."""
    for name, kind in DECLARED.items():
        declare(tenant, name, kind, now=now, choices=TIERS if kind is AttributeType.CHOICE else ())
    for name in ("ski", "hiking"):
        declare(tenant, name, AttributeType.BOOLEAN, now=now, of=AttributeKind.INTEREST)
    declare(tenant, "paper", AttributeType.BOOLEAN, now=now, of=AttributeKind.PREFERENCE)
    declare(tenant, "channel", AttributeType.CHOICE, now=now, of=AttributeKind.PREFERENCE, choices=["mail", "phone"])


@in_tenant
def make_conversation(tenant: Tenant, department: Department, name: str = "News", *, now: datetime) -> Conversation:
    """Make a conversation that speaks English from Berlin."""
    return Conversation.objects.create(
        tenant=tenant,
        department=department,
        name=name,
        from_name=name,
        from_email="hello@news.example",
        postal_address="1 Road, Town",
        default_language="en",
        default_zone="Europe/Berlin",
        created_at=now,
        updated_at=now,
    )


@in_tenant
def add_customer(
    tenant: Tenant,
    /,
    external_id: str,
    conversation: Conversation | None = None,
    *,
    now: datetime,
    state: SubscriptionState = SubscriptionState.SUBSCRIBED,
    since: datetime | None = None,
    source: str = "import",
    **values: Any,
) -> Customer:
    """Make a customer, and a member of the conversation where one is given."""
    address = values.pop("email", f"{external_id}@customer.example")
    customer = Customer.objects.create(
        tenant=tenant,
        external_id=external_id,
        email=address,
        email_key=address.lower(),
        created_at=now,
        updated_at=now,
        **values,
    )
    if conversation:
        Subscription.objects.create(
            tenant=tenant,
            conversation=conversation,
            customer=customer,
            channel="email",
            state=state,
            source=source,
            changed_at=since or now,
        )
    return customer


@in_tenant
def add_many(tenant: Tenant, conversation: Conversation, count: int, *, now: datetime) -> None:
    """Make many subscribed customers at once: a third of them gold, half of them in Germany."""
    run(
        Sql(
            "INSERT INTO conversations_customer (tenant_id, public_id, external_id, email, email_key, phone, language,"
            " zone, country, region, attributes, interests, preferences, created_at, updated_at, version)"
            " SELECT %s, gen_random_uuid(), 'm' || n, 'm' || n || '@many.example', 'm' || n || '@many.example', '',"
            " CASE n %% 4 WHEN 0 THEN 'fr' ELSE 'en' END, 'Europe/Berlin',"
            " CASE n %% 2 WHEN 0 THEN 'DE' ELSE 'FR' END, '',"
            " jsonb_build_object('tier', (ARRAY['gold', 'silver', 'bronze'])[1 + n %% 3], 'points', n %% 100),"
            " '{}', '{}', %s, %s, 1 FROM generate_series(1, %s) n",
            (tenant.pk, now, now, count),
        )
    )
    run(
        Sql(
            "INSERT INTO conversations_subscription (tenant_id, conversation_id, customer_id, channel, state, source,"
            " changed_at) SELECT tenant_id, %s, id, 'email', 'subscribed', 'import', %s FROM conversations_customer"
            " WHERE external_id LIKE 'm%%'",
            (conversation.pk, now),
        )
    )


@contextmanager
def stuck_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nobody read customers, as if that took for ever, and let counts wait for a moment only."""
    monkeypatch.setattr(counts, "COUNT_TIMEOUT_SECONDS", 0.1)
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE conversations_customer IN ACCESS EXCLUSIVE MODE")
        yield


#: What each page of the console asks for its frame.
FRAME = frozenset(
    {
        "django_session",
        "core_user",
        "core_tenant",
        "core_member",
        "core_grant",
        "core_notice",
        "memberships_of",
        "campaigns_approval",
    }
)


def tables_asked(browser: Client, url: str) -> list[str]:
    """Open a page for the second time, and list the tables that it reads, one a query, in order."""
    browser.get(url)
    with CaptureQueriesContext(connections["default"]) as queries:
        assert browser.get(url).status_code == 200
    found = [re.search(r' FROM "?(\w+)', _without_brackets(query["sql"])) for query in queries]
    return [match[1] for match in found if match]


def _without_brackets(sql: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = shorter
    return sql
