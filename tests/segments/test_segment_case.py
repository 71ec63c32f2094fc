"""The first segment that fits takes the customer, from stored models and frozen JSON alike; the rest are Leftovers."""

from datetime import datetime
from typing import Any

import pytest

from audiences.rules.evaluate import matches
from connect.core.errors import Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation, Customer
from segments.actions.models import create_segmentation
from segments.compile import segment_case
from segments.counts import SegmentCounts, count_segments
from tests.audiences.factories import add_customer, declare_all, make_conversation

pytestmark = pytest.mark.django_db


def rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value}]}


GOLD = rule("attributes.tier", "equals", "gold")
RICH = rule("attributes.points", "at_least", 100)
GERMAN = rule("country", "equals", "DE")
EVERYBODY = {"combinator": "and", "rules": []}

PEOPLE: dict[str, dict[str, Any]] = {
    "gold-rich-german": {"attributes": {"tier": "gold", "points": 200}, "country": "DE"},
    "rich": {"attributes": {"points": 100}},
    "rich-german": {"attributes": {"points": 150}, "country": "DE"},
    "german": {"attributes": {"tier": None, "points": "many"}, "country": "DE"},
    "nothing": {},
}


@pytest.fixture
def news(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    """A conversation with the five above; two more people are no members."""
    declare_all(tenant, now=now)
    conversation = make_conversation(tenant, department, now=now)
    for name, values in PEOPLE.items():
        add_customer(tenant, name, conversation, now=now, **values)
    add_customer(tenant, "outside", now=now, country="DE")
    return conversation


def split(tenant: Tenant, frozen: dict[str, Any], now: datetime) -> dict[str, int | None]:
    case = segment_case(tenant, frozen, now=now)
    found = rows(
        "SELECT c.external_id, "
        + case
        + Sql(
            " FROM conversations_subscription s JOIN conversations_customer c ON c.tenant_id = s.tenant_id"
            " AND c.id = s.customer_id WHERE s.tenant_id = %s",
            (tenant.pk,),
        )
    )
    return dict(found)


def test_the_first_that_fits_takes_the_customer(tenant: Tenant, news: Conversation, now: datetime) -> None:
    frozen = {"segments": [{"id": 7, "rule": GOLD}, {"id": 5, "rule": RICH}, {"id": 9, "rule": GERMAN}]}
    with open_tenant(tenant):
        assert split(tenant, frozen, now) == {
            "gold-rich-german": 7,
            "rich": 5,
            "rich-german": 5,
            "german": 9,
            "nothing": None,
        }
        for customer in Customer.objects.exclude(external_id="outside"):
            first = next(
                (one["id"] for one in frozen["segments"] if matches(tenant, one["rule"], customer, now=now)), None
            )
            assert split(tenant, frozen, now)[customer.external_id] == first


def test_a_stored_model_gives_its_segments_keys(
    tenant: Tenant, marketer: Member, department: Department, news: Conversation, now: datetime
) -> None:
    model = create_segmentation(
        tenant,
        by=marketer,
        name="Worth",
        segments=[("Rich", RICH), ("German", GERMAN)],
        leftovers_get_content=True,
        department_id=department.public_id,
        now=now,
    )
    with open_tenant(tenant):
        rich, german = model.segments()
        frozen = {"segments": [{"id": one.pk, "rule": one.rule} for one in (rich, german)]}
        found = split(tenant, frozen, now)
    assert found["rich-german"] == rich.pk
    assert found["german"] == german.pk
    assert found["nothing"] is None


def test_without_segments_everybody_is_left_over(tenant: Tenant, news: Conversation, now: datetime) -> None:
    with open_tenant(tenant):
        assert set(split(tenant, {"segments": []}, now).values()) == {None}


def test_a_field_that_went_is_named(tenant: Tenant, now: datetime) -> None:
    with open_tenant(tenant), pytest.raises(Invalid):
        segment_case(tenant, {"segments": [{"id": 1, "rule": GOLD}]}, now=now)


def test_counts_are_by_first_match_and_sum_to_the_members(tenant: Tenant, news: Conversation, now: datetime) -> None:
    assert count_segments(tenant, news, [GOLD, RICH, GERMAN], now=now) == SegmentCounts((1, 2, 1), 1, 5, now)
    assert count_segments(tenant, news, [EVERYBODY, GOLD], now=now) == SegmentCounts((5, 0), 0, 5, now)
    assert count_segments(tenant, news, [GOLD, RICH], among=GERMAN, now=now) == SegmentCounts((1, 1), 1, 3, now)
    assert count_segments(tenant, news, [], now=now) == SegmentCounts((), 5, 5, now)
