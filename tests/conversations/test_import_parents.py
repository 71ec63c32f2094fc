"""What takes the place of foreign keys where an import writes: no row without its customer, conversation and tenant."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from connect.core.models import Tenant
from connect.core.sql import Sql, rows, run
from connect.core.tenancy import tenant as open_tenant
from conversations.models import ConsentEntry, Conversation, Customer, Subscription
from tests.conversations.conversing import a_conversation

pytestmark = pytest.mark.django_db

MISSING = 999_999_999
SUBSCRIBE = (
    "INSERT INTO conversations_subscription"
    " (tenant_id, conversation_id, customer_id, channel, state, source, changed_at)"
    " SELECT %s, %s, unnest(%s::bigint[]), 'email', 'subscribed', 'test', now()"
)
NOTE = (
    "INSERT INTO conversations_consententry"
    " (tenant_id, conversation_id, customer_id, channel, was, became, source, wording, proof, at)"
    " SELECT %s, %s, unnest(%s::bigint[]), 'email', '', 'subscribed', 'test', '', '{}', now()"
)


@pytest.fixture
def talk(tenant: Tenant, now: datetime) -> Conversation:
    """A conversation to subscribe people to."""
    return a_conversation(tenant, now=now)


def customers(tenant: Tenant, *external_ids: str, now: datetime) -> list[int]:
    with open_tenant(tenant):
        return [
            Customer.objects.create(tenant=tenant, external_id=one, created_at=now, updated_at=now).pk
            for one in external_ids
        ]


def written(tenant: Tenant) -> tuple[int, int]:
    with open_tenant(tenant):
        return Subscription.objects.count(), ConsentEntry.objects.count()


@pytest.mark.parametrize("statement", [SUBSCRIBE, NOTE])
def test_one_row_without_a_customer_keeps_the_whole_statement_out(
    tenant: Tenant, talk: Conversation, now: datetime, statement: str
) -> None:
    kim, lee = customers(tenant, "A1", "A2", now=now)
    with (
        open_tenant(tenant),
        pytest.raises(IntegrityError, match="no such customer or conversation"),
        transaction.atomic(),
    ):
        run(Sql(statement, (tenant.pk, talk.pk, [kim, MISSING, lee])))
    assert written(tenant) == (0, 0)
    with open_tenant(tenant):
        assert run(Sql(statement, (tenant.pk, talk.pk, [kim, lee]))) == 2


@pytest.mark.parametrize("statement", [SUBSCRIBE, NOTE])
def test_a_row_without_a_conversation_is_refused(tenant: Tenant, now: datetime, statement: str) -> None:
    [kim] = customers(tenant, "A1", now=now)
    with (
        open_tenant(tenant),
        pytest.raises(IntegrityError, match="no such customer or conversation"),
        transaction.atomic(),
    ):
        run(Sql(statement, (tenant.pk, MISSING, [kim])))
    assert written(tenant) == (0, 0)


@pytest.mark.parametrize("statement", [SUBSCRIBE, NOTE])
def test_a_neighbours_customer_or_conversation_is_no_parent(
    tenant: Tenant, neighbour: Tenant, talk: Conversation, now: datetime, statement: str
) -> None:
    [kim] = customers(tenant, "A1", now=now)
    [theirs] = customers(neighbour, "A1", now=now)
    their_talk = a_conversation(neighbour, now=now)
    for conversation, customer in ((talk.pk, theirs), (their_talk.pk, kim)):
        with open_tenant(tenant), pytest.raises(IntegrityError), transaction.atomic():
            run(Sql(statement, (tenant.pk, conversation, [customer])))
    assert written(tenant) == written(neighbour) == (0, 0)


def test_a_subscription_is_not_moved_to_nobody(tenant: Tenant, talk: Conversation, now: datetime) -> None:
    [kim] = customers(tenant, "A1", now=now)
    with open_tenant(tenant):
        run(Sql(SUBSCRIBE, (tenant.pk, talk.pk, [kim])))
        with pytest.raises(IntegrityError, match="no such customer"), transaction.atomic():
            run(Sql("UPDATE conversations_subscription SET customer_id = %s", (MISSING,)))
        assert rows(Sql("SELECT customer_id FROM conversations_subscription")) == [(kim,)]


@pytest.mark.parametrize("statement", [SUBSCRIBE, NOTE])
def test_a_customer_who_is_named_does_not_go(tenant: Tenant, talk: Conversation, now: datetime, statement: str) -> None:
    kim, lee = customers(tenant, "A1", "A2", now=now)
    with open_tenant(tenant):
        run(Sql(statement, (tenant.pk, talk.pk, [kim])))
        with pytest.raises(IntegrityError, match="names it"), transaction.atomic():
            run(Sql("DELETE FROM conversations_customer WHERE id = ANY (%s)", ([kim, lee],)))
        assert Customer.objects.count() == 2
        assert run(Sql("DELETE FROM conversations_customer WHERE id = %s", (lee,))) == 1


def test_a_conversation_that_is_named_does_not_go(tenant: Tenant, talk: Conversation, now: datetime) -> None:
    [kim] = customers(tenant, "A1", now=now)
    with open_tenant(tenant):
        run(Sql(SUBSCRIBE, (tenant.pk, talk.pk, [kim])))
        with pytest.raises(IntegrityError, match="names it"), transaction.atomic():
            run(Sql("DELETE FROM conversations_conversation WHERE id = %s", (talk.pk,)))
        assert Conversation.objects.count() == 1


def test_a_customer_of_no_tenant_is_refused(tenant: Tenant) -> None:
    insert = (
        "INSERT INTO conversations_customer (tenant_id, public_id, external_id, email, email_key, phone, language,"
        " zone, country, region, attributes, interests, preferences, created_at, updated_at, version)"
        " VALUES (%s, gen_random_uuid(), 'A1', '', '', '', '', '', '', '', '{}', '{}', '{}', now(), now(), 1)"
    )
    with open_tenant(tenant):
        run(Sql("SELECT set_config('app.tenant', %s, true)", (str(MISSING),)))
        with pytest.raises(IntegrityError, match="no such tenant"), transaction.atomic():
            run(Sql(insert, (MISSING,)))
        run(Sql("SELECT set_config('app.tenant', %s, true)", (str(tenant.pk),)))
        assert run(Sql(insert, (tenant.pk,))) == 1


def test_parents_are_looked_up_in_the_key_of_ids(tenant: Tenant, talk: Conversation, now: datetime) -> None:
    found = customers(tenant, *(f"A{number}" for number in range(50)), now=now)
    with open_tenant(tenant):
        run(Sql("SET LOCAL enable_sort = off"))
        run(Sql("SET LOCAL enable_seqscan = off"))
        run(Sql("SET LOCAL enable_bitmapscan = off"))
        asked = (
            "EXPLAIN SELECT count(*) FROM (SELECT c.id FROM conversations_customer c"
            " WHERE c.tenant_id = %s AND c.id = ANY (%s) ORDER BY c.id OFFSET 0) found"
        )
        plan = "\n".join(line for (line,) in rows(Sql(asked, (tenant.pk, found))))
    assert "using conversations_customer_tenant_id_key" in plan
    assert "(id = ANY (" in plan
    assert "Sort" not in plan
