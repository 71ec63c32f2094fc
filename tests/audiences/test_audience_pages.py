"""Audience models over HTTP: what each role gets, what bad input gets, and that the builder's buttons store nothing."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.actions.models import create_audience
from audiences.models import AudienceCount, AudienceModel
from connect import wiring
from connect.core import panels
from connect.core.models import Department, Member, Tenant
from connect.core.panels import Use
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import add_customer, declare_all, make_conversation

pytestmark = pytest.mark.django_db

Browser = Callable[[Member], Client]
GERMANS = {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": "DE"}]}
GERMANS_FORM = {
    "rule.combinator": "and",
    "rule.rules.0.field": "country",
    "rule.rules.0.was": "country",
    "rule.rules.0.operator": "equals",
    "rule.rules.0.value": "DE",
}
LIST = "/t/northwind/audiences/"


@pytest.fixture(autouse=True)
def declared(tenant: Tenant, now: datetime) -> None:
    declare_all(tenant, now=now)


@pytest.fixture
def germans(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> AudienceModel:
    return create_audience(
        tenant, by=marketer, name="Germans", rule=GERMANS, department_id=department.public_id, now=now
    )


@pytest.fixture
def spring(now: datetime) -> Iterator[None]:
    """Two campaigns rest on every model; a change voids the approvals of one."""

    def ask(_tenant: Tenant, _kind: str, _thing: UUID) -> list[Use]:
        return [Use("Spring sale", "/spring", "campaign", voids=True), Use("Last year", "/last", "campaign")]

    panels.wire(rail=panels.rail(), used_by=[ask], panels=[])
    yield
    wiring.wire()


def stored(tenant: Tenant) -> list[tuple[Any, ...]]:
    with open_tenant(tenant):
        return [*AudienceModel.objects.order_by("id").values_list("name", "rule", "version")]


def page_of(model: AudienceModel, action: str = "") -> str:
    return f"{LIST}{model.public_id}/{action}"


# --- The list --------------------------------------------------------------------------------------------------------


def test_an_empty_list_offers_the_first_step_to_those_who_may(
    marketer: Member, viewer: Member, client_of: Browser
) -> None:
    assert "Make the first model" in client_of(marketer).get(LIST).text
    seen = client_of(viewer).get(LIST)
    assert "No audience models yet" in seen.text
    assert "Make the first model" not in seen.text


def test_the_list_says_rule_count_and_time(
    tenant: Tenant, germans: AudienceModel, viewer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    news = make_conversation(tenant, department, now=now)
    add_customer(tenant, "a", news, now=now, country="DE")
    add_customer(tenant, "b", news, now=now, country="FR")
    browser = client_of(viewer)
    assert "Not counted yet" in browser.get(LIST).text
    assert browser.get(page_of(germans, "reach/"), {"conversation": str(news.public_id)}).status_code == 200
    with open_tenant(tenant):
        counted = AudienceCount.objects.get()
        assert (counted.people, counted.members, counted.version, counted.conversation_id) == (1, 2, 1, news.pk)
    text = browser.get(LIST).text
    assert "Country is Germany" in text
    assert "News" in text
    assert "Not counted yet" not in text


def test_a_part_is_answered_to_htmx_and_a_page_to_others(
    germans: AudienceModel, viewer: Member, client_of: Browser
) -> None:
    browser = client_of(viewer)
    whole, part = browser.get(LIST), browser.get(LIST, headers={"HX-Request": "true"})
    assert ("<html" in whole.text, "<html" in part.text) == (True, False)
    assert "Germans" in part.text
    assert "HX-Request" in part["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "DESC, (SELECT pg_sleep(5))"},
        {"sort": "password"},
        {"sort": "-department__tenant__name"},
        {"tenant__users__password__startswith": "a"},
        {"_connector": "OR"},
        {'x" OR 1=1 --\x00': "1"},
        {"page": "-1"},
        {"page": "1 OR 1=1"},
        {"q": "x" * 121},
        {"q": "a\x00"},
    ],
)
def test_a_list_asked_for_what_it_does_not_offer_refuses(
    germans: AudienceModel, viewer: Member, client_of: Browser, query: dict[str, str]
) -> None:
    answer = client_of(viewer).get(LIST, query)
    assert answer.status_code == 422
    assert "Germans" not in answer.text


def test_finding_and_sorting(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    for name in ("Beta_1", "alpha%", "Gamma"):
        create_audience(tenant, by=marketer, name=name, rule=GERMANS, department_id=department.public_id, now=now)
    browser = client_of(marketer)
    text = browser.get(LIST, {"sort": "-name"}).text
    assert text.index("alpha%") < text.index("Gamma") or text.index("Gamma") < text.index("Beta_1")
    found = browser.get(LIST, {"q": "%"}).text
    assert ("alpha%" in found, "Gamma" in found) == (True, False)


# --- Making ----------------------------------------------------------------------------------------------------------


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


# --- The builder -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("do", "here", "gone"),
    [
        ("add-rule:rule", "rule.rules.1.field", ""),
        ("add-group:rule", "rule.rules.1.rules.0.field", ""),
        ("remove:rule.rules.0", "", "rule.rules.0.field"),
        ("refresh", "rule.rules.0.field", "rule.rules.1.field"),
        ("remove:rule", "rule.rules.0.field", ""),
        ("add-group:rule.rules.7", "rule.rules.0.field", "rule.rules.1.field"),
        ("nonsense", "rule.rules.0.field", "rule.rules.1.field"),
    ],
)
def test_buttons_change_the_draft_and_store_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, do: str, here: str, gone: str
) -> None:
    browser = client_of(marketer)
    form = {"name": "Unsaved", "version": "1", **GERMANS_FORM, "do": do}
    for url in (page_of(germans, "save/"), f"{LIST}new/"):
        whole, part = browser.post(url, form), browser.post(url, form, headers={"HX-Request": "true"})
        assert (whole.status_code, part.status_code) == (200, 200)
        assert ("<html" in whole.text, "<html" in part.text) == (True, False)
        assert part["HX-Trigger-After-Settle"] == "rule-changed"
        for text in (whole.text, part.text):
            assert not here or f'name="{here}"' in text
            assert not gone or f'name="{gone}"' not in text
        assert 'value="Unsaved"' in whole.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_another_field_begins_with_its_first_comparison(marketer: Member, client_of: Browser) -> None:
    form = {**GERMANS_FORM, "rule.rules.0.field": "attributes.points", "do": "refresh"}
    text = client_of(marketer).post(f"{LIST}new/", form, headers={"HX-Request": "true"}).text
    assert '<input type="number" name="rule.rules.0.value" id="rule.rules.0.value" value=""' in text
    assert '<option value="equals" selected>is</option>' in text


def test_groups_stop_nesting_at_ten(marketer: Member, client_of: Browser) -> None:
    deep = {"rule.combinator": "and"}
    for level in range(1, 10):
        deep["rule" + ".rules.0" * level + ".combinator"] = "and"
    text = client_of(marketer).post(f"{LIST}new/", {**deep, "do": "refresh"}).text
    deepest = "rule" + ".rules.0" * 9
    assert f'value="add-rule:{deepest}"' in text
    assert f'value="add-group:{deepest}"' not in text
    again = client_of(marketer).post(f"{LIST}new/", {**deep, "do": f"add-group:{deepest}"})
    assert f'name="{deepest}.rules.0.combinator"' not in again.text


def test_counting_works_without_script(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    news = make_conversation(tenant, department, now=now)
    add_customer(tenant, "a", news, now=now, country="DE", email="a@customer.example")
    add_customer(tenant, "b", news, now=now, country="FR", email="b@customer.example")
    form = {**GERMANS_FORM, "conversation": str(news.public_id), "do": "count"}
    text = client_of(marketer).post(f"{LIST}new/", form).text
    assert '<p class="big">1</p>' in text
    assert "a@customer.example" in text
    assert "b@customer.example" not in text
    assert stored(tenant) == []


def test_a_draft_is_counted_and_said_for_htmx(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    news = make_conversation(tenant, department, now=now)
    add_customer(tenant, "a", news, now=now, country="DE")
    form = {**GERMANS_FORM, "conversation": str(news.public_id)}
    browser = client_of(marketer)
    text = browser.post(f"{LIST}reach/", form, headers={"HX-Request": "true"}).text
    assert '<p class="big">1</p>' in text
    assert '<div id="sentence" hx-swap-oob="innerHTML">' in text
    unfinished = browser.post(f"{LIST}reach/", {**form, "rule.rules.0.value": ""}, headers={"HX-Request": "true"}).text
    assert "Complete the rule" in unfinished
    assert '<p class="big">' not in unfinished


def test_a_neighbours_conversation_is_not_counted(
    tenant: Tenant,
    germans: AudienceModel,
    marketer: Member,
    neighbour: Tenant,
    neighbour_department: Department,
    client_of: Browser,
    now: datetime,
) -> None:
    theirs = make_conversation(neighbour, neighbour_department, now=now)
    browser = client_of(marketer)
    for conversation in (str(theirs.public_id), str(uuid4()), "1 OR 1=1"):
        assert browser.get(page_of(germans, "reach/"), {"conversation": conversation}).status_code == 404
        assert browser.post(f"{LIST}reach/", {**GERMANS_FORM, "conversation": conversation}).status_code == 404
    with open_tenant(tenant):
        assert AudienceCount.objects.count() == 0


# --- Saving ----------------------------------------------------------------------------------------------------------


FRENCH_FORM = {**GERMANS_FORM, "rule.rules.0.value": "FR"}
FRENCH = {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": "FR"}]}


def test_saving_changes_the_model(tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser) -> None:
    form = {"name": "French", "version": "1", **FRENCH_FORM}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert (answer.status_code, answer["Location"]) == (302, page_of(germans))
    assert stored(tenant) == [("French", FRENCH, 2)]


@pytest.mark.parametrize("version", ["0", "2", "", "x", "1; DROP TABLE", "9" * 40])
def test_a_stale_save_shows_both_versions_and_changes_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, version: str
) -> None:
    form = {"name": "Mine", "version": version, **FRENCH_FORM}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert "<b>Country</b> is Germany" in answer.text
    assert '<option value="FR" selected>' in answer.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_mine_is_saved_over_theirs_by_choice(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser
) -> None:
    form = {"name": "Mine", "version": "7", "over": "1", **FRENCH_FORM}
    assert client_of(marketer).post(page_of(germans, "save/"), form).status_code == 302
    assert stored(tenant) == [("Mine", FRENCH, 2)]


def test_a_change_that_voids_approvals_asks_first(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, spring: None
) -> None:
    browser = client_of(marketer)
    form = {"name": "French", "version": "1", **FRENCH_FORM}
    asked = browser.post(page_of(germans, "save/"), form)
    assert asked.status_code == 409
    assert "Spring sale. Nothing is saved yet." in asked.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]
    assert browser.post(page_of(germans, "save/"), {**form, "agree": "yes"}).status_code == 409
    assert stored(tenant) == [("Germans", GERMANS, 1)]
    word = asked.text.partition('name="agree" value="')[2].partition('"')[0]
    assert browser.post(page_of(germans, "save/"), {**form, "agree": word}).status_code == 302
    assert stored(tenant) == [("French", FRENCH, 2)]


def test_a_new_name_voids_nothing_and_asks_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, spring: None
) -> None:
    form = {"name": "People in Germany", "version": "1", **GERMANS_FORM}
    assert client_of(marketer).post(page_of(germans, "save/"), form).status_code == 302
    assert stored(tenant) == [("People in Germany", GERMANS, 2)]


def test_a_bad_save_changes_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser
) -> None:
    form = {"name": "Mine", "version": "1", **GERMANS_FORM, "rule.rules.0.value": "XX"}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert answer.status_code == 422
    assert 'href="#rule.rules.0.value"' in answer.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_fields_that_no_form_has_change_nothing_else(
    tenant: Tenant, neighbour: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, now: datetime
) -> None:
    form = {
        "name": "Germans",
        "version": "1",
        **GERMANS_FORM,
        "tenant_id": str(neighbour.pk),
        "department_id": "99",
        "archived_at": "2026-01-01",
        "created_at": "2000-01-01",
    }
    client_of(marketer).post(page_of(germans, "save/"), form)
    with open_tenant(tenant):
        model = AudienceModel.objects.get()
        assert (model.department_id, model.archived_at, model.created_at) == (germans.department_id, None, now)


def test_copy_archive_and_restore(tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser) -> None:
    browser = client_of(marketer)
    assert browser.post(page_of(germans, "copy/")).status_code == 302
    assert browser.post(page_of(germans, "archive/"))["Location"] == LIST
    text = browser.get(LIST).text
    assert ("Germans (copy)" in text, ">Germans<" in text) == (True, False)
    assert ">Germans<" in browser.get(LIST, {"archived": "1"}).text
    assert browser.post(page_of(germans, "archive/")).status_code == 409
    assert browser.post(page_of(germans, "restore/")).status_code == 302
    assert ">Germans<" in browser.get(LIST).text
    assert [row[0] for row in stored(tenant)] == ["Germans", "Germans (copy)"]


# --- Who -------------------------------------------------------------------------------------------------------------

WRITES = ["save/", "copy/", "archive/", "restore/"]


def test_a_viewer_looks_and_changes_nothing(
    tenant: Tenant, germans: AudienceModel, viewer: Member, client_of: Browser
) -> None:
    browser = client_of(viewer)
    text = browser.get(page_of(germans)).text
    assert "<b>Country</b> is Germany" in text
    assert 'name="rule.' not in text
    assert "Save" not in text
    for url in (f"{LIST}new/", f"{LIST}reach/", *[page_of(germans, action) for action in WRITES]):
        assert browser.post(url, {"name": "Mine", "version": "1", **FRENCH_FORM}).status_code == 403
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_a_neighbour_gets_what_a_missing_model_gets(
    tenant: Tenant, germans: AudienceModel, neighbour: Tenant, stranger: Member, client_of: Browser
) -> None:
    browser = client_of(stranger)
    for action in ["", "reach/", *WRITES]:
        for method in (browser.get, browser.post):
            answers = [
                method(f"/t/southwind/audiences/{model_id}/{action}", {"name": "Mine", "version": "1", **FRENCH_FORM})
                for model_id in (germans.public_id, uuid4())
            ]
            assert answers[0].status_code in (404, 405)
            assert answers[0].status_code == answers[1].status_code
            assert answers[0].content == answers[1].content
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_a_longer_list_asks_no_more_queries(
    tenant: Tenant, germans: AudienceModel, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    browser = client_of(marketer)
    browser.get(LIST)
    with CaptureQueriesContext(connection) as short:
        browser.get(LIST)
    for number in range(30):
        create_audience(
            tenant, by=marketer, name=f"M{number}", rule=GERMANS, department_id=department.public_id, now=now
        )
    with CaptureQueriesContext(connection) as long:
        assert "M29" in browser.get(LIST).text
    assert len(long) == len(short)
