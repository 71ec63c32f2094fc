"""Hostile HTML in a revision, however it got there, runs nothing in the editor, the preview or its own address."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.test import Client
from playwright.sync_api import Dialog, Page

from connect.core.models import Department, Member, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import create_content
from content.models import MessageContent, Revision
from tests.factories import make_cast_member, make_cast_tenant

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RUN = "document.title='run'; try { parent.hit = (parent.hit || 0) + 1 } catch (e) {} ; alert(1)"
HOSTILE = f"""<!doctype html><html><head>
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<script>{RUN}</script><script src="data:text/javascript,alert(1)"></script></head>
<body onload="{RUN}"><p id="mark">Hostile</p>
<img src="x" onerror="{RUN}"><svg onload="{RUN}"><animate onbegin="{RUN}" attributeName="x"/></svg>
<iframe srcdoc="&lt;script&gt;{RUN}&lt;/script&gt;"></iframe><iframe src="javascript:{RUN}"></iframe>
<object data="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;"></object>
<embed src="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;">
<a id="link" href="javascript:{RUN}">a</a><a id="page" href="data:text/html,<script>alert(1)</script>">b</a>
<form action="/t/northwind/content/new/" method="post"><button id="post" name="name" value="x">go</button></form>
<input autofocus onfocus="{RUN}"><details open ontoggle="{RUN}"><summary>s</summary></details>
<video><source onerror="{RUN}"></video><style>@import "javascript:alert(1)"; p {{ color: red }}</style>
<marquee onstart="{RUN}">m</marquee><math><mtext></form><form><mglyph><style></math><img src onerror="{RUN}">
</body></html>"""


def _hostile_revision() -> tuple[Member, MessageContent, Revision]:
    tenant = make_cast_tenant("Northwind", "northwind", now=NOW)
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=NOW)
    with open_tenant(tenant):
        content = create_content(
            tenant, by=marketer, name="Hostile", department_id=Department.objects.get().public_id, now=NOW
        )
        revision = Revision.objects.create(
            tenant=tenant,
            content=content,
            language="en",
            number=1,
            subject="<img src=x onerror=alert(1)>",
            preheader="",
            html=HOSTILE,
            text="<script>alert(1)</script>",
            hash="0" * 64,
            created_at=NOW,
        )
    return marketer, content, revision


def _log_in(page: Page, url: str, member: Member) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": url}])


def test_hostile_html_in_a_revision_runs_nothing(console_url: str, page: Page) -> None:
    marketer, content, revision = _hostile_revision()
    _log_in(page, console_url, marketer)
    dialogs: list[str] = []
    posts: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    root = f"{console_url}/t/northwind/content/"
    paths = [f"{content.public_id}/", f"{content.public_id}/preview/", f"{content.public_id}/preview/?on=phone"]
    for path, target in product(paths, ["#link", "#page", "#post"]):
        page.goto(root + path)
        frame = page.frame_locator("#preview iframe >> nth=0")
        assert frame.locator("#mark").inner_text() == "Hostile"
        frame.locator(target).click(force=True, no_wait_after=True)
        assert page.evaluate("window.hit") is None
        assert page.title() != "run"
    page.goto(f"{root}revisions/{revision.public_id}/html/")
    page.locator("#mark").wait_for()
    page.locator("#post").click(force=True, no_wait_after=True)
    assert page.title() != "run"
    page.goto(f"{root}{content.public_id}/preview/?part=text")
    assert page.locator(".device pre").inner_text().startswith("<script>alert(1)</script>")
    assert dialogs == []
    assert posts == []
