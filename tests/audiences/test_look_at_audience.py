"""Who may look at an audience model's page, who may change it, and what the page costs."""

from uuid import uuid4

import pytest

from audiences.models import AudienceModel
from connect.core.models import Member, Tenant
from conversations.models import Conversation
from tests.audiences.factories import FRAME, tables_asked
from tests.audiences.pages import FRENCH_FORM, GERMANS, LIST, WRITES, Browser, page_of, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


def test_a_viewer_looks_and_changes_nothing(
    tenant: Tenant, germans: AudienceModel, viewer: Member, client_of: Browser
) -> None:
    browser = client_of(viewer)
    text = browser.get(page_of(germans)).text
    assert "<b>Country</b> is Germany" in text
    assert 'name="rule.' not in text
    assert "Save" not in text
    for url in (f"{LIST}new/", f"{LIST}reach/", *[page_of(germans, action) for action in WRITES]):
        assert browser.post(url, {"name": "Mine", "version": "1", **FRENCH_FORM}).status_code == 403
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_a_neighbour_gets_what_a_missing_model_gets(
    tenant: Tenant, germans: AudienceModel, neighbour: Tenant, stranger: Member, client_of: Browser
) -> None:
    browser = client_of(stranger)
    for action in ["", "reach/", *WRITES]:
        for method in (browser.get, browser.post):
            answers = [
                method(f"/t/southwind/audiences/{model_id}/{action}", {"name": "Mine", "version": "1", **FRENCH_FORM})
                for model_id in (germans.public_id, uuid4())
            ]
            assert answers[0].status_code in (404, 405)
            assert answers[0].status_code == answers[1].status_code
            assert answers[0].content == answers[1].content
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_a_models_page_asks_few_queries(
    germans: AudienceModel, news: Conversation, marketer: Member, client_of: Browser
) -> None:
    browser = client_of(marketer)
    asked = tables_asked(browser, page_of(germans))
    assert [table for table in asked if table not in FRAME] == [
        "audiences_audiencemodel",
        "conversations_attribute",
        "campaigns_campaign",
        "conversations_conversation",
    ]
    assert len(asked) <= 14
