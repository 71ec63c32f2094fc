"""A preview shows a revision as one reader gets it, from an address where nothing can run."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client

from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from content.models import MessageContent, Revision
from conversations.models import Conversation, Customer
from tests.content.factories import HTML, draft, make_content, make_revision
from tests.content.reading import errors_of, parse, words_of

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
POLICY = (
    "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


@pytest.fixture
def customers(tenant: Tenant, now: datetime) -> list[Customer]:
    with open_tenant(tenant):
        return [make_customer(tenant, number, first, now=now) for number, first in enumerate(["Rosa", "<i>Ken</i>"])]


def make_customer(tenant: Tenant, number: int, first_name: str, *, now: datetime) -> Customer:
    return Customer.objects.create(
        tenant=tenant,
        external_id=f"88-{number}",
        email=f"c{number}@mail.example",
        email_key=f"c{number}@mail.example",
        attributes={"first_name": first_name},
        created_at=now,
        updated_at=now,
    )


def make_conversation(tenant: Tenant, department: Department, name: str, *, now: datetime) -> Conversation:
    return Conversation.objects.create(
        tenant=tenant,
        department=department,
        name=name,
        from_name=name,
        from_email="hello@news.northwind.example",
        postal_address=f"{name} Street 1",
        default_language="en",
        default_zone="UTC",
        created_at=now,
        updated_at=now,
    )


@pytest.fixture
def conversations(tenant: Tenant, department: Department, now: datetime) -> list[Conversation]:
    with open_tenant(tenant):
        return [make_conversation(tenant, department, name, now=now) for name in ("Alpha", "Beta")]


@pytest.fixture
def revision(
    tenant: Tenant,
    department: Department,
    marketer: Member,
    now: datetime,
    customers: list[Customer],
    conversations: list[Conversation],
) -> Revision:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        subject = "Hello {{ attributes.first_name }}"
        return make_revision(tenant, content, marketer, now=now, words=draft(subject, preheader="Read on"))


def _at(revision: Revision, part: str = "html") -> str:
    return f"/t/northwind/content/revisions/{revision.public_id}/{part}/"


@pytest.mark.parametrize(("part", "kind"), [("html", "text/html"), ("text", "text/plain")])
def test_the_bare_message_forbids_everything_but_images_and_styles(
    viewer: Member, revision: Revision, client_of: ClientOf, part: str, kind: str
) -> None:
    answer = client_of(viewer).get(_at(revision, part))
    assert answer.status_code == 200
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "private, no-store"


def test_the_first_customer_and_conversation_are_shown_unless_others_are_named(
    viewer: Member,
    revision: Revision,
    customers: list[Customer],
    conversations: list[Conversation],
    client_of: ClientOf,
) -> None:
    browser = client_of(viewer)
    first = browser.get(_at(revision)).text
    assert "Hello Rosa" in first
    assert "Alpha Street 1" in first
    wanted = {"customer": str(customers[1].public_id), "conversation": str(conversations[1].public_id)}
    second = browser.get(_at(revision), wanted).text
    assert "Hello &lt;i&gt;Ken&lt;/i&gt;" in second
    assert "Beta Street 1" in second
    assert "Hello friend" in browser.get(_at(revision), {"nobody": "1"}).text
    assert "Hello <i>Ken</i>" in browser.get(_at(revision, "text"), wanted).text


def test_values_are_shown_and_never_run_as_templates(
    tenant: Tenant, viewer: Member, revision: Revision, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        make_customer(tenant, 7, "{{7*7}}", now=now)
    assert "Hello {{7*7}}" in client_of(viewer).get(_at(revision), {"customer": "88-7"}).text


@pytest.mark.parametrize("name", ["customer", "conversation"])
def test_a_neighbours_customer_or_conversation_is_as_missing_as_any_other(
    neighbour: Tenant,
    neighbour_department: Department,
    viewer: Member,
    revision: Revision,
    now: datetime,
    client_of: ClientOf,
    name: str,
) -> None:
    with open_tenant(neighbour):
        theirs = (
            make_customer(neighbour, 9, "Zoe", now=now)
            if name == "customer"
            else make_conversation(neighbour, neighbour_department, "Gamma", now=now)
        )
    browser = client_of(viewer)
    asked = browser.get(_at(revision), {name: str(theirs.public_id)})
    missing = browser.get(_at(revision), {name: str(uuid4())})
    assert (asked.status_code, asked.content) == (404, missing.content)


@pytest.mark.parametrize("asked", ["88-1", "C1@mail.example "])
def test_the_pane_finds_a_customer_by_id_or_address(
    viewer: Member, revision: Revision, client_of: ClientOf, asked: str
) -> None:
    answer = client_of(viewer).get(
        f"/t/northwind/content/{_content(revision)}/preview/", {"customer": asked}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert words_of(answer, ".device .meta b") == "Hello <i>Ken</i>"
    assert [f for f in parse(answer).css("iframe") if "mail.example" in (f.attributes["src"] or "")] == []


def test_the_panes_frame_is_sandboxed_and_shows_what_was_chosen(
    viewer: Member,
    revision: Revision,
    customers: list[Customer],
    conversations: list[Conversation],
    client_of: ClientOf,
) -> None:
    page = parse(client_of(viewer).get(f"/t/northwind/content/{_content(revision)}/preview/", {"on": "phone"}))
    frame = page.css_first(".device.phone iframe")
    assert frame is not None
    assert frame.attributes["sandbox"] in (None, "")
    assert frame.attributes["src"] == (
        f"{_at(revision)}?customer={customers[0].public_id}&conversation={conversations[0].public_id}"
    )


def test_a_customer_that_is_not_there_is_said_at_the_field(
    viewer: Member, revision: Revision, client_of: ClientOf
) -> None:
    url = f"/t/northwind/content/{_content(revision)}/preview/"
    answer = client_of(viewer).get(url, {"customer": "<b>nobody</b>"})
    assert errors_of(answer) == {"customer": ["No customer has the ID or address “<b>nobody</b>”."]}
    assert "<b>nobody</b>" not in answer.text
    assert client_of(viewer).get(url, {"customer": "a\x00b"}).status_code == 422


def test_the_text_part_is_shown_as_plain_words(viewer: Member, revision: Revision, client_of: ClientOf) -> None:
    url = f"/t/northwind/content/{_content(revision)}/preview/"
    answer = client_of(viewer).get(url, {"part": "text"})
    assert "Hello Rosa Open the guide (https://shop.northwind.example/guide)" in words_of(answer, ".device pre")


def test_a_revision_that_breaks_says_so_in_its_place(
    tenant: Tenant, viewer: Member, revision: Revision, marketer: Member, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        broken = Revision.objects.create(
            tenant=tenant,
            content_id=revision.content_id,
            language="en",
            number=2,
            subject="x",
            html=HTML + "{% if",
            text="x",
            hash="0" * 64,
            created_at=now,
        )
    browser = client_of(viewer)
    answer = browser.get(_at(broken))
    assert (answer.status_code, answer["Content-Security-Policy"]) == (422, POLICY)
    assert "can’t be shown" in answer.text
    assert "It can’t be shown for this reader." in browser.get(f"/t/northwind/content/{_content(revision)}/").text


def test_the_preview_of_content_without_a_revision_waits_for_one(
    tenant: Tenant, department: Department, marketer: Member, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
    answer = client_of(marketer).get(f"/t/northwind/content/{content.public_id}/preview/")
    assert "What a reader gets stands here once you have saved." in words_of(answer, "#preview")


def _content(revision: Revision) -> str:
    with open_tenant(revision.tenant_id):
        return str(MessageContent.objects.get(pk=revision.content_id).public_id)
