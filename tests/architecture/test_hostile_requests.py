"""What other sites and tampered requests can do to the console: nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from connect.core.tenancy import tenant as open_tenant
from tests.architecture.forms import FORMS
from tests.architecture.furnished import Furnished, furnished
from tests.architecture.routes import Route, routes
from tests.architecture.rows import tenant_models

ROUTES = routes()
IN_TENANT = [route for route in ROUTES if route.in_tenant]
EVIL = "https://evil.example"
#: Mail programs post here without having loaded a page of ours (RFC 8058): the token in the address is the proof.
#: The other two take no post at all.
EXEMPT = {"track-unsubscribe", "track-click", "track-open"}
#: Bare messages, which only our own pages may frame.
FRAMED = {"revision-html", "revision-text", "content-draft-html", "mail-html"}


@pytest.fixture(scope="module")
def found(django_db_setup: object, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """A furnished tenant for all tests, which leave it as it is."""
    with django_db_blocker.unblock(), furnished() as tenant:
        yield tenant


def _everything(found: Furnished) -> list[Any]:
    """Take a picture of all rows of the tenant."""
    tables = sorted({model._meta.db_table for model in tenant_models()})
    with open_tenant(found.tenant), connection.cursor() as cursor:
        pictures = []
        for table in tables:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            pictures.append((table, *cursor.fetchone()))
        return pictures


def _strict(found: Furnished) -> Client:
    """Their browser, with the check that it was a page of ours that posted."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies.load({name: morsel.value for name, morsel in found.browser.cookies.items()})
    return browser


def _posts(found: Furnished) -> list[tuple[str, str, dict[str, str]]]:
    """List every route of the console with what a good post there holds."""
    with open_tenant(found.tenant):
        listed = []
        for route in IN_TENANT:
            form = FORMS.get(route.name)
            at = {key: found.more.get(to, to) for key, to in form.at.items()} if form else {}
            listed.append((route.name, found.path(route, **at), form.valid(found) if form else {}))
        return listed


# --- A54: forged requests ------------------------------------------------------------------------------------------


