"""The list of audience models: what it says, finds and sorts, and what it refuses to be asked."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audiences.actions.models import create_audience
from audiences.models import AudienceCount, AudienceModel
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import add_customer, make_conversation
from tests.audiences.pages import GERMANS, LIST, Browser, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


def test_an_empty_list_offers_the_first_step_to_those_who_may(
    marketer: Member, viewer: Member, client_of: Browser
) -> None:
    assert "Make the first model" in client_of(marketer).get(LIST).text
    seen = client_of(viewer).get(LIST)
    assert "No audience models yet" in seen.text
    assert "Make the first model" not in seen.text


def test_the_list_says_rule_count_and_time(
    tenant: Tenant, germans: AudienceModel, viewer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    news = make_conversation(tenant, department, now=now)
    add_customer(tenant, "a", news, now=now, country="DE")
    add_customer(tenant, "b", news, now=now, country="FR")
    browser = client_of(viewer)
    assert "Not counted yet" in browser.get(LIST).text
    assert browser.get(page_of(germans, "reach/"), {"conversation": str(news.public_id)}).status_code == 200
    with open_tenant(tenant):
        counted = AudienceCount.objects.get()
        assert (counted.people, counted.members, counted.version, counted.conversation_id) == (1, 2, 1, news.pk)
    text = browser.get(LIST).text
    assert "Country is Germany" in text
    assert "News" in text
    assert "Not counted yet" not in text


def test_a_part_is_answered_to_htmx_and_a_page_to_others(
    germans: AudienceModel, viewer: Member, client_of: Browser
) -> None:
    browser = client_of(viewer)
    whole, part = browser.get(LIST), browser.get(LIST, headers={"HX-Request": "true"})
    assert ("<html" in whole.text, "<html" in part.text) == (True, False)
    assert "Germans" in part.text
    assert "HX-Request" in part["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "DESC, (SELECT pg_sleep(5))"},
        {"sort": "password"},
        {"sort": "-department__tenant__name"},
        {"tenant__users__password__startswith": "a"},
        {"_connector": "OR"},
        {'x" OR 1=1 --\x00': "1"},
        {"page": "-1"},
        {"page": "1 OR 1=1"},
        {"q": "x" * 121},
        {"q": "a\x00"},
    ],
)
def test_a_list_asked_for_what_it_does_not_offer_refuses(
    germans: AudienceModel, viewer: Member, client_of: Browser, query: dict[str, str]
) -> None:
    answer = client_of(viewer).get(LIST, query)
    assert answer.status_code == 422
    assert "Germans" not in answer.text


def test_finding_and_sorting(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    for name in ("Beta_1", "alpha%", "Gamma"):
        create_audience(tenant, by=marketer, name=name, rule=GERMANS, department_id=department.public_id, now=now)
    browser = client_of(marketer)
    text = browser.get(LIST, {"sort": "-name"}).text
    assert text.index("alpha%") < text.index("Gamma") or text.index("Gamma") < text.index("Beta_1")
    found = browser.get(LIST, {"q": "%"}).text
    assert ("alpha%" in found, "Gamma" in found) == (True, False)


def test_a_longer_list_asks_no_more_queries(
    tenant: Tenant, germans: AudienceModel, marketer: Member, department: Department, client_of: Browser, now: datetime
) -> None:
    browser = client_of(marketer)
    browser.get(LIST)
    with CaptureQueriesContext(connection) as short:
        browser.get(LIST)
    for number in range(30):
        create_audience(
            tenant, by=marketer, name=f"M{number}", rule=GERMANS, department_id=department.public_id, now=now
        )
    with CaptureQueriesContext(connection) as long:
        assert "M29" in browser.get(LIST).text
    assert len(long) == len(short)
