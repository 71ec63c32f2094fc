"""While Redis is away the console goes on, and what was asked for meanwhile is found by the beat afterwards."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, Run
from campaigns.tasks import tick as tick_campaigns
from connect.celery import app as celery_app
from connect.core.models import Department, Member, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Customer, CustomerImport
from conversations.states import ImportState
from conversations.tasks import tick as tick_imports
from tests.audiences.factories import add_customer, make_conversation
from tests.campaigns.factories import Stage, make_stage
from tests.factories import make_cast_member, make_cast_tenant
from tests.plugins.database import TestServices

#: Nothing listens there.
NOWHERE = "redis://127.0.0.1:1/0"
#: Longer, and a person would take the page for broken.
PATIENCE_SECONDS = 8
CSV = b"customer_id,email\nc-1,kim@shop.example\nc-2,lee@shop.example\n"
PAGES = [
    "",
    "campaigns/",
    "customers/",
    "content/",
    "delivery/",
    "reports/",
    "admin/members/",
    "search/?q=kim",
    "review/",
]


@pytest.fixture
def stage(committed_db: TestServices) -> Stage:
    """A tenant with what a campaign is made of."""
    now = timezone.now()
    tenant = make_cast_tenant("Northwind", "northwind", now=now)
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER, Role.ADMIN], now=now)
    approver = make_cast_member(tenant, "Amelie Roy", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER], now=now)
    with open_tenant(tenant):
        department = Department.objects.get()
    conversation = make_conversation(tenant, department, now=now)
    add_customer(tenant, "c-0", conversation, now=now, country="DE")
    return make_stage(tenant, department, marketer, approver, conversation, now)


@pytest.fixture
def away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let everything look for Redis where none is."""
    with monkeypatch.context() as patch:
        patch.setitem(settings.CACHES["default"], "LOCATION", NOWHERE)
        before = celery_app.conf.broker_url
        _forget(NOWHERE)
        yield
    _forget(before)


def _forget(broker: str) -> None:
    """Drop connections that are open, so that the next ones go to this broker."""
    celery_app.conf.update(broker_url=broker)
    app: Any = celery_app
    app.amqp._producer_pool = app._pool = None
    caches.close_all()
    with suppress(AttributeError):
        del caches["default"]


def _browser(member: Member) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def _posted(browser: Client, path: str, values: Mapping[str, object]) -> str:
    """Post, within the time that a person waits; tell where the answer leads."""
    began = time.monotonic()
    answer = browser.post(path, values)
    assert (answer.status_code, time.monotonic() - began < PATIENCE_SECONDS) == (302, True)
    return str(answer["Location"])


def test_pages_answer_and_people_log_in(stage: Stage, away: None) -> None:
    browser = _browser(stage.marketer)
    for page in PAGES:
        answer = browser.get(f"/t/northwind/{page}")
        assert (page, answer.status_code) in {(page, 200), (page, 302)}
        assert "Traceback" not in answer.content.decode()
    wrong = Client(raise_request_exception=False).post(
        "/accounts/login/", {"login": "marta@northwind.example", "password": "not this one"}
    )
    assert (wrong.status_code, "Traceback" in wrong.content.decode()) == (200, False)


def test_an_import_that_was_asked_for_meanwhile_is_done_by_the_beat(stage: Stage, away: None) -> None:
    browser, tenant = _browser(stage.marketer), stage.tenant
    file = BytesIO(CSV)
    file.name = "customers.csv"
    there = _posted(browser, "/t/northwind/customers/imports/upload/", {"file": file})
    columns = {"column-0": "external_id", "column-1": "email", "source": "shop", "version": "1", "then": "import"}
    _posted(browser, f"{there}columns/", columns)
    with open_tenant(tenant):
        assert CustomerImport.objects.get().state == ImportState.IMPORTING
    tick_imports()
    with open_tenant(tenant):
        assert CustomerImport.objects.get().state == ImportState.FINISHED
        assert sorted(Customer.objects.values_list("external_id", flat=True)) == ["c-0", "c-1", "c-2"]


def test_a_launch_meanwhile_is_started_by_the_beat(stage: Stage, away: None) -> None:
    campaign = stage.ask(stage.campaign())
    browser = _browser(stage.approver)
    for asked in stage.asked(campaign):
        decision = {"decision": f"approve:{asked.public_id}", "fingerprint": asked.fingerprint, "note": ""}
        _posted(browser, f"/t/northwind/review/{campaign.public_id}/decide/", decision)
    with open_tenant(stage.tenant):
        assert (Campaign.objects.get().state, Run.objects.count()) == ("scheduled", 0)
    tick_campaigns()
    with open_tenant(stage.tenant):
        assert (Campaign.objects.get().state, Run.objects.get().state) == ("sending", "planning")
