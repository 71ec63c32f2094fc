"""Counting who falls where, over HTTP: never for ever, and no page waits for it."""

import pytest

from connect.core.models import Member
from conversations.models import Conversation
from segments.models import SegmentationModel
from tests.audiences.factories import FRAME, tables_asked
from tests.segments.pages import LIST, Browser, page_of

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

STOPPED = "Counting took longer than"


def test_a_count_that_takes_too_long_is_stopped_and_said_at_its_place(
    split: SegmentationModel,
    form: dict[str, str],
    marketer: Member,
    news: Conversation,
    client_of: Browser,
    stuck: None,
) -> None:
    browser = client_of(marketer)
    draft = {**form, "name": "Unsaved", "conversation": str(news.public_id)}
    answers = [
        browser.get(page_of(split, "reach/"), {"conversation": str(news.public_id)}),
        browser.get(page_of(split, "reach/"), headers={"HX-Request": "true"}),
        browser.post(f"{LIST}reach/", draft),
        browser.post(f"{LIST}new/", {**draft, "do": "count"}),
        browser.post(page_of(split, "save/"), {**draft, "do": "count"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.text.count(STOPPED) for answer in answers] == [1] * 5
    assert all('value="Unsaved"' in answer.text for answer in answers[3:])


def test_a_page_is_there_at_once_however_long_its_count_takes(
    split: SegmentationModel, marketer: Member, client_of: Browser, stuck: None
) -> None:
    browser = client_of(marketer)
    for url in (page_of(split), f"{LIST}new/", LIST):
        answer = browser.get(url)
        assert (answer.status_code, answer.text.count(STOPPED)) == (200, 0)


def test_a_models_page_asks_few_queries(
    split: SegmentationModel, news: Conversation, marketer: Member, client_of: Browser
) -> None:
    asked = tables_asked(client_of(marketer), page_of(split))
    assert [table for table in asked if table not in FRAME] == [
        "segments_segmentationmodel",
        "conversations_attribute",
        "segments_segment",
        "campaigns_campaign",
        "conversations_conversation",
    ]
    assert len(asked) <= 14
