"""The list of content, its form, and what is done with one as a whole."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from selectolax.lexbor import LexborHTMLParser

from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import archive_content
from content.models import MessageContent, Revision
from tests.content.factories import draft, make_content, make_revision
from tests.content.reading import attributes_of, errors_of, value_of, words, words_of

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
ROOT = "/t/northwind/content/"


@pytest.fixture
def content(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> MessageContent:
    with open_tenant(tenant):
        made = make_content(tenant, department, marketer, now=now)
        make_revision(tenant, made, marketer, now=now)
        make_revision(tenant, made, marketer, now=now, words=draft("Winter came"))
        make_revision(tenant, made, marketer, now=now, language="fr", words=draft("L’hiver est là"))
        made.refresh_from_db()
    return made


def _state(tenant: Tenant) -> tuple[list[Any], int, int]:
    with open_tenant(tenant):
        contents = list(MessageContent.objects.order_by("pk").values_list("name", "version", "archived_at"))
        return contents, Revision.objects.count(), AuditEntry.objects.filter(did__startswith="content.").count()


def test_an_empty_list_says_what_content_is_and_offers_the_first_step(marketer: Member, client_of: ClientOf) -> None:
    answer = client_of(marketer).get(ROOT)
    assert answer.status_code == 200
    assert "No content yet" in answer.text
    assert f'href="{ROOT}new/">Write the first one' in answer.text


def test_a_viewer_is_offered_no_new_content(viewer: Member, content: MessageContent, client_of: ClientOf) -> None:
    answer = client_of(viewer).get(ROOT)
    assert "Winter letter" in answer.text
    assert f"{ROOT}new/" not in answer.text


def test_the_list_shows_languages_with_their_newest_revision_and_the_subject_of_the_default_language(
    marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    answer = client_of(marketer).get(ROOT)
    cells = [words(cell) for cell in LexborHTMLParser(answer.text).css("tbody tr > *")]
    assert cells[:3] == ["Winter letter", "Winter came", "en r2 fr r1"]
    assert cells[3].endswith("Marta Lindt")
    assert cells[4] == "–"


def test_the_list_is_filtered_by_name_and_htmx_gets_the_table_alone(
    tenant: Tenant,
    department: Department,
    marketer: Member,
    content: MessageContent,
    now: datetime,
    client_of: ClientOf,
) -> None:
    with open_tenant(tenant):
        make_content(tenant, department, marketer, now=now, name="Spring letter")
    answer = client_of(marketer).get(ROOT, {"q": "spring"}, headers={"HX-Request": "true"})
    assert "Spring letter" in answer.text
    assert "Winter letter" not in answer.text
    assert "<html" not in answer.text
    assert "Nothing is called that." in client_of(marketer).get(ROOT, {"q": "%' OR 1=1"}).text


@pytest.mark.parametrize("query", [{"q": "x\x00"}, {"q": "x" * 121}, {"sort": "password"}, {"page": "a"}])
def test_a_filter_that_cannot_be_is_refused(marketer: Member, client_of: ClientOf, query: dict[str, str]) -> None:
    assert client_of(marketer).get(ROOT, query).status_code == 422


def test_archived_content_is_shown_on_request_alone(
    tenant: Tenant, marketer: Member, content: MessageContent, now: datetime, client_of: ClientOf
) -> None:
    archive_content(tenant, content.public_id, by=marketer, now=now)
    browser = client_of(marketer)
    assert "Winter letter" not in browser.get(ROOT).text
    assert "Winter letter" in browser.get(ROOT, {"archived": "1"}).text


def test_new_content_is_made_and_opened(
    tenant: Tenant, department: Department, marketer: Member, client_of: ClientOf
) -> None:
    form = {"name": "Winter letter", "department": str(department.public_id)}
    answer = client_of(marketer).post(f"{ROOT}new/", form)
    with open_tenant(tenant):
        made = MessageContent.objects.get()
        assert (made.name, made.department_id) == ("Winter letter", department.pk)
        assert AuditEntry.objects.get(did="content.made").thing == made.public_id
    assert answer["Location"] == f"{ROOT}{made.public_id}/"


def test_a_taken_name_is_said_at_its_field_and_kept(
    tenant: Tenant, department: Department, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    before = _state(tenant)
    form = {"name": "Winter letter", "department": str(department.public_id)}
    answer = client_of(marketer).post(f"{ROOT}new/", form)
    assert answer.status_code == 422
    assert errors_of(answer) == {"name": ["Another content has this name."]}
    assert value_of(answer, "name") == "Winter letter"
    assert _state(tenant) == before


def test_content_is_never_made_in_a_neighbours_department(
    tenant: Tenant, marketer: Member, neighbour_department: Department, client_of: ClientOf
) -> None:
    form = {"name": "Winter letter", "department": str(neighbour_department.public_id)}
    answer = client_of(marketer).post(f"{ROOT}new/", form)
    assert answer.status_code == 422
    assert "Select a valid choice." in words_of(answer, ".form-errors")
    assert _state(tenant) == ([], 0, 0)


def test_renaming_needs_the_version_that_was_seen(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    browser = client_of(marketer)
    url = f"{ROOT}{content.public_id}/rename/"
    before = _state(tenant)
    stale = browser.post(url, {"name": "Ice letter", "version": content.version - 1})
    assert stale.status_code == 409
    assert value_of(stale, "version", form="#rename") == str(content.version)
    assert value_of(stale, "name", form="#rename") == "Ice letter"
    assert _state(tenant) == before
    assert browser.post(url, {"name": "Ice letter", "version": content.version}).status_code == 302
    with open_tenant(tenant):
        assert MessageContent.objects.get().name == "Ice letter"


@pytest.mark.parametrize("name", ["", "Ice\r\nletter", "x" * 121, "a\x00b"])
def test_a_name_that_cannot_be_is_refused_where_it_was_typed(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf, name: str
) -> None:
    before = _state(tenant)
    answer = client_of(marketer).post(f"{ROOT}{content.public_id}/rename/", {"name": name, "version": content.version})
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["name"]
    assert _state(tenant) == before


def test_a_copy_has_the_newest_revision_of_each_language(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    answer = client_of(marketer).post(f"{ROOT}{content.public_id}/copy/", follow=True)
    assert "Copied as “Winter letter (copy)”, with 2 languages." in answer.text
    with open_tenant(tenant):
        copied = MessageContent.objects.get(name="Winter letter (copy)")
        found = (
            Revision.objects.filter(content=copied).order_by("language").values_list("language", "number", "subject")
        )
        assert list(found) == [("en", 1, "Winter came"), ("fr", 1, "L’hiver est là")]


def test_archiving_offers_to_undo(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    browser = client_of(marketer)
    answer = browser.post(f"{ROOT}{content.public_id}/archive/", follow=True)
    assert f'action="{ROOT}{content.public_id}/restore/"' in answer.text
    with open_tenant(tenant):
        assert MessageContent.objects.get().archived_at is not None
    assert browser.post(f"{ROOT}{content.public_id}/restore/").status_code == 302
    with open_tenant(tenant):
        assert MessageContent.objects.get().archived_at is None
        deeds = AuditEntry.objects.filter(did__in=["content.archived", "content.restored"]).order_by("pk")
        assert [deed.member_name for deed in deeds] == ["Marta Lindt", "Marta Lindt"]


WRITES = ["save", "rename", "copy", "archive", "restore"]
READS = ["", "preview/", "revisions/", "compare/"]


@pytest.mark.parametrize("deed", WRITES)
def test_a_viewer_changes_nothing(
    tenant: Tenant, viewer: Member, content: MessageContent, client_of: ClientOf, deed: str
) -> None:
    before = _state(tenant)
    form = {"name": "x", "version": content.version, "language": "en", "subject": "x", "html": "<p>x</p>"}
    answer = client_of(viewer).post(f"{ROOT}{content.public_id}/{deed}/", form)
    assert answer.status_code == 403
    assert "Marta Lindt" in answer.text
    assert _state(tenant) == before


@pytest.mark.parametrize("deed", WRITES)
def test_a_neighbours_content_is_as_missing_as_any_other_to_writes(
    tenant: Tenant, stranger: Member, content: MessageContent, client_of: ClientOf, deed: str
) -> None:
    before = _state(tenant)
    form = {"name": "x", "version": content.version, "language": "en", "subject": "x", "html": "<p>x</p>"}
    browser = client_of(stranger)
    theirs = browser.post(f"/t/southwind/content/{content.public_id}/{deed}/", form)
    missing = browser.post(f"/t/southwind/content/{uuid4()}/{deed}/", form)
    assert (theirs.status_code, theirs.content) == (404, missing.content)
    assert _state(tenant) == before


@pytest.mark.parametrize("part", READS)
def test_a_neighbours_content_is_as_missing_as_any_other_to_reads(
    stranger: Member, content: MessageContent, client_of: ClientOf, part: str
) -> None:
    browser = client_of(stranger)
    theirs = browser.get(f"/t/southwind/content/{content.public_id}/{part}")
    missing = browser.get(f"/t/southwind/content/{uuid4()}/{part}")
    assert (theirs.status_code, theirs.content) == (404, missing.content)


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_neighbours_revision_is_as_missing_as_any_other(
    tenant: Tenant, stranger: Member, content: MessageContent, client_of: ClientOf, part: str
) -> None:
    with open_tenant(tenant):
        revision = Revision.objects.filter(content=content)[0]
    browser = client_of(stranger)
    theirs = browser.get(f"/t/southwind/content/revisions/{revision.public_id}/{part}/")
    missing = browser.get(f"/t/southwind/content/revisions/{uuid4()}/{part}/")
    assert (theirs.status_code, theirs.content) == (404, missing.content)


def test_a_query_count_does_not_grow_with_the_list(
    tenant: Tenant,
    department: Department,
    marketer: Member,
    content: MessageContent,
    now: datetime,
    client_of: ClientOf,
) -> None:
    browser = client_of(marketer)
    browser.get(ROOT)
    with CaptureQueriesContext(connection) as one:
        browser.get(ROOT)
    with open_tenant(tenant):
        for number in range(5):
            made = make_content(tenant, department, marketer, now=now, name=f"Letter {number}")
            make_revision(tenant, made, marketer, now=now)
    with CaptureQueriesContext(connection) as many:
        browser.get(ROOT)
    assert len(many) == len(one)


def test_the_list_shows_a_picture_that_can_run_nothing(
    tenant: Tenant, marketer: Member, content: MessageContent, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        newest = Revision.objects.get(language="en", number=2)
    picture = attributes_of(client_of(marketer).get(ROOT), "tbody .thumb iframe")
    assert picture["src"] == f"{ROOT}revisions/{newest.public_id}/html/"
    assert picture["sandbox"] is None
