"""Seed lists are made, changed and deleted, by actions and over HTTP; bad lines are named and change nothing."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client

from audiences.actions.seeds import SeedListOf, SeedOf, change_seed_list, delete_seed_list, make_seed_list
from audiences.forms.seeds import read_people
from audiences.models import Seed, SeedList
from campaigns.models import Campaign
from connect.core.actions.members import GrantOf, add_member
from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db

Browser = Callable[[Member], Client]
KIM = SeedOf("Kim Berg", "Kim@Seeds.Example")
STUDIO = SeedOf("", "studio@seeds.example")
STORED = [("Kim Berg", "kim@seeds.example"), ("studio@seeds.example", "studio@seeds.example")]
PAGES = "/t/northwind/seeds/"


def wanted(department: Department, *seeds: SeedOf, name: str = "Studio", mark: bool = True) -> SeedListOf:
    return SeedListOf(name, department.public_id, mark, seeds)


@pytest.fixture
def studio(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> SeedList:
    return make_seed_list(tenant, wanted(department, KIM, STUDIO), by=marketer, now=now)


def lists(tenant: Tenant) -> list[tuple[str, bool, int]]:
    with open_tenant(tenant):
        return list(SeedList.objects.of(tenant).order_by("name").values_list("name", "mark_subject", "version"))


def people(tenant: Tenant) -> list[tuple[str, str]]:
    with open_tenant(tenant):
        return list(Seed.objects.of(tenant).order_by("pk").values_list("name", "email_key"))


def test_a_seed_list_is_made_with_normalised_addresses(tenant: Tenant, studio: SeedList, marketer: Member) -> None:
    assert lists(tenant) == [("Studio", True, 1)]
    assert people(tenant) == STORED
    with open_tenant(tenant):
        entry = AuditEntry.objects.of(tenant).get(did="seed_list.made")
    assert (entry.thing, entry.member_name, entry.details) == (
        studio.public_id,
        marketer.name,
        {"name": "Studio", "seeds": 2},
    )


@pytest.mark.parametrize(
    ("name", "seeds", "fields"),
    [
        ("", [KIM], ["name"]),
        ("x" * 121, [KIM], ["name"]),
        ("a\x00b", [KIM], ["name"]),
        ("Studio", [KIM], ["name"]),
        ("Other", [], ["seeds"]),
        ("Other", [SeedOf("", f"s{n}@seeds.example") for n in range(51)], ["seeds"]),
        ("Other", [STUDIO, SeedOf("", "nobody")], ["seeds.1.email"]),
        ("Other", [SeedOf("a\r\nBcc: b@c.example", "a@seeds.example")], ["seeds.0.name"]),
        ("Other", [SeedOf("x" * 121, "a@seeds.example"), SeedOf("", "x")], ["seeds.0.name", "seeds.1.email"]),
        ("Other", [KIM, STUDIO, SeedOf("Again", "kim@SEEDS.example ")], ["seeds.2.email"]),
        ("Other", [SeedOf("", "a@b.example\nBcc: c@d.example")], ["seeds.0.email"]),
    ],
)
def test_bad_values_are_named_and_store_nothing(
    tenant: Tenant,
    department: Department,
    studio: SeedList,
    now: datetime,
    name: str,
    seeds: list[SeedOf],
    fields: list[str],
) -> None:
    with pytest.raises(Invalid) as caught:
        make_seed_list(tenant, wanted(department, *seeds, name=name), by=None, now=now)
    assert list(caught.value.fields) == fields
    assert lists(tenant) == [("Studio", True, 1)]
    assert people(tenant) == STORED


def test_a_missing_and_a_neighbours_department_are_refused_alike(
    tenant: Tenant, neighbour_department: Department, now: datetime
) -> None:
    for department in (neighbour_department.public_id, uuid4()):
        with pytest.raises(Invalid) as caught:
            make_seed_list(tenant, SeedListOf("Studio", department, True, [KIM]), by=None, now=now)
        assert caught.value.fields == {"department": ["There is no such department."]}
    assert lists(tenant) == []


def test_a_bad_change_is_refused_and_changes_nothing(
    tenant: Tenant, department: Department, studio: SeedList, now: datetime
) -> None:
    make_seed_list(tenant, wanted(department, KIM, name="Press"), by=None, now=now)
    with pytest.raises(Invalid) as caught:
        change_seed_list(tenant, studio.public_id, 1, wanted(department, SeedOf("", "x")), by=None, now=now)
    assert list(caught.value.fields) == ["seeds.0.email"]
    with pytest.raises(Invalid) as caught:
        change_seed_list(tenant, studio.public_id, 1, wanted(department, KIM, name="Press"), by=None, now=now)
    assert caught.value.fields == {"name": ["Another seed list has this name."]}
    assert (lists(tenant), people(tenant)) == ([("Press", True, 1), ("Studio", True, 1)], [*STORED, STORED[0]])


def test_a_change_replaces_the_people(
    tenant: Tenant, department: Department, studio: SeedList, marketer: Member, now: datetime
) -> None:
    later = [STUDIO, SeedOf("Lee", "lee@seeds.example"), SeedOf("Pat", "pat@seeds.example")]
    change_seed_list(
        tenant, studio.public_id, 1, wanted(department, *later, name="Press", mark=False), by=marketer, now=now
    )
    assert lists(tenant) == [("Press", False, 2)]
    assert people(tenant) == [STORED[1], ("Lee", "lee@seeds.example"), ("Pat", "pat@seeds.example")]
    with open_tenant(tenant):
        details = AuditEntry.objects.of(tenant).get(did="seed_list.changed").details
    assert details == {"fields": ["mark_subject", "name"], "added": 2, "removed": 1}


def test_a_stale_change_is_refused_with_what_stands_now(
    tenant: Tenant, department: Department, studio: SeedList, marketer: Member, now: datetime
) -> None:
    change_seed_list(tenant, studio.public_id, 1, wanted(department, KIM, name="First"), by=marketer, now=now)
    with pytest.raises(StaleVersion) as caught:
        change_seed_list(tenant, studio.public_id, 1, wanted(department, STUDIO, name="Second"), by=marketer, now=now)
    assert caught.value.current.name == "First"
    assert (lists(tenant), people(tenant)) == ([("First", True, 2)], STORED[:1])


def test_only_a_marketer_of_the_department_changes_it(
    tenant: Tenant, department: Department, studio: SeedList, viewer: Member, now: datetime
) -> None:
    with open_tenant(tenant):
        other = Department.objects.create(tenant=tenant, name="Stores")
        grants = [GrantOf(Role.MARKETER, other.public_id)]
        outsider = add_member(tenant, email="otto@northwind.example", name="Otto", grants=grants, by=None, now=now)
    for member in (viewer, outsider):
        with pytest.raises(Forbidden):
            make_seed_list(tenant, wanted(department, KIM, name="Mine"), by=member, now=now)
        with pytest.raises(Forbidden):
            change_seed_list(tenant, studio.public_id, 1, wanted(department, KIM), by=member, now=now)
        with pytest.raises(Forbidden):
            delete_seed_list(tenant, studio.public_id, by=member, now=now)
    assert (lists(tenant), people(tenant)) == ([("Studio", True, 1)], STORED)


def test_a_list_that_a_campaign_uses_stays(
    tenant: Tenant, department: Department, studio: SeedList, marketer: Member, now: datetime
) -> None:
    with open_tenant(tenant):
        Campaign.objects.create(
            tenant=tenant,
            department=department,
            name="Winter",
            language="en",
            seed_list=studio,
            created_at=now,
            updated_at=now,
        )
    with pytest.raises(Conflict, match="A campaign uses this seed list"):
        delete_seed_list(tenant, studio.public_id, by=marketer, now=now)
    assert (lists(tenant), people(tenant)) == ([("Studio", True, 1)], STORED)


def test_lines_are_read_as_people_write_them() -> None:
    text = 'Kim Berg <kim@seeds.example>\r\n\r\n"Lee, Pat" <lee@seeds.example> \r\n studio@seeds.example\n<x@y.example>'
    assert read_people(text) == [
        (1, SeedOf("Kim Berg", "kim@seeds.example")),
        (3, SeedOf("Lee, Pat", "lee@seeds.example")),
        (4, SeedOf("", " studio@seeds.example")),
        (5, SeedOf("", "x@y.example")),
    ]


# --- Pages ---


def form(department: Department, people: str, **more: str) -> dict[str, str]:
    return {"name": "Press", "department": str(department.public_id), "people": people, "mark_subject": "on", **more}


def test_a_marketer_makes_changes_and_deletes_a_list_in_the_browser(
    tenant: Tenant, department: Department, marketer: Member, client_of: Browser
) -> None:
    browser = client_of(marketer)
    assert "No seed lists yet" in browser.get(PAGES).content.decode()
    assert browser.get(f"{PAGES}new/").status_code == 200
    made = browser.post(f"{PAGES}new/", form(department, "Kim Berg <Kim@Seeds.Example>\r\nstudio@seeds.example\r\n"))
    assert (made.status_code, made["Location"]) == (302, PAGES)
    assert (lists(tenant), people(tenant)) == ([("Press", True, 1)], STORED)
    with open_tenant(tenant):
        one = f"{PAGES}{SeedList.objects.of(tenant).get().public_id}/"
    shown = browser.get(one).content.decode()
    assert "Kim Berg &lt;kim@seeds.example&gt;\nstudio@seeds.example</textarea>" in shown
    changed = browser.post(one, {**form(department, "studio@seeds.example", version="1"), "mark_subject": ""})
    assert (changed.status_code, lists(tenant), people(tenant)) == (302, [("Press", False, 2)], STORED[1:])
    gone = browser.post(f"{one}delete/")
    assert (gone.status_code, lists(tenant), people(tenant)) == (302, [], [])


def test_a_bad_line_is_named_by_its_number(
    tenant: Tenant, department: Department, marketer: Member, client_of: Browser
) -> None:
    typed = "a@seeds.example\r\n\r\nKim <nobody>\r\nA@seeds.example"
    answer = client_of(marketer).post(f"{PAGES}new/", form(department, typed))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 3: This isn&#39;t an email address" in shown
    assert "Line 4: a@seeds.example stands above already." in shown
    assert lists(tenant) == []


@pytest.mark.parametrize("people_", ["", " \r\n", "a\x00@seeds.example", "x" * 40_001])
def test_text_that_is_no_list_is_refused(
    tenant: Tenant, department: Department, marketer: Member, client_of: Browser, people_: str
) -> None:
    assert client_of(marketer).post(f"{PAGES}new/", form(department, people_)).status_code == 422
    assert lists(tenant) == []


def test_a_stale_save_shows_both_versions(
    tenant: Tenant, department: Department, studio: SeedList, marketer: Member, client_of: Browser, now: datetime
) -> None:
    change_seed_list(tenant, studio.public_id, 1, wanted(department, KIM, name="Theirs"), by=marketer, now=now)
    browser, one = client_of(marketer), f"{PAGES}{studio.public_id}/"
    answer = browser.post(one, form(department, "mine@seeds.example", version="1"))
    shown = answer.content.decode()
    assert answer.status_code == 409
    for text in ("Both versions", "Theirs", "mine@seeds.example", 'name="version" value="2"'):
        assert text in shown
    assert (lists(tenant), people(tenant)) == ([("Theirs", True, 2)], STORED[:1])
    assert browser.post(one, form(department, "mine@seeds.example", version="2")).status_code == 302
    assert lists(tenant) == [("Press", True, 3)]


def test_a_viewer_reads_and_changes_nothing(
    tenant: Tenant, department: Department, studio: SeedList, viewer: Member, client_of: Browser
) -> None:
    browser, one = client_of(viewer), f"{PAGES}{studio.public_id}/"
    shown = browser.get(one).content.decode()
    assert "kim@seeds.example" in shown
    assert "<textarea" not in shown
    assert browser.get(PAGES).status_code == 200
    assert [
        browser.get(f"{PAGES}new/").status_code,
        browser.post(one, form(department, "x@seeds.example", version="1")).status_code,
        browser.post(f"{one}delete/").status_code,
    ] == [403, 403, 403]
    assert (lists(tenant), people(tenant)) == ([("Studio", True, 1)], STORED)


def test_a_neighbours_list_is_a_missing_one(
    tenant: Tenant, neighbour: Tenant, stranger: Member, studio: SeedList, client_of: Browser
) -> None:
    browser = client_of(stranger)
    for end in ("", "delete/"):
        theirs = browser.post(f"/t/southwind/seeds/{studio.public_id}/{end}")
        missing = browser.post(f"/t/southwind/seeds/{uuid4()}/{end}")
        assert (theirs.status_code, theirs.content) == (404, missing.content)
    assert (lists(tenant), people(tenant)) == ([("Studio", True, 1)], STORED)
