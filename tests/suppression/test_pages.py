"""The pages of suppression over HTTP: what each role gets, what bad input gets, and what is stored."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from suppression.actions.applications import apply_list
from suppression.actions.entries import add_entry, do_suppress
from suppression.actions.lists import ListFields, change_list
from suppression.models import Application, Entry, SuppressionList
from suppression.states import Reason, Scope
from tests.suppression.factories import a_conversation, a_customer, a_list, entries_of

pytestmark = pytest.mark.django_db

Browser = Callable[[Member], Client]
PAGES = "/t/northwind/suppression/"
ADDED = {"value": "Kim@Shop.Example", "reason": "legal", "source": "Letter 17", "until": ""}


@pytest.fixture
def partners(tenant: Tenant, now: datetime) -> SuppressionList:
    return a_list(tenant, now=now)


def there(listed: SuppressionList, end: str = "") -> str:
    return f"{PAGES}{listed.public_id}/{end}"


def suppress(tenant: Tenant, listed: SuppressionList, *values: str, now: datetime) -> list[Entry]:
    return [
        add_entry(tenant, listed.public_id, value=value, reason=Reason.MANUAL, by=None, now=now) for value in values
    ]


def lists(tenant: Tenant) -> list[tuple[str, str, int]]:
    with open_tenant(tenant):
        return list(SuppressionList.objects.of(tenant).order_by("name").values_list("name", "scope", "version"))


# --- Lists ---


def test_the_lists_say_how_many_stand_on_them(
    tenant: Tenant, partners: SuppressionList, viewer: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, "a@shop.example", "b@shop.example", now=now)
    do_suppress(tenant, "c@shop.example", reason=Reason.HARD_BOUNCE, source="550", now=now)
    shown = client_of(viewer).get(PAGES).content.decode()
    for text in ("3 entries in all", "Partners", "Filled by itself"):
        assert text in shown
    assert "New list" not in shown


def test_no_list_yet_says_what_one_is_for(marketer: Member, client_of: Browser) -> None:
    shown = client_of(marketer).get(PAGES).content.decode()
    assert "No lists yet" in shown
    assert f'href="{PAGES}new/"' in shown


def test_a_marketer_makes_a_list(tenant: Tenant, marketer: Member, client_of: Browser) -> None:
    browser = client_of(marketer)
    assert browser.get(f"{PAGES}new/").status_code == 200
    made = browser.post(f"{PAGES}new/", {"name": "Partners", "scope": "conversations", "description": ""})
    assert made.status_code == 302
    assert lists(tenant) == [("Partners", "conversations", 1)]
    assert "Nobody stands here yet" in browser.get(made["Location"]).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 121}, {"name": "a\x00b"}, {"name": "Partners"}, {"scope": "world"}]
)
def test_a_bad_list_is_refused(
    tenant: Tenant, partners: SuppressionList, marketer: Member, client_of: Browser, wrong: dict[str, str]
) -> None:
    answer = client_of(marketer).post(f"{PAGES}new/", {"name": "Other", "scope": "tenant", **wrong})
    assert answer.status_code == 422
    assert "nothing was saved" in answer.content.decode()
    assert lists(tenant) == [("Partners", "tenant", 1)]


def test_a_stale_save_shows_both_versions(
    tenant: Tenant, partners: SuppressionList, admin: Member, client_of: Browser, now: datetime
) -> None:
    change_list(tenant, partners.public_id, 1, ListFields("Theirs", Scope.TENANT), by=admin, now=now)
    browser, edit = client_of(admin), there(partners, "edit/")
    answer = browser.post(edit, {"name": "Mine", "scope": "tenant", "version": "1"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    for text in ("Both versions", "Theirs", "Mine", 'name="version" value="2"'):
        assert text in shown
    assert lists(tenant) == [("Theirs", "tenant", 2)]
    assert browser.post(edit, {"name": "Mine", "scope": "tenant", "version": "2"}).status_code == 302
    assert lists(tenant) == [("Mine", "tenant", 3)]


def test_an_admin_deletes_a_list_with_its_entries(
    tenant: Tenant, partners: SuppressionList, admin: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, "a@shop.example", now=now)
    assert client_of(admin).post(there(partners, "delete/")).status_code == 302
    assert (lists(tenant), entries_of(tenant, partners)) == ([], [])


def test_the_automatic_list_is_never_deleted(tenant: Tenant, admin: Member, client_of: Browser, now: datetime) -> None:
    do_suppress(tenant, "c@shop.example", reason=Reason.HARD_BOUNCE, source="550", now=now)
    with open_tenant(tenant):
        automatic = SuppressionList.objects.of(tenant).get()
    assert client_of(admin).post(there(automatic, "delete/")).status_code == 409
    assert entries_of(tenant, automatic) == [("email", "c@shop.example", "hard_bounce")]


# --- Entries ---


def test_entries_come_by_the_page_and_are_found(
    tenant: Tenant, partners: SuppressionList, viewer: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, *(f"p{n:02d}@shop.example" for n in range(60)), now=now)
    browser = client_of(viewer)
    first = browser.get(there(partners))
    shown = [f"p{n:02d}@shop.example" in first.content.decode() for n in (59, 10, 9)]
    assert shown == [True, True, False]
    follow = next(part for part in first.content.decode().split('"') if "after=" in part).replace("&amp;", "&")
    second = browser.get(follow).content.decode()
    assert [f"p{n:02d}@shop.example" in second for n in (10, 9, 0)] == [False, True, True]
    found = browser.get(there(partners) + "?value=P07%40shop.example", headers={"HX-Request": "true"})
    assert "p07@shop.example" in found.content.decode()
    assert "p08@shop.example" not in found.content.decode()
    assert "<html" not in found.content.decode()


def test_entries_are_narrowed_by_reason(
    tenant: Tenant, partners: SuppressionList, viewer: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, "manual@shop.example", now=now)
    add_entry(tenant, partners.public_id, value="legal@shop.example", reason=Reason.LEGAL, by=None, now=now)
    shown = client_of(viewer).get(there(partners) + "?reason=legal").content.decode()
    assert ("legal@shop.example" in shown, "manual@shop.example" in shown) == (True, False)


@pytest.mark.parametrize("query", ["?value=%00", "?value=%20", "?after=zzz", "?before=%00", "?reason=none", "?value=x"])
def test_a_mad_address_still_gets_the_page(
    partners: SuppressionList, viewer: Member, client_of: Browser, query: str
) -> None:
    assert client_of(viewer).get(there(partners) + query).status_code == 200


def test_a_marketer_adds_an_entry(
    tenant: Tenant, partners: SuppressionList, marketer: Member, client_of: Browser
) -> None:
    answer = client_of(marketer).post(there(partners, "add/"), ADDED)
    assert (answer.status_code, answer["Location"]) == (302, there(partners))
    assert entries_of(tenant, partners) == [("email", "kim@shop.example", "legal")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "no body"},
        {"value": ""},
        {"value": "a@shop.example\r\nb@shop.example"},
        {"value": "a\x00@shop.example"},
        {"reason": "mood"},
        {"source": "x" * 121},
        {"until": "soon"},
        {"until": "2001-01-01"},
    ],
)
def test_a_bad_entry_is_refused_in_its_form(
    tenant: Tenant, partners: SuppressionList, marketer: Member, client_of: Browser, wrong: dict[str, str]
) -> None:
    answer = client_of(marketer).post(there(partners, "add/"), {**ADDED, **wrong})
    assert answer.status_code == 422
    assert "nothing was saved" in answer.content.decode()
    assert entries_of(tenant, partners) == []


def test_an_admin_removes_an_entry_of_this_list_alone(
    tenant: Tenant, partners: SuppressionList, admin: Member, client_of: Browser, now: datetime
) -> None:
    other = a_list(tenant, "Other", now=now)
    [entry] = suppress(tenant, partners, "a@shop.example", now=now)
    browser = client_of(admin)
    assert browser.post(there(other, f"entries/{entry.public_id}/remove/")).status_code == 404
    assert entries_of(tenant, partners) == [("email", "a@shop.example", "manual")]
    assert browser.post(there(partners, f"entries/{entry.public_id}/remove/")).status_code == 302
    assert entries_of(tenant, partners) == []


# --- Files ---


def test_a_file_is_imported_and_bad_lines_are_reported(
    tenant: Tenant, partners: SuppressionList, marketer: Member, client_of: Browser
) -> None:
    lines = b"value\na@shop.example\nno body\ncompetitor.example\na@shop.example\n"
    upload = SimpleUploadedFile("partner.csv", lines)
    browser = client_of(marketer)
    assert browser.get(there(partners, "import/")).status_code == 200
    answer = browser.post(there(partners, "import/"), {"file": upload, "reason": "import"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert '<td class="n">3</td><td><code class="xs">no body</code></td>' in shown
    assert entries_of(tenant, partners) == [
        ("domain", "competitor.example", "import"),
        ("email", "a@shop.example", "import"),
    ]
    with open_tenant(tenant):
        assert set(Entry.objects.of(tenant).values_list("source", flat=True)) == {"partner.csv"}


@pytest.mark.parametrize(
    "sent",
    [
        {"pasted": ""},
        {"pasted": "no body\nnor here"},
        {"pasted": "a@shop.example", "reason": "mood"},
        {"pasted": "a@shop.example", "until": "soon"},
        {"pasted": "a@shop.example\x00"},
    ],
)
def test_a_file_without_a_good_line_is_refused(
    tenant: Tenant, partners: SuppressionList, marketer: Member, client_of: Browser, sent: dict[str, str]
) -> None:
    assert client_of(marketer).post(there(partners, "import/"), {"reason": "import", **sent}).status_code == 422
    assert entries_of(tenant, partners) == []


def test_an_export_can_be_imported_again_and_is_audited(
    tenant: Tenant, partners: SuppressionList, admin: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, "a@shop.example", "competitor.example", now=now)
    answer = client_of(admin).post(there(partners, "export/"))
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a streamed answer has it
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert text.decode() == (
        "value,kind,reason,source,since,expires\r\n"
        "a@shop.example,email,manual,,2026-03-02T09:00:00+00:00,\r\n"
        "competitor.example,domain,manual,,2026-03-02T09:00:00+00:00,\r\n"
    )
    with open_tenant(tenant):
        assert AuditEntry.objects.of(tenant).filter(did="suppression.entries_exported").count() == 1
    again = a_list(tenant, "Again", now=now)
    upload = SimpleUploadedFile("export.csv", text)
    assert client_of(admin).post(there(again, "import/"), {"file": upload, "reason": "import"}).status_code == 200
    assert entries_of(tenant, again) == entries_of(tenant, partners)


# --- Where an address stands ---


def test_one_address_is_checked(
    tenant: Tenant, partners: SuppressionList, viewer: Member, client_of: Browser, now: datetime
) -> None:
    a_conversation(tenant, now=now)
    suppress(tenant, partners, "shop.example", now=now)
    browser = client_of(viewer)
    held = browser.get(f"{PAGES}check/", {"address": "Kim@Shop.Example"}).content.decode()
    assert "kim@shop.example is suppressed everywhere." in held
    assert "Partners" in held
    free = browser.get(f"{PAGES}check/", {"address": "kim@mail.shop.example"}).content.decode()
    assert "kim@mail.shop.example isn’t suppressed." in free
    assert browser.get(f"{PAGES}check/").status_code == 200
    for wrong in ("", "nobody", "a\x00@shop.example", "a@shop.example\nb"):
        assert browser.get(f"{PAGES}check/", {"address": wrong}).status_code == 422


def test_a_list_that_is_applied_to_one_conversation_holds_there_alone(
    tenant: Tenant, viewer: Member, client_of: Browser, now: datetime
) -> None:
    listed = a_list(tenant, scope=Scope.CONVERSATIONS, now=now)
    news = a_conversation(tenant, now=now)
    a_conversation(tenant, "Offers", now=now)
    apply_list(tenant, listed.public_id, news.public_id, by=None, now=now)
    suppress(tenant, listed, "kim@shop.example", now=now)
    shown = client_of(viewer).get(f"{PAGES}check/", {"address": "kim@shop.example"}).content.decode()
    assert "kim@shop.example is suppressed in 1 of 2 conversations." in shown


def test_lists_are_applied_to_a_conversation_and_taken_off(
    tenant: Tenant, marketer: Member, admin: Member, client_of: Browser, now: datetime
) -> None:
    listed = a_list(tenant, scope=Scope.CONVERSATIONS, now=now)
    news = a_conversation(tenant, now=now)
    page = f"{PAGES}of-conversation/{news.public_id}/"
    assert client_of(marketer).post(f"{page}apply/", {"suppression_list": "none"}).status_code == 422
    assert client_of(marketer).post(f"{page}apply/", {"suppression_list": listed.public_id}).status_code == 302
    with open_tenant(tenant):
        assert Application.objects.of(tenant).filter(conversation=news, suppression_list=listed).count() == 1
    assert "applied here" in client_of(admin).get(page, headers={"HX-Request": "true"}).content.decode()
    off = f"{page}{listed.public_id}/take-off/"
    assert client_of(marketer).post(off).status_code == 403
    assert client_of(admin).post(off).status_code == 302
    with open_tenant(tenant):
        assert Application.objects.of(tenant).count() == 0


def test_a_customers_page_tells_where_the_address_stands(
    tenant: Tenant, partners: SuppressionList, viewer: Member, client_of: Browser, now: datetime
) -> None:
    suppress(tenant, partners, "kim@shop.example", now=now)
    browser = client_of(viewer)
    for address, says in (("kim@shop.example", "Every conversation"), ("lee@shop.example", "Not suppressed")):
        customer = a_customer(tenant, address, now=now)
        part = browser.get(f"{PAGES}of-customer/{customer.public_id}/", headers={"HX-Request": "true"})
        assert says in part.content.decode()


# --- Roles and neighbours ---


def test_each_role_does_its_own_and_no_more(
    tenant: Tenant, partners: SuppressionList, viewer: Member, marketer: Member, client_of: Browser, now: datetime
) -> None:
    [entry] = suppress(tenant, partners, "a@shop.example", now=now)
    admins = ["edit/", "delete/", "export/", f"entries/{entry.public_id}/remove/"]
    for member, ends in ((viewer, ["add/", "import/", *admins]), (marketer, admins)):
        browser = client_of(member)
        assert {end: browser.post(there(partners, end), ADDED).status_code for end in ends} == dict.fromkeys(ends, 403)
        assert browser.get(there(partners)).status_code == 200
    assert client_of(viewer).post(f"{PAGES}new/", {"name": "Mine", "scope": "tenant"}).status_code == 403
    assert (lists(tenant), entries_of(tenant, partners)) == (
        [("Partners", "tenant", 1)],
        [("email", "a@shop.example", "manual")],
    )


def test_a_neighbours_list_is_a_missing_one(
    tenant: Tenant, partners: SuppressionList, stranger: Member, client_of: Browser
) -> None:
    browser = client_of(stranger)
    for end in ("", "edit/", "delete/", "export/", "import/", "add/"):
        method = browser.get if end == "" else browser.post
        theirs = method(f"/t/southwind/suppression/{partners.public_id}/{end}")
        missing = method(f"/t/southwind/suppression/{uuid4()}/{end}")
        assert (theirs.status_code, theirs.content) == (404, missing.content)
    assert lists(tenant) == [("Partners", "tenant", 1)]
