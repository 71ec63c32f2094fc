"""The whole way in a real browser: import, build, sign off by another, launch, read, click, leave, report."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from campaigns.actions.launch import start_due
from campaigns.models import Run
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.demo import build, people
from connect.demo.build import Cast
from conversations.actions.import_runs import carry_on
from conversations.models import Conversation, CustomerImport
from delivery.actions.drain import drain
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs
from tests.outside import free_port, wait_until_up

pytestmark = pytest.mark.browser

CUSTOMERS = 120
DRAIN_SECONDS = 60.0
START_SECONDS = 10.0


@pytest.fixture
def catcher(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A mail catcher of this test's own."""
    port = free_port()
    folder = tmp_path / "mail"
    command = [sys.executable, "-m", "connect.catcher", str(folder), str(port)]
    process = subprocess.Popen(command, cwd=django_settings.BASE_DIR)
    settings.SMTP_HOST, settings.SMTP_PORT, settings.CATCHER_FOLDER = "127.0.0.1", port, folder
    try:
        wait_until_up(process, port, seconds=START_SECONDS)
        yield folder
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def cast(console_url: str) -> Cast:
    """Northwind with one member a role."""
    return build.cast(now=datetime.now(UTC))


def test_from_a_file_to_a_report(
    console_url: str, page: Page, cast: Cast, catcher: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_URL = console_url
    home = f"{console_url}/t/{cast.tenant.slug}/"
    now = datetime.now(UTC)
    build.declare(cast.tenant, cast.members["admin"], now=now)
    news = build.make_news(cast, now=now)
    made = list(people.people(CUSTOMERS))
    people.write_file(tmp_path / "people.csv", made)

    _log_in(page, home, "marta@northwind.example")
    _import(page, home, tmp_path / "people.csv", cast.tenant, news)
    build.make_shop(cast, news, now=now)
    _build(page, home, news)
    _log_in(page, home, "amelie@northwind.example")
    _sign_off(page, home)
    run = _send(cast.tenant)

    # The mail is in the catcher, as its reader sees it.
    reader = sorted(people.expect(made).addresses)[0]
    page.goto(f"{home}mailbox/?address={reader}")
    page.locator("#mails .rowlink").first.click()
    frame = page.frame_locator("iframe").first
    link = frame.locator('a[href*="/c/"]').first.get_attribute("href")
    leave = frame.locator('a[href*="/u/"]').first.get_attribute("href")
    assert link is not None
    assert leave is not None
    answer = page.request.get(link, max_redirects=0)
    assert (answer.status, answer.headers["location"].startswith("https://shop.northwind.example/")) == (302, True)

    # Leaving takes a press.
    page.goto(leave)
    page.get_by_role("button").first.click()
    expect(page.get_by_text(re.compile("no longer|unsubscribed|désabonn", re.IGNORECASE)).first).to_be_visible()

    # The report says all of it.
    page.goto(f"{home}reports/")
    page.get_by_role("link", name="Autumn letter").click()
    tiles = page.locator(".tiles")
    expect(tiles).to_contain_text(f"of {run.recipients} planned")
    expect(tiles).to_contain_text("1 person")
    expect(page.locator("#report")).to_contain_text(f"What became of {run.recipients} messages")
    expect(page.locator("#report")).not_to_contain_text("don’t balance")


def _log_in(page: Page, home: str, email: str) -> None:
    page.context.clear_cookies()
    page.goto(home)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").first.fill(build.password())
    page.keyboard.press("Enter")
    page.wait_for_url(home)


def _import(page: Page, home: str, file: Path, tenant: Tenant, news: Conversation) -> None:
    page.goto(f"{home}customers/imports/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Subscribe them to").select_option(label=news.name)
    page.get_by_label("In these words").fill(build.WORDING)
    page.get_by_role("button", name="Try it, store nothing").click()
    expect(page.get_by_text("Reading the file")).to_be_visible()
    _work(tenant)
    expect(page.get_by_text(f"{CUSTOMERS} would be new")).to_be_visible()
    page.get_by_role("button", name=f"Import {CUSTOMERS} lines").click()
    expect(page.get_by_text("Reading the file")).to_be_visible()
    _work(tenant)
    expect(page.get_by_text(f"{CUSTOMERS} new customers")).to_be_visible()
    expect(page.get_by_text("isn't a number such as")).to_be_visible()


def _work(tenant: Tenant) -> None:
    """Do what a worker would: the bell rings in Redis, and nobody is there to hear it."""
    with open_tenant(tenant):
        waiting = CustomerImport.objects.of(tenant).get()
    carry_on(tenant, waiting.pk, now=datetime.now(UTC))


def _build(page: Page, home: str, news: Conversation) -> None:
    page.goto(f"{home}campaigns/new/")
    page.get_by_label("Name").fill("Autumn letter")
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_label("Conversation").select_option(label=news.name)
    page.get_by_label("Audience model").select_option(label="Active customers")
    page.get_by_label("Segmentation model").select_option(label="Winter buyers")
    page.get_by_role("button", name="Continue to content").click()
    cells = {"Gift guide for members": "Summit members", "First snow": "Skiers", "Gift guide": "Leftovers"}
    for content, segment in cells.items():
        assign = page.locator("#assign")
        assign.get_by_label("Content").select_option(label=content)
        for box in assign.get_by_role("checkbox").all():
            box.uncheck()
        assign.get_by_role("checkbox", name=segment).check()
        assign.get_by_role("button", name="Assign").click()
    page.get_by_role("link", name=re.compile("Continue to schedule")).click()
    page.get_by_role("button", name=re.compile("Continue to review")).click()
    page.get_by_role("button", name=re.compile("Ask for approval")).click()
    expect(page.get_by_text("It is with the approvers.")).to_be_visible()


def _sign_off(page: Page, home: str) -> None:
    page.goto(f"{home}review/")
    page.get_by_role("button", name=re.compile("Approve content")).click()
    page.goto(f"{home}review/")
    page.get_by_role("button", name=re.compile("Approve launch")).click()
    expect(page.get_by_text(re.compile("Autumn letter")).first).to_be_visible()


def _send(tenant: Tenant) -> Run:
    """Do what beat and the workers would."""
    now = datetime.now(UTC)
    start_due(tenant, now=now)
    with open_tenant(tenant):
        run = Run.objects.of(tenant).get()
    plan_run(tenant, run.pk, now=now)
    drain(tenant, until=time.monotonic() + DRAIN_SECONDS)
    look_after_runs(tenant, now=now)
    with open_tenant(tenant):
        return Run.objects.of(tenant).get()
