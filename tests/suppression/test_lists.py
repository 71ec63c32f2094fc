"""Lists are made, changed, deleted and applied; what lets addresses go needs an admin."""

from datetime import datetime

import pytest

from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from suppression.actions.applications import apply_list, take_list_off
from suppression.actions.entries import add_entry, do_suppress
from suppression.actions.lists import ListFields, change_list, delete_list, make_list
from suppression.models import Application, Entry, SuppressionList
from suppression.states import Reason, Scope
from tests.suppression.factories import a_conversation, a_list

pytestmark = pytest.mark.django_db


def names(tenant: Tenant) -> list[tuple[str, str, int]]:
    with open_tenant(tenant):
        return list(SuppressionList.objects.of(tenant).order_by("name").values_list("name", "scope", "version"))


def test_a_list_is_made(tenant: Tenant, marketer: Member, now: datetime) -> None:
    make_list(tenant, ListFields(" Partners ", Scope.CONVERSATIONS, "Of the fair"), by=marketer, now=now)
    assert names(tenant) == [("Partners", "conversations", 1)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (ListFields("", Scope.TENANT), "name"),
        (ListFields("x" * 121, Scope.TENANT), "name"),
        (ListFields("a\x00b", Scope.TENANT), "name"),
        (ListFields("Partners", Scope.TENANT), "name"),
        (ListFields("Other", Scope.TENANT, "x" * 241), "description"),
    ],
)
def test_a_bad_list_is_refused_by_field(tenant: Tenant, now: datetime, fields: ListFields, field: str) -> None:
    a_list(tenant, now=now)
    with pytest.raises(Invalid) as caught:
        make_list(tenant, fields, by=None, now=now)
    assert list(caught.value.fields) == [field]
    assert names(tenant) == [("Partners", "tenant", 1)]


def test_a_stale_change_is_refused_with_what_stands_now(tenant: Tenant, admin: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    change_list(tenant, listed.public_id, 1, ListFields("First", Scope.TENANT), by=admin, now=now)
    with pytest.raises(StaleVersion) as caught:
        change_list(tenant, listed.public_id, 1, ListFields("Second", Scope.TENANT), by=admin, now=now)
    assert caught.value.current.name == "First"
    assert names(tenant) == [("First", "tenant", 2)]


def test_a_marketer_changes_and_deletes_no_list(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    with pytest.raises(Forbidden):
        change_list(tenant, listed.public_id, 1, ListFields("X", Scope.CONVERSATIONS), by=marketer, now=now)
    with pytest.raises(Forbidden):
        delete_list(tenant, listed.public_id, by=marketer, now=now)
    assert names(tenant) == [("Partners", "tenant", 1)]


def test_a_list_is_deleted_with_its_entries_alone(tenant: Tenant, admin: Member, now: datetime) -> None:
    gone, kept = a_list(tenant, "Gone", now=now), a_list(tenant, "Kept", now=now)
    news = a_conversation(tenant, now=now)
    for listed in (gone, kept):
        add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.MANUAL, by=None, now=now)
        apply_list(tenant, listed.public_id, news.public_id, by=None, now=now)
    assert delete_list(tenant, gone.public_id, by=admin, now=now) == 1
    assert names(tenant) == [("Kept", "tenant", 1)]
    with open_tenant(tenant):
        assert [entry.suppression_list_id for entry in Entry.objects.all()] == [kept.pk]
        assert [row.suppression_list_id for row in Application.objects.all()] == [kept.pk]
        assert AuditEntry.objects.get(did="suppression.list_deleted").details == {"name": "Gone", "entries": 1}


def test_the_automatic_list_stays_and_holds_for_all(tenant: Tenant, admin: Member, now: datetime) -> None:
    do_suppress(tenant, "kim@shop.example", reason=Reason.HARD_BOUNCE, source="bounce", now=now)
    with open_tenant(tenant):
        listed = SuppressionList.objects.get()
    with pytest.raises(Conflict):
        delete_list(tenant, listed.public_id, by=admin, now=now)
    with pytest.raises(Invalid) as caught:
        change_list(tenant, listed.public_id, 1, ListFields("X", Scope.CONVERSATIONS), by=admin, now=now)
    assert list(caught.value.fields) == ["scope"]
    assert names(tenant) == [("Bounces and complaints", "tenant", 1)]
    change_list(tenant, listed.public_id, 1, ListFields("Dead addresses", Scope.TENANT), by=admin, now=now)
    do_suppress(tenant, "lee@shop.example", reason=Reason.HARD_BOUNCE, source="bounce", now=now)
    assert names(tenant) == [("Dead addresses", "tenant", 2)]


def test_applying_twice_is_applying_once(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed, news = a_list(tenant, scope=Scope.CONVERSATIONS, now=now), a_conversation(tenant, now=now)
    assert apply_list(tenant, listed.public_id, news.public_id, by=marketer, now=now) is True
    assert apply_list(tenant, listed.public_id, news.public_id, by=marketer, now=now) is False
    with open_tenant(tenant):
        assert Application.objects.count() == 1
        assert AuditEntry.objects.filter(did="suppression.list_applied").count() == 1


def test_an_admin_takes_a_list_off_and_a_marketer_does_not(
    tenant: Tenant, marketer: Member, admin: Member, now: datetime
) -> None:
    listed, news = a_list(tenant, scope=Scope.CONVERSATIONS, now=now), a_conversation(tenant, now=now)
    apply_list(tenant, listed.public_id, news.public_id, by=marketer, now=now)
    with pytest.raises(Forbidden):
        take_list_off(tenant, listed.public_id, news.public_id, by=marketer, now=now)
    with open_tenant(tenant):
        assert Application.objects.count() == 1
    take_list_off(tenant, listed.public_id, news.public_id, by=admin, now=now)
    with open_tenant(tenant):
        assert Application.objects.count() == 0
    with pytest.raises(Conflict):
        take_list_off(tenant, listed.public_id, news.public_id, by=admin, now=now)


def test_no_list_is_applied_across_tenants(tenant: Tenant, neighbour: Tenant, stranger: Member, now: datetime) -> None:
    mine, theirs = a_list(tenant, now=now), a_list(neighbour, now=now)
    news, foreign = a_conversation(tenant, now=now), a_conversation(neighbour, now=now)
    with pytest.raises(SuppressionList.DoesNotExist):
        apply_list(neighbour, mine.public_id, foreign.public_id, by=stranger, now=now)
    with pytest.raises(Conversation.DoesNotExist):
        apply_list(neighbour, theirs.public_id, news.public_id, by=stranger, now=now)
    for one in (tenant, neighbour):
        with open_tenant(one):
            assert Application.objects.count() == 0
