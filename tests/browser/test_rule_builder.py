"""The rule builder in a real browser: pickers follow the field, the focus stays, counts come by themselves."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from audiences.models import AudienceModel
from connect.core.models import Department, Member, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from segments.models import Segment
from tests.audiences.factories import add_customer, declare_all, make_conversation
from tests.factories import make_cast_member, make_cast_tenant

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _cast() -> Member:
    tenant = make_cast_tenant("Northwind", "northwind", now=NOW)
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=NOW)
    declare_all(tenant, now=NOW)
    with open_tenant(tenant):
        news = make_conversation(tenant, Department.objects.get(), now=NOW)
    for number in range(7):
        values = {"tier": "gold" if number < 3 else "silver", "points": number}
        add_customer(tenant, f"c{number}", news, now=NOW, country="CA" if number % 2 else "DE", attributes=values)
    return marketer


def _open(page: Page, url: str, member: Member, path: str) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": url}])
    page.goto(f"{url}/t/northwind/{path}")


def test_a_model_is_built_by_keyboard_and_counted_as_it_grows(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open(page, console_url, marketer, "audiences/new/")
    expect(page.locator("#reach .big")).to_have_text("7")
    page.get_by_label("Name", exact=True).fill("Gold or many points")

    page.locator('[id="rule.add"]').press("Enter")
    expect(page.locator('[id="rule.rules.0.field"]')).to_be_focused()
    page.keyboard.type("Tier")
    expect(page.locator('[id="rule.rules.0.value"] option')).to_have_count(4)
    expect(page.locator('[id="rule.rules.0.field"]')).to_be_focused()
    page.locator('[id="rule.rules.0.value"]').select_option("gold")
    expect(page.locator("#sentence")).to_have_text("Tier is gold")
    expect(page.locator("#reach .big")).to_have_text("3")

    with page.expect_response(lambda answer: answer.request.method == "POST" and "reach" not in answer.url):
        page.locator('[id="rule.combinator"]').select_option("or")
    page.locator('[id="rule.add"]').click()
    page.locator('[id="rule.rules.1.field"]').select_option("attributes.points")
    page.locator('[id="rule.rules.1.operator"]').select_option("at_least")
    page.locator('[id="rule.rules.1.value"]').fill("5")
    page.locator('[id="rule.rules.1.value"]').press("Tab")
    expect(page.locator("#sentence")).to_have_text("Tier is gold or Points is at least 5")
    expect(page.locator("#reach .big")).to_have_text("5")
    assert Axe().run(page).response["violations"] == []

    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gold or many points")
    with open_tenant(marketer.tenant_id):
        assert AudienceModel.objects.get().rule == {
            "combinator": "or",
            "rules": [
                {"field": "attributes.tier", "operator": "equals", "value": "gold"},
                {"field": "attributes.points", "operator": "at_least", "value": 5},
            ],
        }


def test_segments_are_put_in_order_by_buttons(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open(page, console_url, marketer, "segments/new/")
    page.get_by_label("Name", exact=True).fill("Homes")
    page.get_by_label("Name of segment 1").fill("Canada")
    page.locator('[id="segments.0.rule.rules.0.value"]').select_option("CA")
    page.get_by_role("button", name="Add a segment").click()
    expect(page.get_by_label("Name of segment 2")).to_be_focused()
    page.get_by_label("Name of segment 2").fill("Gold")
    page.locator('[id="segments.1.rule.rules.0.field"]').select_option("attributes.tier")
    page.locator('[id="segments.1.rule.rules.0.value"]').select_option("gold")
    numbers = page.locator("#reach td.n")
    expect(numbers).to_have_text(["3", "2", "2", "7"])

    page.locator('[id="segments.1.up"]').press("Enter")
    expect(page.get_by_label("Name of segment 1")).to_have_value("Gold")
    expect(page.locator('[id="segments.0.down"]')).to_be_focused()
    expect(numbers).to_have_text(["3", "2", "2", "7"])
    expect(page.locator("#reach tbody th")).to_contain_text(["Gold", "Canada", "Leftovers"])
    assert Axe().run(page).response["violations"] == []

    page.get_by_role("button", name="Make the model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Homes")
    with open_tenant(marketer.tenant_id):
        assert [one.name for one in Segment.objects.order_by("position")] == ["Gold", "Canada"]
