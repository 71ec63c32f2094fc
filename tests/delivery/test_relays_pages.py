"""The pages of relays over HTTP: who gets them, what a bad form gets, and that no secret is ever on one."""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client

from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.next_hops import server_of
from delivery.actions.relays import change_relay, try_relay
from delivery.models import Relay
from delivery.states import TlsMode
from tests.delivery.relaying import a_relay, fields, relays, set_aside
from tests.faults.tls import SecureReceiver

pytestmark = pytest.mark.django_db

Browser = Callable[[Member], Client]
PAGES = "/t/northwind/delivery/relays/"
SECRET = "Tr0ub4dor&3"
FILLED = {
    "name": "Main",
    "host": "smtp.example.com",
    "port": "587",
    "tls": "required",
    "user": "us",
    "password": SECRET,
    "priority": "10",
    "active": "on",
    "connections": "",
    "messages": "",
}


def there(relay: Relay, end: str = "") -> str:
    return f"{PAGES}{relay.public_id}/{end}"


def shown(answer: object) -> str:
    text = answer.content.decode()  # type: ignore[attr-defined]
    assert SECRET not in text
    assert "Tr0ub4dor" not in text
    return str(text)


def deeds(tenant: Tenant) -> list[str]:
    with open_tenant(tenant):
        return list(AuditEntry.objects.of(tenant).filter(did__startswith="relay.").values_list("did", flat=True))


def test_without_a_relay_the_page_says_where_messages_go(admin: Member, viewer: Member, client_of: Browser) -> None:
    text = shown(client_of(admin).get(PAGES))
    assert "No relay of your own" in text
    assert f'href="{PAGES}new/"' in text
    assert f'href="{PAGES}new/"' not in shown(client_of(viewer).get(PAGES))


def test_the_list_says_how_each_relay_fares(tenant: Tenant, viewer: Member, client_of: Browser, now: datetime) -> None:
    for name, priority, active in (("A", 1, True), ("B", 2, True), ("C", 3, True), ("D", 4, False)):
        a_relay(tenant, now=now, name=name, priority=priority, active=active)
    set_aside(tenant, "A", 3600, failures=4)
    text = shown(client_of(viewer).get(PAGES))
    states = re.findall(r"(Set aside until|In use|In reserve|Switched off)", text)
    assert states == ["Set aside until", "In use", "In reserve", "Switched off"]
    assert "rowlink" not in text, "who may change nothing is led nowhere"


def test_a_list_of_nothing_but_absent_relays_says_that_messages_wait(
    tenant: Tenant, viewer: Member, client_of: Browser, now: datetime
) -> None:
    a_relay(tenant, now=now)
    set_aside(tenant, "First", 3600)
    assert "Every relay is set aside." in shown(client_of(viewer).get(PAGES))


def test_a_part_is_answered_with_a_part(tenant: Tenant, viewer: Member, client_of: Browser, now: datetime) -> None:
    a_relay(tenant, now=now)
    text = shown(client_of(viewer).get(PAGES, headers={"HX-Request": "true"}))
    assert text.lstrip().startswith('<div id="relays"')


def test_an_admin_adds_a_relay_and_its_password_is_never_shown(
    tenant: Tenant, admin: Member, client_of: Browser
) -> None:
    browser = client_of(admin)
    shown(browser.get(f"{PAGES}new/"))
    added = browser.post(f"{PAGES}new/", FILLED)
    assert added.status_code == 302
    assert relays(tenant, "name", "host", "port", "tls", "user", "active", "connections") == [
        ("Main", "smtp.example.com", 587, "required", "us", True, None)
    ]
    with open_tenant(tenant):
        relay = Relay.objects.get()
        assert server_of(relay).password == SECRET
    for page in (added["Location"], there(relay, "edit/"), PAGES, "/t/northwind/admin/audit/"):
        answer = browser.get(page)
        assert (page, answer.status_code) == (page, 200)
        shown(answer)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "nothing was saved"),
        ({"host": "169.254.169.254"}, "No relay may be at this address."),
        ({"host": "x y"}, "isn&#39;t a server&#39;s name or IP address"),
        ({"port": "0"}, "nothing was saved"),
        ({"port": "x"}, "nothing was saved"),
        ({"tls": "maybe"}, "nothing was saved"),
        ({"tls": "opportunistic"}, "A password is told only where the certificate is checked"),
        ({"user": ""}, "A password needs a user name."),
        ({"password": ""}, "A user name needs a password."),
        ({"priority": ""}, "nothing was saved"),
        ({"messages": "-1"}, "nothing was saved"),
    ],
    ids=str,
)
def test_a_bad_form_is_refused(
    tenant: Tenant, admin: Member, client_of: Browser, wrong: dict[str, str], says: str
) -> None:
    answer = client_of(admin).post(f"{PAGES}new/", {**FILLED, **wrong})
    assert answer.status_code == 422
    assert says in shown(answer)
    assert (relays(tenant, "name"), deeds(tenant)) == ([], [])


