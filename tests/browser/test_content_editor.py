"""In a real browser a draft is checked and shown as it is written, and the way back stays short."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from connect.core.models import Department, Member, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import create_content
from content.models import MessageContent
from conversations.models import Customer
from tests.factories import make_cast_member, make_cast_tenant

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _cast() -> tuple[Member, MessageContent]:
    tenant = make_cast_tenant("Northwind", "northwind", now=NOW)
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=NOW)
    with open_tenant(tenant):
        Customer.objects.create(
            tenant=tenant, external_id="88-1", attributes={"first_name": "Rosa"}, created_at=NOW, updated_at=NOW
        )
        department = Department.objects.get()
        return marketer, create_content(tenant, by=marketer, name="Letter", department_id=department.public_id, now=NOW)


def _open(page: Page, url: str, member: Member, path: str) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": url}])
    page.goto(url + path)


def test_a_draft_is_checked_and_shown_as_it_is_written(console_url: str, page: Page) -> None:
    marketer, content = _cast()
    _open(page, console_url, marketer, f"/t/northwind/content/{content.public_id}/")
    steps = page.evaluate("history.length")
    page.fill("#id_subject", "For {{ attributes.first_name }}")
    page.fill("#id_html", "<body><p id='mark'>Hello {{ attributes.first_name }}</p></body>")
    frame = page.frame_locator("#preview iframe:not([hidden])")
    expect(frame.locator("#mark")).to_have_text("Hello Rosa")
    expect(page.locator("#preview .meta b")).to_have_text("For Rosa")
    page.fill("#id_html", "<body>\n<p id='mark'>Bye {{ attributes.first_nam }} {{ x }}</p></body>")
    expect(page.locator("#facts .places li")).to_have_text(["Line 2There is no field “x”."])
    expect(frame.locator("#mark")).to_have_text("Hello Rosa")
    page.locator("#facts .places a").click()
    selected = (
        "(field => field.value.slice(field.selectionStart, field.selectionEnd))(document.getElementById('id_html'))"
    )
    assert page.evaluate(selected) == "<p id='mark'>Bye {{ attributes.first_nam }} {{ x }}</p></body>"
    page.fill("#id_html", "<body><p id='mark'>Bye {{ attributes.first_name }}</p></body>")
    expect(frame.locator("#mark")).to_have_text("Bye Rosa")
    page.get_by_role("link", name="Nobody known").click()
    expect(frame.locator("#mark")).to_have_text("Bye")
    assert page.evaluate("history.length") == steps
