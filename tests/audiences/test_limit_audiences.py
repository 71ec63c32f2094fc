"""The largest audience model saves by its form; a larger one is refused at its place, with all that was typed."""

import re
from collections.abc import Iterable

import pytest

from audiences.rules.schema import MAX_ALL_VALUES, MAX_DEPTH, MAX_NODES, MAX_VALUES
from connect.core.models import Department, Member, Tenant
from conversations.addresses import countries
from tests.audiences.pages import LIST, Browser, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]

Form = dict[str, str | list[str]]


def between(at: str) -> Form:
    """The comparison with the most inputs."""
    asks = {"field": "attributes.points", "was": "attributes.points", "operator": "between", "first": "1", "last": "2"}
    return {f"{at}.{part}": value for part, value in asks.items()}


def lists(place: int, field: str, values: Iterable[str], *, ticked: bool) -> Form:
    at, listed = f"rule.rules.{place}", list(values)
    chosen = listed if ticked else "\n".join(listed)
    return {f"{at}.field": field, f"{at}.was": field, f"{at}.operator": "one_of", f"{at}.value": chosen}


def form_of(department: Department, rules: Iterable[Form]) -> Form:
    form: Form = {"name": "Large", "department": str(department.public_id), "rule.combinator": "and"}
    for rule in rules:
        form |= rule
    return form


def refusals(text: str) -> list[str]:
    return re.findall(r'<li><a href="#([^"]*)">', text)


def test_as_many_parts_as_may_be_are_saved_and_one_more_is_shown_again(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    browser = client_of(marketer)
    rules = [between(f"rule.rules.{place}") for place in range(MAX_NODES)]
    answer = browser.post(f"{LIST}new/", form_of(department, rules))
    assert (answer.status_code, refusals(answer.text)) == (422, ["rule"])
    assert 'id="rule"' in answer.text
    assert answer.text.count('.first" value="1"') == answer.text.count('.last" value="2"') == MAX_NODES
    assert 'value="Large"' in answer.text
    assert stored(tenant) == []

    saved = browser.post(f"{LIST}new/", form_of(department, rules[:-1]))
    assert saved.status_code == 302
    ((_name, rule, _version),) = stored(tenant)
    assert len(rule["rules"]) == MAX_NODES - 1
    shown = browser.get(saved["Location"]).text
    assert ('value="add-rule:rule"' in shown, 'value="add-group:rule"' in shown) == (False, False)
    assert "Nothing more fits in: 200 parts are the most." in shown


def test_a_press_adds_nothing_to_a_full_rule(marketer: Member, department: Department, client_of: Browser) -> None:
    rules = [between(f"rule.rules.{place}") for place in range(MAX_NODES - 2)]
    pressed = ["add-group:rule", "add-rule:rule", "add-rule:rule"]
    form = {**form_of(department, rules), "do": pressed}
    text = client_of(marketer).post(f"{LIST}new/", form).text
    assert f'name="rule.rules.{MAX_NODES - 2}.field"' in text
    assert f"rule.rules.{MAX_NODES - 1}" not in text


def test_the_deepest_rule_is_saved_and_a_deeper_one_shown_again(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    browser = client_of(marketer)
    groups = ["rule" + ".rules.0" * level for level in range(MAX_DEPTH + 1)]
    deep: list[Form] = [{f"{group}.combinator": "and"} for group in groups[:MAX_DEPTH]]
    deepest = f"{groups[MAX_DEPTH - 1]}.rules.0"
    assert browser.post(f"{LIST}new/", form_of(department, [*deep, between(deepest)])).status_code == 302
    assert len(stored(tenant)) == 1

    too_deep: list[Form] = [*deep, {f"{deepest}.combinator": "and"}, between(f"{deepest}.rules.0")]
    answer = browser.post(f"{LIST}new/", {**form_of(department, too_deep), "name": "Deeper"})
    assert (answer.status_code, refusals(answer.text)) == (422, [deepest])
    assert f'id="{deepest}"' in answer.text
    assert f'id="{deepest}.rules.0.first" value="1"' in answer.text
    assert len(stored(tenant)) == 1


def test_as_many_values_as_may_be_are_saved_ticked_or_listed(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    browser = client_of(marketer)
    some = sorted(countries())[:200]
    ticked = [lists(place, "country", some, ticked=True) for place in range(MAX_ALL_VALUES // 200)]
    assert browser.post(f"{LIST}new/", form_of(department, ticked)).status_code == 302
    names = [f"town {number}" for number in range(MAX_VALUES)]
    listed = [lists(place, "attributes.city", names, ticked=False) for place in range(MAX_ALL_VALUES // MAX_VALUES)]
    saved = browser.post(f"{LIST}new/", {**form_of(department, listed), "name": "Listed"})
    assert saved.status_code == 302
    counts = [sum(len(leaf["value"]) for leaf in rule["rules"]) for _name, rule, _version in stored(tenant)]
    assert counts == [MAX_ALL_VALUES, MAX_ALL_VALUES]

    one_more = [*listed, lists(len(listed), "attributes.city", ["one", "more"], ticked=False)]
    answer = browser.post(f"{LIST}new/", {**form_of(department, one_more), "name": "More"})
    assert (answer.status_code, refusals(answer.text)) == (422, ["rule"])
    assert "All lists together may hold 5000 values at most; these hold 5002." in answer.text
    assert answer.text.count("town 499") == len(listed)
    assert len(stored(tenant)) == 2


def test_long_values_are_refused_together(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    words = [f"{number:03d}" + "ж" * 190 for number in range(200)]
    long = [lists(0, "attributes.city", words, ticked=False)]
    answer = client_of(marketer).post(f"{LIST}new/", form_of(department, long))
    assert (answer.status_code, refusals(answer.text)) == (422, ["rule"])
    assert words[199] in answer.text
    assert stored(tenant) == []