def test_a_stale_change_shows_both_versions_and_no_password(
    tenant: Tenant, admin: Member, client_of: Browser, now: datetime
) -> None:
    made = a_relay(tenant, now=now, name="Main", tls=TlsMode.REQUIRED, user="us", password=SECRET)
    change_relay(tenant, made.public_id, 1, fields(name="Theirs", tls=TlsMode.REQUIRED, user="us"), by=admin, now=now)
    mine = {**FILLED, "name": "Mine", "host": "127.0.0.1", "port": "2525", "version": "1"}
    browser = client_of(admin)
    answer = browser.post(there(made, "edit/"), mine)
    text = shown(answer)
    assert answer.status_code == 409
    for words in ("Both versions", "Theirs", "Mine", 'name="version" value="2"'):
        assert words in text
    assert relays(tenant, "name", "version") == [("Theirs", 2)]
    assert browser.post(there(made, "edit/"), {**mine, "version": "2"}).status_code == 302
    assert relays(tenant, "name", "version") == [("Mine", 3)]


def test_a_stale_removal_removes_nothing(tenant: Tenant, admin: Member, client_of: Browser, now: datetime) -> None:
    made = a_relay(tenant, now=now)
    browser = client_of(admin)
    assert browser.post(there(made, "remove/"), {"version": "2"}).status_code == 409
    assert browser.post(there(made, "remove/")).status_code == 409
    assert relays(tenant, "name", "version") == [("First", 1)]
    assert browser.post(there(made, "remove/"), {"version": "1"}).status_code == 302
    assert (relays(tenant, "name"), deeds(tenant)) == ([], ["relay.removed", "relay.added"])


def test_try_it_shows_what_was_said(tenant: Tenant, admin: Member, client_of: Browser, now: datetime) -> None:
    browser = client_of(admin)
    with SecureReceiver(logins={"us": SECRET}, careless=True) as receiver:
        made = a_relay(tenant, now=now, port=receiver.port, user="us", password=SECRET)
        assert "Not tried yet" in shown(browser.get(there(made)))
        asked = browser.post(there(made, "try/"), headers={"HX-Request": "true"})
        text = shown(asked)
        assert (asked.status_code, "Trying…" in text, "load delay:1s" in text) == (200, True, True)
        with open_tenant(tenant):
            asked_at = Relay.objects.get().trial_asked_at
        assert asked_at is not None
        try_relay(tenant, made.pk, now=asked_at)
    text = shown(browser.get(there(made)))
    for words in ("It lets us in", "&gt; AUTH PLAIN •••", "&lt; 235 2.7.0 hello", "&gt; QUIT"):
        assert words in text
    assert "load delay" not in text


@pytest.mark.parametrize("who", ["viewer", "marketer", "approver"])
def test_only_admins_get_further_than_the_list(
    request: pytest.FixtureRequest, tenant: Tenant, client_of: Browser, now: datetime, who: str
) -> None:
    made = a_relay(tenant, now=now)
    browser = client_of(request.getfixturevalue(who))
    assert browser.get(PAGES).status_code == 200
    for page in (f"{PAGES}new/", there(made), there(made, "edit/")):
        assert browser.get(page).status_code == 403
    for page in (f"{PAGES}new/", there(made, "edit/"), there(made, "remove/"), there(made, "try/")):
        assert browser.post(page, FILLED).status_code == 403
    assert relays(tenant, "name", "version", "trial_asked_at") == [("First", 1, None)]
    assert deeds(tenant) == ["relay.added"]


def test_a_neighbours_relay_is_a_missing_page(
    tenant: Tenant, neighbour: Tenant, admin: Member, client_of: Browser, now: datetime
) -> None:
    theirs = a_relay(neighbour, now=now, name="Theirs")
    browser = client_of(admin)
    for relay_id in (theirs.public_id, uuid4()):
        for method, end in (("get", ""), ("get", "edit/"), ("post", "edit/"), ("post", "remove/"), ("post", "try/")):
            answer = getattr(browser, method)(f"{PAGES}{relay_id}/{end}", {**FILLED, "version": "1"})
            assert (end, answer.status_code) == (end, 404)
    assert relays(neighbour, "name", "version", "trial_asked_at") == [("Theirs", 1, None)]
    assert "Theirs" not in shown(browser.get(PAGES))
