"""Customers are found, shown, made and changed; a stale save shows both versions, and consent is only ever added to."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.attributes import AttributeOf, declare_attribute
from conversations.actions.customers import CustomerOf, change_customer, make_customer
from conversations.models import ConsentEntry, Conversation, Customer
from conversations.states import AttributeKind, AttributeType
from tests.conversations.conversing import a_conversation

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Member], Client]


@pytest.fixture
def talk(tenant: Tenant, now: datetime) -> Conversation:
    """A conversation of Northwind's."""
    return a_conversation(tenant, now=now)


@pytest.fixture
def kim(tenant: Tenant, marketer: Member, now: datetime) -> Customer:
    """A customer with a name and a number."""
    for wanted in (
        AttributeOf(AttributeKind.ATTRIBUTE, "first_name", "First name"),
        AttributeOf(AttributeKind.ATTRIBUTE, "points", "Points", AttributeType.NUMBER),
        AttributeOf(AttributeKind.INTEREST, "skiing", "Skiing"),
    ):
        declare_attribute(tenant, wanted, by=None, now=now)
    told = CustomerOf("K-1", "Kim@Shop.example", attributes={"first_name": "<b>Kim</b>", "points": "12"})
    return make_customer(tenant, told, by=marketer, now=now)


def test_what_is_known_is_shown_and_inert(kim: Customer, viewer: Member, client_of: ClientOf) -> None:
    page = client_of(viewer).get(f"/t/northwind/customers/{kim.public_id}/").content.decode()
    assert "&lt;b&gt;Kim&lt;/b&gt;" in page
    assert "<b>Kim</b>" not in page
    assert "They never agreed to anything" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 1), ("q=K-", 1), ("q=kim@", 1), ("q=lee", 0), ("country=DE", 0), ("q=%27+OR+1%3D1--", 0), ("after=K-1", 0)],
)
def test_customers_are_found_by_how_they_begin(
    kim: Customer, viewer: Member, client_of: ClientOf, query: str, found: int
) -> None:
    page = client_of(viewer).get(f"/t/northwind/customers/?{query}", headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert page.content.decode().count("data-lead") == found


def test_a_change_is_saved_with_its_version(
    tenant: Tenant, kim: Customer, marketer: Member, client_of: ClientOf
) -> None:
    path = f"/t/northwind/customers/{kim.public_id}/edit/"
    typed = {"external_id": "K-1", "email": "kim@new.example", "country": "ca", "attributes.points": "13", "version": 1}
    assert client_of(marketer).post(path, typed | {"interests": ["skiing"]}).status_code == 302
    with open_tenant(tenant):
        now_is = Customer.objects.get()
    assert (now_is.email_key, now_is.country, now_is.attributes, now_is.interests, now_is.version) == (
        "kim@new.example",
        "CA",
        {"points": 13},
        ["skiing"],
        2,
    )


def test_a_stale_save_shows_both_and_changes_nothing(
    tenant: Tenant, kim: Customer, marketer: Member, client_of: ClientOf, now: datetime
) -> None:
    change_customer(tenant, kim.public_id, 1, CustomerOf("K-1", "theirs@shop.example"), by=marketer, now=now)
    answer = client_of(marketer).post(
        f"/t/northwind/customers/{kim.public_id}/edit/",
        {"external_id": "K-1", "email": "mine@shop.example", "version": 1},
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "theirs@shop.example" in page
    assert "mine@shop.example" in page
    with open_tenant(tenant):
        assert (Customer.objects.get().email, Customer.objects.get().version) == ("theirs@shop.example", 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a@b.example\r\nBcc: x@y.example"),
        ("language", "klingon!"),
        ("zone", "Mars/Olympus"),
        ("country", "XX"),
        ("phone", "call me"),
        ("external_id", ""),
        ("attributes.points", "many"),
        ("interests", "flying"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    tenant: Tenant, kim: Customer, marketer: Member, client_of: ClientOf, field: str, value: str
) -> None:
    typed = {"external_id": "K-1", "version": 1, field: value}
    answer = client_of(marketer).post(f"/t/northwind/customers/{kim.public_id}/edit/", typed)
    assert answer.status_code == 422
    with open_tenant(tenant):
        assert (Customer.objects.get().version, Customer.objects.get().email) == (1, "Kim@Shop.example")


def test_consent_by_hand_needs_words_and_proof(
    tenant: Tenant, kim: Customer, talk: Conversation, marketer: Member, client_of: ClientOf
) -> None:
    path = f"/t/northwind/customers/{kim.public_id}/consent/"
    typed = {"conversation": str(talk.public_id), "to": "subscribed", "wording": "", "proof": "Call of 2 March"}
    assert client_of(marketer).post(path, typed).status_code == 422
    with open_tenant(tenant):
        assert ConsentEntry.objects.count() == 0
    assert client_of(marketer).post(path, {**typed, "wording": "Yes, write to me."}).status_code == 302
    with open_tenant(tenant):
        entry = ConsentEntry.objects.get()
    assert (entry.became, entry.wording, entry.proof["note"]) == ("subscribed", "Yes, write to me.", "Call of 2 March")


def test_a_viewer_changes_nothing(tenant: Tenant, kim: Customer, viewer: Member, client_of: ClientOf) -> None:
    path = f"/t/northwind/customers/{kim.public_id}/edit/"
    assert client_of(viewer).post(path, {"external_id": "X", "version": 1}).status_code == 403
    with open_tenant(tenant):
        assert Customer.objects.get().external_id == "K-1"


def test_an_attribute_is_declared_by_an_admin_alone(
    tenant: Tenant, admin: Member, marketer: Member, client_of: ClientOf
) -> None:
    typed = {"kind": "attribute", "name": "shoe_size", "label": "Shoe size", "type": "number"}
    assert client_of(marketer).post("/t/northwind/admin/attributes/declare/", typed).status_code == 403
    assert client_of(admin).post("/t/northwind/admin/attributes/declare/", typed).status_code == 302
    again = client_of(admin).post("/t/northwind/admin/attributes/declare/", typed)
    assert (again.status_code, "This name is declared already." in again.content.decode()) == (422, True)
