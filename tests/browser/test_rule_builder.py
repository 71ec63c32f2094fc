"""The rule builder in a real browser: pickers follow the field, the focus stays, counts come by themselves.

On a slow line no press and no choice is lost, and none comes twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, Request, Route, expect

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


# --- On a slow line --------------------------------------------------------------------------------------------------

COUNTRY = '[id="rule.rules.0.value"]'
FIELDS = "select[aria-label=Field]"


class SlowLine:
    """Holds each request for the builder until it is let through."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: list[Route] = []
        self.is_slow = True
        page.route("**/*", self._take)

    def _take(self, route: Route) -> None:
        if self.is_slow and _asks_for_builder(route.request):
            self.held.append(route)
        else:
            route.fallback()

    def wait_for(self, act: Callable[[], None]) -> None:
        """Do something, and wait until the builder is asked for because of it."""
        with self.page.expect_request(_asks_for_builder):
            act()
        self.page.evaluate("null")  # a round trip, in which the request is handed over

    def let_through(self) -> None:
        """Let everything go from now on, the oldest first. What the browser gave up meanwhile goes nowhere."""
        self.is_slow = False
        for route in self.held:
            route.continue_()


def _asks_for_builder(asked: Request) -> bool:
    return asked.method == "POST" and asked.headers.get("hx-target") == "builder"


def _open_with_two_rules(page: Page, url: str, member: Member) -> None:
    _open(page, url, member, "audiences/new/")
    page.get_by_label("Name", exact=True).fill("Slow")
    page.locator('[id="rule.add"]').click()
    page.locator(COUNTRY).select_option("CA")
    page.locator('[id="rule.add"]').click()
    expect(page.locator(FIELDS)).to_have_count(2)
    page.locator('[id="rule.rules.1.value"]').select_option("DE")


def _stored_rules(member: Member) -> list[dict[str, object]]:
    with open_tenant(member.tenant_id):
        return list(AudienceModel.objects.get().rule["rules"])


def test_changes_one_after_the_other_all_stay(console_url: str, page: Page) -> None:
    _open_with_two_rules(page, console_url, _cast())
    line = SlowLine(page)
    line.wait_for(lambda: _choose(page, "rule.rules.1.field", "attributes.tier"))
    page.locator(COUNTRY).select_option("FR")
    line.wait_for(lambda: _choose(page, "rule.combinator", "or"))
    line.let_through()
    expect(page.locator('[id="rule.rules.1.value"] option')).to_have_count(4)
    expect(page.locator('[id="rule.combinator"]')).to_have_value("or")
    expect(page.locator(COUNTRY)).to_have_value("FR")


def test_an_answer_to_what_was_changed_meanwhile_is_not_shown(console_url: str, page: Page) -> None:
    _open_with_two_rules(page, console_url, _cast())
    line = SlowLine(page)
    line.wait_for(lambda: _choose(page, "rule.rules.1.field", "attributes.tier"))
    (late,) = line.held
    answer = late.fetch()  # as the form was a moment ago
    page.locator(COUNTRY).select_option("FR")
    line.wait_for(lambda: late.fulfill(response=answer))
    assert page.locator('[id="rule.rules.1.field"]').input_value() == "attributes.tier"
    line.held.remove(late)
    line.let_through()
    expect(page.locator('[id="rule.rules.1.value"] option')).to_have_count(4)
    expect(page.locator(COUNTRY)).to_have_value("FR")


def test_what_is_typed_while_a_press_is_under_way_stays(console_url: str, page: Page) -> None:
    _open(page, console_url, _cast(), "audiences/new/")
    page.locator('[id="rule.add"]').click()
    _choose(page, "rule.rules.0.field", "attributes.city")
    typed = page.locator('input[id="rule.rules.0.value"]')
    typed.fill("Ber")
    line = SlowLine(page)
    line.wait_for(lambda: page.locator('[id="rule.add"]').click())
    typed.fill("Berlin")
    line.let_through()
    expect(page.locator(FIELDS)).to_have_count(2)
    expect(typed).to_have_value("Berlin")