def test_no_route_but_those_in_mails_is_exempt_from_the_check() -> None:
    def exempt(patterns: list[Any]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from exempt(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and getattr(pattern.callback, "csrf_exempt", False):
                yield pattern.name or str(pattern.pattern)

    assert set(exempt(get_resolver().url_patterns)) == EXEMPT


FORGERIES: dict[str, dict[str, Any]] = {
    "a plain form": {},
    "a form of another site": {"headers": {"origin": EVIL, "referer": f"{EVIL}/"}},
    "a page without an origin": {"headers": {"origin": "null"}},
    "a forged htmx header": {"headers": {"hx-request": "true", "hx-current-url": "http://testserver/"}},
    "a forged script header": {"headers": {"x-requested-with": "XMLHttpRequest"}},
    "an overridden method": {"headers": {"x-http-method-override": "GET"}},
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_post_that_no_page_of_ours_made_changes_nothing(forgery: dict[str, Any], found: Furnished) -> None:
    before, browser = _everything(found), _strict(found)
    got = {name: browser.post(path, values, **forgery).status_code for name, path, values in _posts(found)}
    assert {name: status for name, status in got.items() if status != 403} == {}
    assert _everything(found) == before


def test_json_dressed_as_text_changes_nothing(found: Furnished) -> None:
    before, browser = _everything(found), _strict(found)
    for name, path, values in _posts(found):
        answer = browser.post(path, json.dumps(values), content_type="text/plain", headers={"origin": EVIL})
        assert (name, answer.status_code) == (name, 403)
    assert _everything(found) == before


def test_a_good_token_from_another_site_changes_nothing(found: Furnished) -> None:
    browser = _strict(found)
    token = browser.get(f"/t/{found.tenant.slug}/content/new/").cookies["csrf"].value
    before = _everything(found)
    for name, path, values in _posts(found):
        answer = browser.post(path, {**values, "csrfmiddlewaretoken": token}, headers={"origin": EVIL})
        assert (name, answer.status_code) == (name, 403)
    assert _everything(found) == before


def test_a_look_changes_nothing(found: Furnished) -> None:
    """Whatever a post would change, asked for by an address: in an image, by a prefetch, with a method override."""
    before = _everything(found)
    for _name, path, values in _posts(found):
        for asked in (values, {**values, "_method": "POST"}):
            found.browser.get(path, asked, headers={"x-http-method-override": "POST", "sec-purpose": "prefetch"})
    after = _everything(found)
    # A page that counts keeps what it counted, so that it needn't count again: nobody's words, nobody's doing.
    counts = {"audiences_audiencecount", "campaigns_forecast"}
    assert [row for row in after if row[0] not in counts] == [row for row in before if row[0] not in counts]


# --- A56, A57: frames and stores -----------------------------------------------------------------------------------


def _pages(found: Furnished) -> Iterator[tuple[Route, Any]]:
    for route in IN_TENANT:
        with transaction.atomic():
            yield route, found.browser.get(found.path(route, segment="rest", language="en"))
            transaction.set_rollback(True)


def test_no_page_can_be_framed_or_kept_by_a_store(found: Furnished) -> None:
    seen = set()
    for route, answer in _pages(found):
        policy, own = answer["Content-Security-Policy"], route.name in FRAMED
        assert (route.name, f"frame-ancestors {chr(39)}{'self' if own else 'none'}" in policy) == (
            route.name,
            True,
        ) or (answer.status_code != 200)
        assert (route.name, answer["X-Frame-Options"]) in {(route.name, "DENY"), (route.name, "SAMEORIGIN" * own)}
        if answer.status_code == 200:
            seen.add(route.name)
            assert (route.name, answer.get("Cache-Control")) == (route.name, "private, no-store")
            assert route.name in FRAMED or "Cookie" in answer["Vary"]
    assert {"home", "customers", "campaign-review", "review-item", "revision-html", "members"} <= seen


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/nowhere/", "/u/x", "/healthz"])
def test_no_page_outside_a_tenant_can_be_framed(path: str, found: Furnished) -> None:
    answer = Client().get(path)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("tail", ["x.css", ".js", ";x.css", "%3bx.css", "%0ax.png", "x/../logo.svg"])
def test_no_page_answers_under_the_name_of_a_file(tail: str, found: Furnished) -> None:
    for page in ("customers/", "campaigns/", ""):
        assert found.browser.get(f"/t/{found.tenant.slug}/{page}{tail}").status_code == 404


# --- A58: whose address --------------------------------------------------------------------------------------------

HOSTS = ["evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:80@evil.example", "x y", ""]


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused(host: str, found: Furnished) -> None:
    for path in ("/accounts/login/", f"/t/{found.tenant.slug}/", "/u/x", "/"):
        assert found.browser.get(path, headers={"host": host}).status_code == 400


def test_a_mail_about_a_password_names_our_own_address(found: Furnished) -> None:
    mail.outbox = []
    address = f"eve@{found.tenant.slug}.example"
    forged = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-server": "evil.example",
        "forwarded": "host=evil.example",
    }
    answer = Client().post("/accounts/password/reset/", {"email": address}, headers=forged)
    assert answer.status_code == 302
    letter = mail.outbox[0]
    assert "evil.example" not in str(letter.message())
    assert "http://testserver/accounts/password/reset/key/" in letter.body
    refused = Client().post("/accounts/password/reset/", {"email": address}, headers={"host": "evil.example"})
    assert (refused.status_code, len(mail.outbox)) == (400, 1)


# --- A14, A15, A16: what lists are asked for -----------------------------------------------------------------------


@pytest.mark.parametrize("page", ["content/", "audiences/", "segments/"])
@pytest.mark.parametrize(
    "sort", ["name DESC, (SELECT 1)", "password", "-tenant__user__password", "?", "name,id", "--name"]
)
def test_a_list_is_sorted_by_what_it_offers_alone(page: str, sort: str, found: Furnished) -> None:
    assert found.browser.get(f"/t/{found.tenant.slug}/{page}", {"sort": sort}).status_code == 422


@pytest.mark.parametrize(
    "key", ["_connector", "_negated", "tenant__user__password__startswith", 'name"; --', "a'->>'b"]
)
def test_what_a_list_is_asked_for_is_never_a_lookup(key: str, found: Furnished) -> None:
    for page in ("audiences/", "segments/"):
        assert found.browser.get(f"/t/{found.tenant.slug}/{page}", {key: "a"}).status_code == 422
    for page in ("customers/", "content/", "campaigns/", "suppression/", "admin/audit/", "search/"):
        plain = found.browser.get(f"/t/{found.tenant.slug}/{page}")
        asked = found.browser.get(f"/t/{found.tenant.slug}/{page}", {key: "a"})
        assert asked.status_code in {200, 422}
        assert asked.status_code == 422 or asked.content.count(b"<tr") == plain.content.count(b"<tr")
