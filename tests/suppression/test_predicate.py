"""Who counts as suppressed in which conversation, and what asking costs."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection

from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from suppression import predicates
from suppression.actions.applications import apply_list
from suppression.actions.entries import add_entry, do_suppress
from suppression.models import Entry
from suppression.predicates import suppressed, suppressed_in_bulk
from suppression.states import Reason, Scope
from tests.suppression.factories import a_conversation, a_customer, a_list

pytestmark = pytest.mark.django_db

ADDRESS = "kim@mail.shop.example"


def is_suppressed(tenant: Tenant, address: str | None, conversation: Conversation) -> bool:
    with open_tenant(tenant):
        key = "(SELECT %s::text, %s::bigint) k (address, conversation)"
        in_bulk = suppressed_in_bulk(tenant, "k.address", "k.conversation", conversation.pk)
        asked = f"SELECT {suppressed('k.address', 'k.conversation')}, " + in_bulk + f" FROM {key}"
        [(answer, answer_in_bulk)] = rows(asked + Sql("", (address, conversation.pk)))
    assert isinstance(answer, bool)
    assert answer_in_bulk is answer
    return answer


@pytest.mark.parametrize(
    "value",
    [
        ADDRESS,
        "mail.shop.example",
        hashlib.sha256(ADDRESS.encode()).hexdigest(),
        hashlib.md5(ADDRESS.encode()).hexdigest().upper(),
    ],
)
def test_an_address_its_domain_or_its_hash_suppresses_it(tenant: Tenant, now: datetime, value: str) -> None:
    news = a_conversation(tenant, now=now)
    listed = a_list(tenant, now=now)
    assert is_suppressed(tenant, ADDRESS, news) is False
    add_entry(tenant, listed.public_id, value=value, reason=Reason.LEGAL, by=None, now=now)
    assert is_suppressed(tenant, ADDRESS, news) is True
    assert is_suppressed(tenant, "kim@other.example", news) is False


@pytest.mark.parametrize("value", ["shop.example", "example", "kim@shop.example", "im@mail.shop.example"])
def test_what_only_resembles_an_address_does_not_suppress_it(tenant: Tenant, now: datetime, value: str) -> None:
    news = a_conversation(tenant, now=now)
    listed = a_list(tenant, now=now)
    if value != "example":
        add_entry(tenant, listed.public_id, value=value, reason=Reason.LEGAL, by=None, now=now)
    assert is_suppressed(tenant, ADDRESS, news) is False


@pytest.mark.parametrize("address", [None, ""])
def test_no_address_is_not_suppressed(tenant: Tenant, now: datetime, address: str | None) -> None:
    news = a_conversation(tenant, now=now)
    do_suppress(tenant, ADDRESS, reason=Reason.HARD_BOUNCE, source="test", now=now)
    assert is_suppressed(tenant, address, news) is False


def test_a_list_for_conversations_holds_where_it_is_applied_alone(tenant: Tenant, now: datetime) -> None:
    news, offers = a_conversation(tenant, "News", now=now), a_conversation(tenant, "Offers", now=now)
    listed = a_list(tenant, scope=Scope.CONVERSATIONS, now=now)
    add_entry(tenant, listed.public_id, value=ADDRESS, reason=Reason.MANUAL, by=None, now=now)
    assert [is_suppressed(tenant, ADDRESS, one) for one in (news, offers)] == [False, False]
    apply_list(tenant, listed.public_id, offers.public_id, by=None, now=now)
    assert [is_suppressed(tenant, ADDRESS, one) for one in (news, offers)] == [False, True]


def test_an_expired_entry_suppresses_nothing(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value=ADDRESS, reason=Reason.MANUAL, by=None, now=now)
    for end, expected in (("1 day", True), ("-1 second", False)):
        with open_tenant(tenant), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE suppression_entry SET expires_at = now() + %s::interval WHERE id = %s", [end, entry.pk]
            )
        assert is_suppressed(tenant, ADDRESS, news) is expected


def test_a_neighbours_entry_suppresses_nothing(tenant: Tenant, neighbour: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    do_suppress(neighbour, ADDRESS, reason=Reason.COMPLAINT, source="test", now=now)
    assert is_suppressed(tenant, ADDRESS, news) is False


def test_entries_that_are_too_many_to_hold_are_looked_up_one_by_one(
    tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicates, "HELD_ENTRIES", 1)
    news = a_conversation(tenant, now=now)
    for address in (ADDRESS, "lee@other.example"):
        with open_tenant(tenant):
            asked = suppressed_in_bulk(tenant, "k.address", "k.conversation", news.pk)
        assert asked.text != suppressed("k.address", "k.conversation")
        do_suppress(tenant, address, reason=Reason.COMPLAINT, source="test", now=now)
    with open_tenant(tenant):
        asked = suppressed_in_bulk(tenant, "k.address", "k.conversation", news.pk)
    assert asked == Sql(suppressed("k.address", "k.conversation"))


def test_the_predicate_asks_the_unique_index_and_scans_no_table(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    listed = a_list(tenant, now=now)
    with open_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO suppression_entry"
            " (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at)"
            " SELECT %s, gen_random_uuid(), %s, kind, md5(kind || n), 'import', '', now()"
            " FROM generate_series(1, 2000) n, unnest(ARRAY['email', 'sha256', 'md5']) kind",
            [tenant.pk, listed.pk],
        )
        a_customer(tenant, ADDRESS, now=now)
        asked = f"SELECT count(*) FROM conversations_customer c WHERE {suppressed('c.email_key', str(news.pk))}"
        plan = "\n".join(line for (line,) in rows(Sql("EXPLAIN " + asked)))
    scans = [line.strip() for line in plan.splitlines() if " on suppression_entry sup_e" in line]
    keys = [line for line in plan.splitlines() if "Index Cond" in line and "(value)::text = " in line]
    assert len(scans) == 2
    assert all("Index Scan using suppression_entry_key" in line for line in scans)
    assert len(keys) == 2
    assert all("tenant_id = " in line and "(kind)::text = " in line for line in keys)


def test_suppressing_makes_the_automatic_list_once(tenant: Tenant, now: datetime) -> None:
    assert do_suppress(tenant, "Kim@Shop.example", reason=Reason.HARD_BOUNCE, source="bounce", now=now) is True
    assert do_suppress(tenant, "kim@shop.example", reason=Reason.COMPLAINT, source="fbl", now=now) is False
    with open_tenant(tenant):
        entry = Entry.objects.select_related("suppression_list").get()
    assert (entry.kind, entry.value, entry.reason, entry.source) == (
        "email",
        "kim@shop.example",
        "hard_bounce",
        "bounce",
    )
    assert (entry.suppression_list.automatic, entry.suppression_list.scope) == (True, "tenant")


def test_the_automatic_list_finds_a_free_name(tenant: Tenant, now: datetime) -> None:
    a_list(tenant, "Bounces and complaints", now=now)
    do_suppress(tenant, ADDRESS, reason=Reason.HARD_BOUNCE, source="bounce", now=now)
    with open_tenant(tenant):
        assert Entry.objects.get().suppression_list.name == "Bounces and complaints 2"


def test_suppressing_lifts_the_end_of_an_entry(tenant: Tenant, now: datetime) -> None:
    do_suppress(tenant, ADDRESS, reason=Reason.HARD_BOUNCE, source="bounce", now=now)
    with open_tenant(tenant):
        Entry.objects.update(expires_at=now + timedelta(days=1))
    later = now + timedelta(days=2)
    assert do_suppress(tenant, ADDRESS, reason=Reason.COMPLAINT, source="fbl", now=later) is True
    with open_tenant(tenant):
        entry = Entry.objects.get()
    assert (entry.reason, entry.expires_at, entry.created_at) == ("complaint", None, later)
