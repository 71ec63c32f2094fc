"""While PostgreSQL is away people read a clear page, without a trace."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker

NOWHERE = "/nowhere-at-all"


@pytest.fixture
def away(
    django_db_setup: object, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let the app look for PostgreSQL where none is."""
    with django_db_blocker.unblock():
        connections["default"].close()
        monkeypatch.setitem(connections["default"].settings_dict, "HOST", NOWHERE)
        yield
        connections["default"].close()


@pytest.mark.parametrize("path", ["/t/northwind/", "/t/northwind/campaigns/", "/readyz", "/"])
def test_a_page_answers_503_in_plain_words(away: None, path: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    answer = browser.get(path)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Traceback" not in page
    assert NOWHERE not in page


def test_the_process_itself_still_answers(away: None) -> None:
    assert Client().get("/healthz").status_code == 200
