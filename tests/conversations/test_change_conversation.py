"""A conversation is made and changed by admins of its department; nothing that could forge a header gets in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Grant, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.conversations import (
    archive_conversation,
    change_conversation,
    make_conversation,
    restore_conversation,
)
from conversations.models import Conversation
from tests.conversations.conversing import a_conversation, identity

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]


def rows(tenant: Tenant) -> list[tuple[str, str, int]]:
    with open_tenant(tenant):
        return list(Conversation.objects.of(tenant).order_by("name").values_list("name", "from_name", "version"))


def test_a_conversation_is_made_in_its_normal_form(tenant: Tenant, admin: Member, now: datetime) -> None:
    made = make_conversation(
        tenant,
        identity(
            tenant,
            name=" News ",
            from_email="Hello@Bücher.example",
            bounce_domain="Bounce.Bücher.example",
            default_language="FR-ca",
            default_zone="america/toronto",
            reply_to=" ",
            postal_address="1 Harbour Road\r\nHalifax ",
        ),
        by=admin,
        now=now,
    )
    assert (made.name, made.from_email, made.reply_to) == ("News", "hello@xn--bcher-kva.example", "")
    assert (made.bounce_domain, made.sending_domain) == ("bounce.xn--bcher-kva.example", "xn--bcher-kva.example")
    assert (made.default_language, made.default_zone) == ("fr-CA", "America/Toronto")
    assert made.postal_address == "1 Harbour Road\nHalifax"
    with open_tenant(tenant):
        deed = AuditEntry.objects.get(did="conversation.made")
    assert (deed.member_name, deed.thing, deed.details) == ("Ada Okafor", made.public_id, {"name": "News"})


HOSTILE = [
    "x\r\nBcc: v@shop.example",
    "x\nBcc: v@shop.example",
    "x\r",
    "x\n",
    "a\x00b",
    "a\u2028b",
    "a\u2029b",
    "a\x85b",
    "a\x1bb",
    "=?utf-8?q?x=0d=0aBcc:_v@shop.example?=",
    "=?UTF-8?B?eA0KQmNjOiB2QHNob3AuZXhhbXBsZQ==?=",
]
BAD = [
    *[("from_name", text) for text in HOSTILE],
    *[("name", text) for text in HOSTILE],
    *[("from_email", f"hello{text}@shop.example") for text in HOSTILE],
    *[("reply_to", text) for text in HOSTILE],
    *[("bounce_domain", f"shop{text}.example") for text in HOSTILE],
    ("from_email", "hello@shop.example\r\nRCPT TO:<v@shop.example>"),
    ("from_email", "-oQdir@shop.example"),
    ("from_email", '"a\r\nb"@shop.example'),
    ("from_email", "<hello@shop.example>"),
    ("from_email", "Hello <hello@shop.example>"),
    ("from_email", "hello@localhost"),
    ("from_email", "hello"),
    ("from_email", ""),
    ("from_email", "a@shop.example, b@shop.example"),
    ("reply_to", "nobody"),
    ("bounce_domain", "shop"),
    ("bounce_domain", "a@shop.example"),
    ("bounce_domain", "shop.example/x"),
    ("name", ""),
    ("name", "x" * 121),
    ("from_name", " "),
    ("from_name", "x" * 121),
    ("postal_address", "\r\n "),
    ("postal_address", "x" * 241),
    ("postal_address", "a\x00b"),
    ("footer", "x" * 1001),
    ("footer", "a\x00b"),
    ("default_language", "klingon"),
    ("default_language", "en; DROP TABLE x"),
    ("default_language", ""),
    ("default_zone", "Mars/Olympus"),
    ("default_zone", "../../etc/passwd"),
    ("default_zone", ""),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_refused_by_name_and_nothing_stored(
    tenant: Tenant, now: datetime, field: str, value: str
) -> None:
    with pytest.raises(Invalid) as caught:
        make_conversation(tenant, identity(tenant, **{field: value}), by=None, now=now)
    assert list(caught.value.fields) == [field]
    assert rows(tenant) == []


def test_every_bad_field_is_named_at_once(tenant: Tenant, now: datetime) -> None:
    bad = identity(tenant, from_name="a\nb", default_zone="Nowhere", from_email="x")
    with pytest.raises(Invalid) as caught:
        make_conversation(tenant, bad, by=None, now=now)
    assert sorted(caught.value.fields) == ["default_zone", "from_email", "from_name"]


def test_a_taken_name_is_refused(tenant: Tenant, neighbour: Tenant, now: datetime) -> None:
    a_conversation(neighbour, now=now)
    first = a_conversation(tenant, now=now)
    with pytest.raises(Invalid) as caught:
        a_conversation(tenant, now=now)
    assert list(caught.value.fields) == ["name"]
    other = a_conversation(tenant, identity(tenant, name="Offers"), now=now)
    with pytest.raises(Invalid) as caught:
        change_conversation(tenant, other.public_id, 1, identity(tenant), by=None, now=now)
    assert list(caught.value.fields) == ["name"]
    assert rows(tenant) == [("News", first.from_name, 1), ("Offers", first.from_name, 1)]


def test_a_stale_save_is_refused_with_what_stands_now(tenant: Tenant, admin: Member, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    change_conversation(tenant, news.public_id, 1, identity(tenant, from_name="First"), by=admin, now=now)
    with pytest.raises(StaleVersion) as caught:
        change_conversation(tenant, news.public_id, 1, identity(tenant, from_name="Second"), by=admin, now=now)
    assert (caught.value.current.from_name, caught.value.current.version) == ("First", 2)
    assert rows(tenant) == [("News", "First", 2)]
    with open_tenant(tenant):
        [deed] = AuditEntry.objects.filter(did="conversation.changed")
    assert deed.details == {"fields": ["from_name"]}


def test_who_is_no_admin_of_the_department_changes_nothing(
    tenant: Tenant, marketer: Member, viewer: Member, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    with open_tenant(tenant):
        other = Department.objects.create(tenant=tenant, name="Wholesale")
        Grant.objects.filter(member=viewer).update(role=Role.ADMIN, department=other)
        elsewhere = Member.objects.get(pk=viewer.pk)
    for who in (marketer, elsewhere):
        with pytest.raises(Forbidden):
            change_conversation(tenant, news.public_id, 1, identity(tenant, name="X"), by=who, now=now)
        with pytest.raises(Forbidden):
            archive_conversation(tenant, news.public_id, by=who, now=now)
        with pytest.raises(Invalid) as caught:
            make_conversation(tenant, identity(tenant, name="X"), by=who, now=now)
        assert list(caught.value.fields) == ["department"]
    assert rows(tenant) == [("News", "Northwind Outfitters", 1)]
    made = make_conversation(tenant, identity(tenant, name="Trade", department=other.public_id), by=elsewhere, now=now)
    assert made.department_id == other.pk


def test_a_neighbours_department_and_conversation_are_not_there(
    tenant: Tenant, neighbour: Tenant, stranger: Member, neighbour_department: Department, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    with pytest.raises(Conversation.DoesNotExist):
        change_conversation(neighbour, news.public_id, 1, identity(neighbour), by=stranger, now=now)
    foreign = identity(tenant, name="X", department=neighbour_department.public_id)
    with pytest.raises(Invalid) as caught:
        make_conversation(tenant, foreign, by=None, now=now)
    assert list(caught.value.fields) == ["department"]
    assert rows(tenant) == [("News", "Northwind Outfitters", 1)]
    assert rows(neighbour) == []


def test_a_conversation_goes_into_the_archive_and_comes_back(tenant: Tenant, admin: Member, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    with pytest.raises(Conflict):
        restore_conversation(tenant, news.public_id, by=admin, now=now)
    archive_conversation(tenant, news.public_id, by=admin, now=now)
    with open_tenant(tenant):
        assert Conversation.objects.get().archived_at == now
    with pytest.raises(Conflict):
        archive_conversation(tenant, news.public_id, by=admin, now=now)
    restore_conversation(tenant, news.public_id, by=admin, now=now)
    with open_tenant(tenant):
        assert Conversation.objects.get().archived_at is None


def posted(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    told = identity(tenant)
    return {**{name: str(value) for name, value in vars(told).items()}, **changes}


def test_an_admin_makes_and_changes_one_in_the_console(tenant: Tenant, admin: Member, client_of: ClientOf) -> None:
    browser = client_of(admin)
    answer = browser.post("/t/northwind/conversations/new/", posted(tenant))
    with open_tenant(tenant):
        news = Conversation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/t/northwind/conversations/{news.public_id}/")
    form = browser.get(f"/t/northwind/conversations/{news.public_id}/edit/").content.decode()
    assert 'value="hello@news.northwind.example"' in form
    answer = browser.post(
        f"/t/northwind/conversations/{news.public_id}/edit/", posted(tenant, from_name="Northwind", version=1)
    )
    assert answer.status_code == 302
    assert rows(tenant) == [("News", "Northwind", 2)]


@pytest.mark.parametrize("version", ["", "0", "7", "x"])
def test_a_save_without_the_right_version_shows_both(
    tenant: Tenant, admin: Member, client_of: ClientOf, now: datetime, version: str
) -> None:
    news = a_conversation(tenant, now=now)
    url = f"/t/northwind/conversations/{news.public_id}/edit/"
    answer = client_of(admin).post(url, posted(tenant, from_name="Mine <b>", version=version))
    assert answer.status_code == (422 if version in {"0", "x"} else 409)
    assert rows(tenant) == [("News", "Northwind Outfitters", 1)]
    if answer.status_code == 409:
        text = answer.content.decode()
        assert "Mine &lt;b&gt;" in text
        assert "Northwind Outfitters" in text
        assert '<input type="hidden" name="version" value="1"' in text
        assert text.count('data-label="Theirs, saved"') == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_name", "x\r\nBcc: v@shop.example"),
        ("from_name", "x\n"),
        ("from_name", "a\x00b"),
        ("from_name", "a\u2028b"),
        ("from_email", "nobody"),
        ("default_zone", "Mars/Olympus"),
        ("default_language", "klingon"),
        ("department", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("department", "x"),
    ],
)
def test_a_bad_field_is_named_on_the_page(
    tenant: Tenant, admin: Member, client_of: ClientOf, field: str, value: str
) -> None:
    answer = client_of(admin).post("/t/northwind/conversations/new/", posted(tenant, **{field: value}))
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert rows(tenant) == []


@pytest.mark.parametrize("who", ["marketer", "viewer", "approver"])
def test_others_read_and_change_nothing_in_the_console(
    request: pytest.FixtureRequest, tenant: Tenant, client_of: ClientOf, now: datetime, who: str
) -> None:
    news = a_conversation(tenant, now=now)
    browser = client_of(request.getfixturevalue(who))
    assert browser.get("/t/northwind/conversations/").status_code == 200
    assert browser.get(f"/t/northwind/conversations/{news.public_id}/").status_code == 200
    for path in ("new/", f"{news.public_id}/edit/", f"{news.public_id}/archive/", f"{news.public_id}/keys/make/"):
        answer = browser.post(f"/t/northwind/conversations/{path}", posted(tenant, name="X", version=1))
        assert answer.status_code == 403, path
    assert rows(tenant) == [("News", "Northwind Outfitters", 1)]


def test_a_neighbours_conversation_is_a_missing_page(
    tenant: Tenant, neighbour: Tenant, stranger: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    browser = client_of(stranger)
    missing = "00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("get", "{}/"),
        ("get", "{}/reach/"),
        ("get", "{}/keys/"),
        ("get", "{}/edit/"),
        ("post", "{}/edit/"),
        ("post", "{}/archive/"),
        ("post", "{}/restore/"),
        ("post", "{}/keys/make/"),
        ("post", "keys/{}/check/"),
        ("post", "keys/{}/start/"),
        ("post", "keys/{}/stop/"),
        ("post", "keys/{}/remove/"),
    ):
        theirs, none = (
            getattr(browser, method)(f"/t/southwind/conversations/{path.format(one)}", {"version": "1"})
            for one in (news.public_id, missing)
        )
        assert (theirs.status_code, none.status_code) == (404, 404), path
        assert theirs.content.replace(str(news.public_id).encode(), b"") == none.content.replace(missing.encode(), b"")
    assert rows(tenant) == [("News", "Northwind Outfitters", 1)]
