"""Lists, conversations and customers for the tests of suppression."""

from datetime import datetime

from connect.core.models import Department, Tenant
from connect.core.tenancy import in_tenant
from conversations.actions.conversations import Identity, make_conversation
from conversations.models import Conversation, Customer
from suppression.actions.lists import ListFields, make_list
from suppression.models import Entry, SuppressionList
from suppression.states import Scope


@in_tenant
def a_list(tenant: Tenant, name: str = "Partners", *, scope: Scope = Scope.TENANT, now: datetime) -> SuppressionList:
    return make_list(tenant, ListFields(name, scope), by=None, now=now)


@in_tenant
def a_conversation(tenant: Tenant, name: str = "News", *, now: datetime) -> Conversation:
    identity = Identity(
        name=name,
        department=Department.objects.of(tenant).get().public_id,
        from_name="Northwind",
        from_email="hello@news.northwind.example",
        postal_address="1 Harbour Road, Halifax NS",
        default_language="en",
        default_zone="America/Halifax",
    )
    return make_conversation(tenant, identity, by=None, now=now)


@in_tenant
def a_customer(tenant: Tenant, email: str, *, now: datetime) -> Customer:
    return Customer.objects.create(
        tenant=tenant, external_id=email, email=email, email_key=email, created_at=now, updated_at=now
    )


@in_tenant
def entries_of(tenant: Tenant, listed: SuppressionList) -> list[tuple[str, str, str]]:
    found = Entry.objects.of(tenant).filter(suppression_list=listed).order_by("kind", "value")
    return list(found.values_list("kind", "value", "reason"))
