"""As somebody writes, the draft is checked and shown for one reader, and nothing of it is kept."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from content.models import MessageContent, Revision
from conversations.models import Attribute, Customer
from tests.content.factories import make_content
from tests.content.reading import attributes_of, parse, words

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
HTML = '<p>Hello {{ attributes.first_name }}</p><a href="https://a.example/1">Open</a>'
POLICY = (
    "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


@pytest.fixture
def content(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> MessageContent:
    with open_tenant(tenant):
        return make_content(tenant, department, marketer, now=now)


@pytest.fixture
def rosa(tenant: Tenant, now: datetime) -> Customer:
    return _customer(tenant, "88-1", "Rosa <i>K</i>", now=now)


def _customer(tenant: Tenant, external_id: str, first_name: str, *, now: datetime) -> Customer:
    with open_tenant(tenant):
        return Customer.objects.create(
            tenant=tenant,
            external_id=external_id,
            attributes={"first_name": first_name},
            created_at=now,
            updated_at=now,
        )


def _typed(**changes: str) -> dict[str, str]:
    typed = {"language": "en", "version": "1", "subject": "For {{ attributes.first_name }}", "preheader": "Soon"}
    return {**typed, "html": HTML, "text": "", **changes}


def _url(content: MessageContent, end: str = "", slug: str = "northwind") -> str:
    return f"/t/{slug}/content/{content.public_id}/draft/{end}"


def _kept(tenant: Tenant) -> tuple[Any, ...]:
    with open_tenant(tenant):
        return Revision.objects.count(), MessageContent.objects.get().version, AuditEntry.objects.count()


def test_a_sound_draft_is_filled_for_the_reader_and_not_kept(
    tenant: Tenant, marketer: Member, content: MessageContent, rosa: Customer, client_of: ClientOf
) -> None:
    before = _kept(tenant)
    answer = client_of(marketer).post(f"{_url(content)}?customer={rosa.public_id}&part=text", _typed())
    assert answer.status_code == 200
    page = parse(answer)
    assert "data-sound" in attributes_of(answer, "#facts")
    put = {one.attributes["hx-swap-oob"]: words(one) for one in page.css("[hx-swap-oob]")}
    assert put == {
        "true": "Links 1 1 https://a.example/1",
        "innerHTML:#preview > header .end": "English, as you write",
        "innerHTML:#preview .device .meta": "For Rosa <i>K</i> Soon",
        "innerHTML:#preview .device pre": "Hello Rosa <i>K</i> Open (https://a.example/1) -- You get this because you"
        " subscribed to Northwind. Unsubscribe: #unsubscribe",
    }
    assert [words(link) for link in page.css(".links code")] == ["https://a.example/1"]
    assert _kept(tenant) == before


def test_what_is_wrong_is_said_by_place(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    before = _kept(tenant)
    typed = _typed(subject="", html="<p>{{ nobody }}</p>\n<script>1</script>", text="{% if attributes.a %}")
    answer = client_of(marketer).post(_url(content), typed)
    assert answer.status_code == 422
    page = parse(answer)
    assert "data-sound" not in attributes_of(answer, "#facts")
    assert [words(one) for one in page.css(".places li")] == [
        "Subject Write a subject.",
        "Line 1 There is no field “nobody”.",
        "Line 2 <script> can't stand in a mail.",
        "Line 1 Plain text: “if” is never closed: write {% endif %} where it ends.",
    ]
    assert [one.attributes["href"] for one in page.css(".places a")] == [
        "#id_subject",
        "#id_html",
        "#id_html",
        "#id_text",
    ]
    assert [one.attributes["hx-swap-oob"] for one in page.css("[hx-swap-oob]")] == ["true"]
    assert client_of(marketer).post(_url(content, "html/"), typed).status_code == 422
    assert _kept(tenant) == before


def test_a_field_that_nobody_declared_is_warned_of(
    tenant: Tenant, marketer: Member, content: MessageContent, now: datetime, client_of: ClientOf
) -> None:
    says = "“attributes.first_name” isn’t declared: it is empty for everybody."
    assert says in client_of(marketer).post(_url(content), _typed()).text
    with open_tenant(tenant):
        Attribute.objects.create(
            tenant=tenant,
            kind="attribute",
            name="first_name",
            label="First name",
            type="text",
            created_at=now,
            updated_at=now,
        )
    assert says not in client_of(marketer).post(_url(content), _typed()).text


def test_the_bare_draft_is_the_message_as_its_reader_would_get_it_and_runs_nothing(
    marketer: Member, content: MessageContent, rosa: Customer, client_of: ClientOf
) -> None:
    answer = client_of(marketer).post(f"{_url(content, 'html/')}?customer={rosa.public_id}", _typed())
    assert answer.status_code == 200
    assert "<p>Hello Rosa &lt;i&gt;K&lt;/i&gt;</p>" in answer.text
    assert 'href="#unsubscribe">Unsubscribe</a>' in answer.text
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("end", ["", "html/"])
def test_only_a_marketer_sees_drafts(
    viewer: Member, marketer: Member, stranger: Member, content: MessageContent, client_of: ClientOf, end: str
) -> None:
    assert client_of(viewer).post(_url(content, end), _typed()).status_code == 403
    assert client_of(marketer).get(_url(content, end)).status_code == 405
    theirs = client_of(stranger).post(_url(content, end, "southwind"), _typed())
    missing = client_of(stranger).post(f"/t/southwind/content/{uuid4()}/draft/{end}", _typed())
    assert (theirs.status_code, theirs.content) == (404, missing.content)


@pytest.mark.parametrize("end", ["", "html/"])
def test_a_neighbours_customer_is_as_missing_as_any_other(
    neighbour: Tenant, marketer: Member, content: MessageContent, now: datetime, client_of: ClientOf, end: str
) -> None:
    theirs = _customer(neighbour, "99-1", "Nora", now=now)
    for customer in (theirs.public_id, uuid4()):
        answer = client_of(marketer).post(f"{_url(content, end)}?customer={customer}", _typed())
        assert answer.status_code == 404
        assert "Nora" not in answer.text


def test_the_editor_tells_where_drafts_are_seen_to_those_who_may_write(
    marketer: Member, viewer: Member, content: MessageContent, rosa: Customer, client_of: ClientOf
) -> None:
    editor = f"/t/northwind/content/{content.public_id}/"
    pane = attributes_of(client_of(marketer).get(editor), "#preview")
    assert pane["data-check"] == f"{_url(content)}?part=html&customer={rosa.public_id}"
    assert "data-check" not in attributes_of(client_of(viewer).get(editor), "#preview")
