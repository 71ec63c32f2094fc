"""Hundreds of vectors at once in the sandboxed preview and at the message's own address: nothing runs or calls out."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Dialog, Page, Request

from connect.core.models import Department, Member, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import create_content
from content.models import MessageContent, Revision
from tests.content.vectors import vectors
from tests.factories import make_cast_member, make_cast_tenant

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: Ends whatever a vector left open, so that the next one is read as markup.
ENDS = "\"'>--></style></title></textarea></script></noscript></xmp></template></select></svg></math></object></form>"
PAGES = 6


def _furnish() -> tuple[Member, MessageContent, list[Revision]]:
    tenant = make_cast_tenant("Northwind", "northwind", now=NOW)
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=NOW)
    # What ends the reading for good, or leaves the page, has the last word on its page.
    hostile = sorted(
        (vector.replace("\x00", "") for vector in vectors()),
        key=lambda vector: "<plaintext" in vector or "<frameset" in vector,
    )
    with open_tenant(tenant):
        department = Department.objects.get().public_id
        content = create_content(tenant, by=marketer, name="Hostile", department_id=department, now=NOW)
        made = [
            Revision.objects.create(
                tenant=tenant,
                content=content,
                language="en",
                number=place + 1,
                subject="<img src=x onerror=alert(1)>",
                preheader="",
                html=f"<p id=mark>Hostile</p>{ENDS.join(hostile[place::PAGES])}",
                text="x",
                hash="0" * 64,
                created_at=NOW,
            )
            for place in range(PAGES)
        ]
    return marketer, content, made


def test_hundreds_of_vectors_run_nothing_and_call_nobody(console_url: str, page: Page) -> None:
    marketer, content, made = _furnish()
    browser = Client()
    browser.force_login(User.objects.get(pk=marketer.user_id), backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": console_url}])
    dialogs: list[str] = []
    ran: list[str] = []
    called: list[str] = []

    def shut(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != urlsplit(console_url).netloc:
            called.append(request.url)

    page.on("dialog", shut)
    page.on("console", lambda message: ran.append(message.text) if message.text == "ran" else None)
    page.on("request", note)
    root = f"{console_url}/t/northwind/content/"
    for revision in made:
        page.goto(f"{root}{content.public_id}/preview/?revision={revision.public_id}")
        frame = page.frame_locator("#preview iframe >> nth=0")
        assert frame.locator("#mark").inner_text() == "Hostile"
        assert frame.locator("*").count() > len(vectors()) / PAGES
        assert page.evaluate("window.hit") is None
        address = f"{root}revisions/{revision.public_id}/html/"
        page.goto(address, wait_until="load")
        assert page.locator("#mark").inner_text() == "Hostile"
        page.keyboard.press("Tab")
        assert page.url == address
    assert (dialogs, ran, called) == ([], [], [])
    page.goto("about:blank")
    page.set_content(ENDS.join(vectors()[:40]))
    page.wait_for_function("window.hit === 1")
    assert "ran" in ran, "unguarded, the same markup runs: the look for it sees it"
