"""Saving keeps exact words as an immutable, hashed revision, or keeps nothing and says where it is wrong."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import BrokenTemplate, copy_content, create_content, newest_revisions, save_revision
from content.models import MessageContent, Revision
from tests.content.factories import draft, make_content, make_revision

pytestmark = pytest.mark.django_db


def test_a_draft_becomes_a_revision_with_fields_links_and_hash(
    tenant: Tenant, department: Department, marketer: Member, now: datetime
) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        first = make_revision(tenant, content, marketer, now=now)
        again = make_revision(tenant, content, marketer, now=now)
        second = make_revision(tenant, content, marketer, now=now, words=draft("Winter came"))
        french = make_revision(tenant, content, marketer, now=now, language="fr-ca")
    assert (first.number, again.pk, second.number) == (1, first.pk, 2)
    assert (french.language, french.number) == ("fr-CA", 1)
    assert first.fields == ["attributes.first_name"]
    assert first.links == ["https://shop.northwind.example/guide"]
    assert (
        first.text
        == "Winter\n\nHello {{ attributes.first_name|default('friend', true) }}\n\nOpen the guide (https://shop.northwind.example/guide)\n"
    )
    assert len(first.hash) == 64
    assert first.hash != second.hash


@pytest.mark.parametrize(
    ("words", "field", "says"),
    [
        (draft(html="<p>\n{{ nobody }}</p>"), "html", "Line 2: There is no field “nobody”."),
        (draft(html="<p>\n<script>1</script>"), "html", "Line 2: <script> can't stand in a mail."),
        (draft(html="<p onload=x>a</p>"), "html", "Line 1: “onload” can't stand in a mail."),
        (
            draft(html='<a href="javascript:x">a</a>'),
            "html",
            "Line 1: “javascript:x” is no address for a link: use https://, mailto: or #.",
        ),
        (
            draft(html='<a href="j&Tab;avascript:x">a</a>'),
            "html",
            "Line 1: “j\tavascript:x” is no address for a link: use https://, mailto: or #.",
        ),
        (
            draft(html='<meta http-equiv="refresh" content="0">x'),
            "html",
            "Line 1: A mail can't send its reader elsewhere: take the meta refresh out.",
        ),
        (draft("Hi\r\nBcc: x@y.example"), "subject", "Line 1: Line breaks can't stand here."),
        (draft("Hi\u2028x"), "subject", "Line 1: Line breaks can't stand here."),
        (draft(""), "subject", "Line 1: Write a subject."),
        (draft("x" * 251), "subject", "Line 1: At most 250 characters."),
        (draft(preheader="<b>"), "preheader", "Line 1: A preheader is plain text, without < or >."),
        (
            replace(draft(), text="{% if x %}"),
            "text",
            "Line 1: “if” is never closed: write {% endif %} where it ends.",
        ),
    ],
)
def test_a_broken_draft_keeps_nothing_and_names_the_place(
    tenant: Tenant, department: Department, marketer: Member, now: datetime, words: object, field: str, says: str
) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        with pytest.raises(BrokenTemplate) as refused:
            make_revision(tenant, content, marketer, now=now, words=words)  # type: ignore[arg-type]  # a Draft
        assert refused.value.fields == {field: [says]}
        assert Revision.objects.count() == 0
        assert MessageContent.objects.get().version == 1


def test_a_bad_language_keeps_nothing(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        with pytest.raises(Invalid) as refused:
            make_revision(tenant, content, marketer, now=now, language="klingon!")
        assert list(refused.value.fields) == ["language"]
        assert Revision.objects.count() == 0


def test_a_stale_save_is_refused(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        make_revision(tenant, content, marketer, now=now)
        with pytest.raises(StaleVersion):
            save_revision(tenant, content.public_id, "en", draft("Late"), version=1, by=marketer, now=now)
        assert [revision.subject for revision in Revision.objects.all()] == ["Winter is here"]


@pytest.mark.parametrize("statement", ["UPDATE content_revision SET subject = 'x'", "DELETE FROM content_revision"])
def test_the_database_refuses_to_change_a_revision(
    tenant: Tenant, department: Department, marketer: Member, now: datetime, statement: str
) -> None:
    with open_tenant(tenant):
        make_revision(tenant, make_content(tenant, department, marketer, now=now), marketer, now=now)
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert Revision.objects.get().subject == "Winter is here"


def test_a_viewer_makes_nothing(tenant: Tenant, department: Department, viewer: Member, now: datetime) -> None:
    with open_tenant(tenant):
        with pytest.raises(Forbidden):
            create_content(tenant, by=viewer, name="No", department_id=department.public_id, now=now)
        assert MessageContent.objects.count() == 0


def test_a_name_is_taken_once(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> None:
    with open_tenant(tenant):
        make_content(tenant, department, marketer, now=now)
        with pytest.raises(Invalid) as refused:
            make_content(tenant, department, marketer, now=now)
        assert refused.value.fields == {"name": ["Another content has this name."]}
        assert MessageContent.objects.count() == 1


def test_a_copy_begins_with_the_newest_words(
    tenant: Tenant, department: Department, marketer: Member, now: datetime
) -> None:
    with open_tenant(tenant):
        content = make_content(tenant, department, marketer, now=now)
        make_revision(tenant, content, marketer, now=now)
        newest = make_revision(tenant, content, marketer, now=now, words=draft("Winter came"))
        copy = copy_content(tenant, content.public_id, by=marketer, now=now)
        copied = newest_revisions(tenant, copy)
        assert {language: (revision.subject, revision.number) for language, revision in copied.items()} == {
            "en": ("Winter came", 1)
        }
        assert copied["en"].hash == newest.hash
        assert copied["en"].public_id != newest.public_id
