"""Counting whom a model lets in, over HTTP: with and without script, never for ever, never a neighbour."""

from datetime import datetime
from uuid import uuid4

import pytest

from audiences.models import AudienceCount, AudienceModel
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from tests.audiences.factories import add_customer, make_conversation
from tests.audiences.pages import GERMANS_FORM, LIST, Browser, page_of, stored

pytestmark = [pytest.mark.django_db(databases=["default", "owner"]), pytest.mark.usefixtures("declared")]


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


# --- Never for ever --------------------------------------------------------------------------------------------------

STOPPED = "Counting took longer than"


def test_a_count_that_takes_too_long_is_stopped_and_said_at_its_place(
    tenant: Tenant, marketer: Member, germans: AudienceModel, news: Conversation, client_of: Browser, stuck: None
) -> None:
    browser = client_of(marketer)
    draft = {**GERMANS_FORM, "conversation": str(news.public_id)}
    stays = {"name": "Unsaved", "version": "1", "do": "count"}
    answers = [
        browser.get(page_of(germans, "reach/"), {"conversation": str(news.public_id)}),
        browser.get(page_of(germans, "reach/"), headers={"HX-Request": "true"}),
        browser.post(f"{LIST}reach/", draft),
        browser.post(f"{LIST}new/", {**draft, **stays}),
        browser.post(page_of(germans, "save/"), {**draft, **stays}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.text.count(STOPPED) for answer in answers] == [1] * 5
    assert all('value="Unsaved"' in answer.text for answer in answers[3:])
    with open_tenant(tenant):
        assert AudienceCount.objects.count() == 0


def test_a_page_is_there_at_once_however_long_its_count_takes(
    marketer: Member, germans: AudienceModel, news: Conversation, client_of: Browser, stuck: None
) -> None:
    browser = client_of(marketer)
    for url in (page_of(germans), f"{LIST}new/", LIST):
        answer = browser.get(url)
        assert (answer.status_code, answer.text.count(STOPPED)) == (200, 0)