def test_every_press_counts_once(console_url: str, page: Page) -> None:
    _open_with_two_rules(page, console_url, _cast())
    line = SlowLine(page)
    add = page.locator('[id="rule.add"]')
    line.wait_for(add.click)
    line.wait_for(add.click)
    line.wait_for(page.get_by_role("button", name="Add a group").click)
    _choose(page, "rule.rules.0.field", "attributes.tier")
    line.let_through()
    expect(page.locator(FIELDS)).to_have_count(5)
    expect(page.locator(".rule-group .rule-group")).to_have_count(1)
    expect(page.locator(f"{COUNTRY} option")).to_have_count(4)


def test_each_of_two_removals_means_what_stood_there_when_it_was_pressed(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open_with_two_rules(page, console_url, marketer)
    page.locator('[id="rule.add"]').click()
    page.locator('[id="rule.rules.2.value"]').select_option("FR")
    line = SlowLine(page)
    remove = page.get_by_role("button", name="Remove this rule")
    line.wait_for(remove.nth(0).click)
    line.wait_for(remove.nth(1).click)
    line.let_through()
    expect(page.locator(FIELDS)).to_have_count(1)
    expect(page.locator(COUNTRY)).to_have_value("FR")


def test_saving_waits_for_what_was_pressed_before(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open_with_two_rules(page, console_url, marketer)
    line = SlowLine(page)
    line.wait_for(page.get_by_role("button", name="Remove this rule").nth(0).click)
    page.get_by_role("button", name="Make the model").click()
    line.let_through()
    expect(page.get_by_role("heading", level=1)).to_have_text("Slow")
    assert _stored_rules(marketer) == [{"field": "country", "operator": "equals", "value": "DE"}]


def test_a_press_that_failed_is_said_and_not_made_up_for_later(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open_with_two_rules(page, console_url, marketer)
    line = SlowLine(page)
    line.wait_for(page.get_by_role("button", name="Remove this rule").nth(0).click)
    page.get_by_role("button", name="Make the model").click()
    line.held.pop().abort()
    expect(page.get_by_role("status").filter(has_text="Nothing was changed")).to_be_visible()
    line.let_through()
    page.locator('[id="rule.add"]').click()
    expect(page.locator(FIELDS)).to_have_count(3)
    with open_tenant(marketer.tenant_id):
        assert AudienceModel.objects.count() == 0


def test_segments_keep_what_is_typed_while_they_move(console_url: str, page: Page) -> None:
    _open(page, console_url, _cast(), "segments/new/")
    page.get_by_label("Name of segment 1").fill("Canada")
    page.get_by_role("button", name="Add a segment").click()
    page.get_by_label("Name of segment 2").fill("Gold")
    line = SlowLine(page)
    line.wait_for(page.locator('[id="segments.1.up"]').click)
    page.get_by_label("Name of segment 1").fill("Homes")
    line.wait_for(page.get_by_role("button", name="Add a segment").click)
    line.let_through()
    expect(page.get_by_label("Name of segment 3")).to_be_visible()
    expect(page.get_by_label("Name of segment 1")).to_have_value("Gold")
    expect(page.get_by_label("Name of segment 2")).to_have_value("Homes")


def test_a_late_count_does_not_stand_over_a_newer_one(console_url: str, page: Page) -> None:
    marketer = _cast()
    _open_with_two_rules(page, console_url, marketer)
    page.get_by_role("button", name="Remove this rule").nth(1).click()
    page.get_by_role("button", name="Make the model").click()
    expect(page.locator("#reach .big")).to_have_text("3")
    late: list[Route] = []
    page.route(lambda url: url.endswith("/reach/") or "/reach/?" in url, lambda route: _hold_first(route, late))
    with page.expect_request(lambda asked: asked.method == "GET" and "/reach/" in asked.url):
        page.reload()
    page.locator(COUNTRY).select_option("DE")
    expect(page.locator("#reach .big")).to_have_text("4")
    late[0].continue_()
    page.locator('[name="rule.not"]').check()
    expect(page.locator("#reach .big")).to_have_text("3")
    expect(page.locator("#sentence")).to_contain_text("Germany")


def _hold_first(route: Route, late: list[Route]) -> None:
    if late:
        route.fallback()
    else:
        late.append(route)


def _choose(page: Page, element_id: str, value: str) -> None:
    page.locator(f'[id="{element_id}"]').select_option(value)
