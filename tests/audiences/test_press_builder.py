"""The builder's buttons: they change the draft, mean what the page showed, and store nothing."""

import pytest

from audiences.models import AudienceModel
from connect.core.models import Department, Member, Tenant
from tests.audiences.pages import GERMANS, GERMANS_FORM, LIST, Browser, page_of, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


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


def test_buttons_pressed_together_mean_what_the_page_showed(marketer: Member, client_of: Browser) -> None:
    rules = {
        f"rule.rules.{place}.{part}": value
        for place, country in enumerate(["DE", "FR", "CA"])
        for part, value in {"field": "country", "operator": "equals", "value": country}.items()
    }
    pressed = ["remove:rule.rules.0", "refresh", "remove:rule.rules.1", "add-group:rule", "add-rule:rule.rules.0"]
    text = client_of(marketer).post(f"{LIST}new/", {**rules, "rule.combinator": "and", "do": pressed}).text
    assert '<option value="CA" selected>' in text
    assert not any(f'<option value="{gone}" selected>' in text for gone in ("DE", "FR"))
    assert ('name="rule.rules.1.combinator"' in text, 'name="rule.rules.2.' in text) == (True, False)


def test_rules_below_a_comparison_are_refused_rather_than_dropped(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    form = {
        "name": "Bad",
        "department": str(department.public_id),
        **GERMANS_FORM,
        "rule.rules.0.rules.0.field": "zone",
    }
    assert client_of(marketer).post(f"{LIST}new/", form).status_code == 422
    assert stored(tenant) == []
