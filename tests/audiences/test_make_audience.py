"""Making an audience model by its form: what becomes of it, and that bad input is named by its place."""

import time
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from audiences.actions.models import create_audience
from connect.core.models import Department, Member, Tenant
from tests.audiences.pages import GERMANS_FORM, LIST, Browser, page_of, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


def test_a_form_becomes_a_model(tenant: Tenant, marketer: Member, department: Department, client_of: Browser) -> None:
    form = {
        "name": "Nested",
        "department": str(department.public_id),
        "rule.combinator": "or",
        "rule.not": "1",
        "rule.rules.0.field": "attributes.points",
        "rule.rules.0.operator": "between",
        "rule.rules.0.first": "-1",
        "rule.rules.0.last": "2.5",
        "rule.rules.3.combinator": "and",
        "rule.rules.3.rules.0.field": "attributes.last_visit",
        "rule.rules.3.rules.0.operator": "before",
        "rule.rules.3.rules.0.value": "2026-07-01T12:00",
        "rule.rules.3.rules.1.field": "attributes.tier",
        "rule.rules.3.rules.1.operator": "one_of",
        "rule.rules.3.rules.1.value": ["gold", "silver"],
        "rule.rules.3.rules.2.field": "attributes.city",
        "rule.rules.3.rules.2.operator": "none_of",
        "rule.rules.3.rules.2.value": "Bern, Basel\r\n",
        "rule.rules.3.rules.4.field": "attributes.birthday",
        "rule.rules.3.rules.4.operator": "in_next_days",
        "rule.rules.3.rules.4.value": "7",
        "rule.rules.3.rules.10.field": "interests.ski",
        "rule.rules.3.rules.10.operator": "equals",
        "rule.rules.3.rules.10.value": "true",
    }
    answer = client_of(marketer).post(f"{LIST}new/", form)
    assert answer.status_code == 302
    inner = [
        {"field": "attributes.last_visit", "operator": "before", "value": "2026-07-01T10:00:00+00:00"},
        {"field": "attributes.tier", "operator": "one_of", "value": ["gold", "silver"]},
        {"field": "attributes.city", "operator": "none_of", "value": ["Bern, Basel"]},
        {"field": "attributes.birthday", "operator": "in_next_days", "value": 7},
        {"field": "interests.ski", "operator": "equals", "value": True},
    ]
    points = {"field": "attributes.points", "operator": "between", "value": [-1, 2.5]}
    rule = {"combinator": "or", "not": True, "rules": [points, {"combinator": "and", "rules": inner}]}
    assert stored(tenant) == [("Nested", rule, 1)]
    shown = client_of(marketer).get(answer["Location"]).text
    assert 'value="2026-07-01T12:00"' in shown  # in the tenant's own zone again
    assert "Bern, Basel\n" in shown


@pytest.mark.parametrize(
    ("changes", "node"),
    [
        ({"rule.rules.0.field": "name'; SELECT pg_sleep(5)--", "rule.rules.0.was": ""}, "rule.rules.0.field"),
        ({"rule.rules.0.field": "attributes.a'->>'b", "rule.rules.0.was": ""}, "rule.rules.0.field"),
        ({"rule.rules.0.operator": "OR 1=1"}, "rule.rules.0.operator"),
        ({"rule.rules.0.operator": "regex", "rule.rules.0.value": "^(a+)+$"}, "rule.rules.0.operator"),
        ({"rule.rules.0.value": "ZZ"}, "rule.rules.0.value"),
        ({"rule.rules.0.value": ""}, "rule.rules.0.value"),
        ({"rule.rules.1.combinator": "and"}, "rule.rules.1"),
        ({"rule.combinator": "xor"}, "rule.combinator"),
        ({"name": " "}, "id_name"),
        ({"name": "x" * 121}, "id_name"),
        ({"department": str(uuid4())}, "id_department"),
        ({"department": "1 OR 1=1"}, "id_department"),
    ],
)
def test_bad_input_is_named_by_its_place_and_nothing_is_stored(
    tenant: Tenant,
    marketer: Member,
    department: Department,
    client_of: Browser,
    changes: dict[str, str],
    node: str,
) -> None:
    form = {"name": "Bad", "department": str(department.public_id), **GERMANS_FORM, **changes}
    answer = client_of(marketer).post(f"{LIST}new/", form)
    assert answer.status_code == 422
    assert f'href="#{node}"' in answer.text
    assert stored(tenant) == []


@pytest.mark.parametrize(
    "name",
    [
        "rule._connector",
        "rule.rules.0._negated",
        "rule.rules.0.value.x",
        'rule."alias"',
        "rule.rules.-1.field",
        "rule.rules.1000.field",
        "rule.rules.0.__class__",
        "rule" + ".rules.0" * 10_000 + ".field",
        "rule" + ".rules.0" * 11 + ".field",
    ],
)
def test_inputs_that_no_form_of_ours_has_are_refused_at_once(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, name: str
) -> None:
    browser = client_of(marketer)
    browser.get(LIST)
    form = {"name": "Bad", "department": str(department.public_id), **GERMANS_FORM, name: "1"}
    began = time.perf_counter()
    answer = browser.post(f"{LIST}new/", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert time.perf_counter() - began < 0.5
    assert answer.status_code == 422
    assert stored(tenant) == []


def test_a_neighbours_department_is_refused(
    tenant: Tenant, marketer: Member, neighbour_department: Department, client_of: Browser
) -> None:
    form = {"name": "Bad", "department": str(neighbour_department.public_id), **GERMANS_FORM}
    assert client_of(marketer).post(f"{LIST}new/", form).status_code == 422
    assert stored(tenant) == []


def test_what_was_typed_is_inert_text(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    rule = {"combinator": "and", "rules": [{"field": "attributes.city", "operator": "equals", "value": evil}]}
    made = create_audience(
        tenant, by=marketer, name=evil, rule=rule, department_id=department.public_id, now=now, description=evil
    )
    browser = client_of(marketer)
    for text in (browser.get(LIST).text, browser.get(page_of(made)).text):
        assert "&lt;img src=x" in text
        assert "<img" not in text
