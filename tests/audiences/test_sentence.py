"""A rule says in plain words what it does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from audiences.rules.sentence import Word, plain, sentence
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import declare_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def opened(tenant: Tenant, now: datetime) -> Iterator[None]:
    declare_all(tenant, now=now)
    with open_tenant(tenant):
        yield


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def test_each_piece_has_its_kind(tenant: Tenant) -> None:
    assert sentence(tenant, {"combinator": "and", "rules": [rule("country", "equals", "CA")]}) == [
        Word("Country", "field"),
        Word("is", "operator"),
        Word("Canada", "value"),
    ]


def test_groups_are_bracketed_and_negated(tenant: Tenant) -> None:
    inner = {
        "combinator": "or",
        "rules": [rule("attributes.vip", "equals", True), rule("language", "one_of", ["fr", "en"])],
    }
    tree = {
        "combinator": "and",
        "rules": [rule("country", "equals", "CA"), inner, {**inner, "not": True}],
    }
    assert plain(sentence(tenant, tree)) == (
        "Country is Canada and (Vip is yes or Language is one of French, English)"
        " and not (Vip is yes or Language is one of French, English)"
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (rule("attributes.points", "between", [1000, 2500.5]), "Points is between 1,000 and 2,500.5"),
        (rule("attributes.points", "greater", 0.0001), "Points is more than 0.0001"),
        (rule("attributes.birthday", "in_next_days", 7), "Birthday is in the next 7 days"),
        (rule("attributes.last_visit", "days_ago", 1), "Last visit is at least 1 day ago"),
        (rule("attributes.birthday", "equals", "2026-03-02"), "Birthday is 2 Mar 2026"),
        (
            rule("attributes.last_visit", "before", "2026-03-02T23:30:00+00:00"),
            "Last visit is before Tue 3 Mar 2026 00:30 CET",
        ),
        (rule("attributes.city", "not_set"), "City is not set"),
        (rule("external_id", "one_of", list("abcdefgh")), "Customer id is one of a, b, c, d, e, f and 2 more"),
        (rule("subscription.state", "equals", "bounced_out"), "Subscription is bounced out"),
    ],
)
def test_values_are_written_for_people(tenant: Tenant, asked: dict[str, Any], says: str) -> None:
    assert plain(sentence(tenant, {"combinator": "and", "rules": [asked]})) == says


def test_no_rule_is_everybody(tenant: Tenant) -> None:
    assert plain(sentence(tenant, {"combinator": "and", "rules": []})) == "Everybody"
    assert plain(sentence(tenant, {"combinator": "or", "not": True, "rules": []})) == "Nobody"
