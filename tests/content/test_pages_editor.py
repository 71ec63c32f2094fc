"""The editor keeps what was typed, says each fault at its place, and never overwrites another's words silently."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from content.actions.contents import archive_content
from content.models import MessageContent, Revision
from conversations.models import Attribute
from tests.content.factories import HTML, draft, make_content, make_revision
from tests.content.reading import errors_of, parse, value_of, words, words_of

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]


@pytest.fixture
def content(tenant: Tenant, department: Department, marketer: Member, now: datetime) -> MessageContent:
    with open_tenant(tenant):
        made = make_content(tenant, department, marketer, now=now)
        make_revision(tenant, made, marketer, now=now)
        made.refresh_from_db()
    return made


@pytest.fixture
def url(content: MessageContent) -> str:
    return f"/t/northwind/content/{content.public_id}/"


def _typed(content: MessageContent, **changes: Any) -> dict[str, Any]:
    typed = {"language": "en", "version": content.version, "subject": "Ice", "preheader": "", "html": HTML, "text": ""}
    return {**typed, **changes}


def _revisions(tenant: Tenant) -> list[tuple[str, int, str]]:
    with open_tenant(tenant):
        return list(Revision.objects.order_by("pk").values_list("language", "number", "subject"))


FIRST = ("en", 1, "Winter is here")


def test_saving_keeps_a_revision_and_leads_back_to_its_language(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    answer = client_of(marketer).post(f"{url}save/", _typed(content, language="fr-ca"))
    assert answer["Location"] == f"{url}?language=fr-CA"
    assert _revisions(tenant) == [FIRST, ("fr-CA", 1, "Ice")]
    with open_tenant(tenant):
        entry = AuditEntry.objects.filter(did="content.revision_saved").latest("pk")
        assert (entry.member_name, entry.thing, entry.details["language"]) == (
            "Marta Lindt",
            content.public_id,
            "fr-CA",
        )


def test_the_same_words_make_no_revision_and_say_so(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    answer = client_of(marketer).post(f"{url}save/", _typed(content, subject="Winter is here"), follow=True)
    assert words_of(answer, ".toast p") == "Nothing has changed since revision 1."
    assert _revisions(tenant) == [FIRST]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"html": "<p>\n{{ nobody }}</p>"}, {"html": ["Line 2 There is no field “nobody”. {{ nobody }}</p>"]}),
        (
            {"html": "<p>{{ cycler.__init__.__globals__.os.environ }}</p>"},
            {
                "html": [
                    (
                        "Line 1 There is no field “cycler.__init__.__globals__.os.environ”."
                        " <p>{{ cycler.__init__.__globals__.os.environ }}</p>"
                    )
                ]
            },
        ),
        (
            {"html": "<p>\n<script>\n1</script>"},
            {"html": ["Line 2 <script> can't stand in a mail. <script>"]},
        ),
        (
            {"html": '<p><a href="j&Tab;a&Tab;vascript:x">a</a>'},
            {
                "html": [
                    (
                        "Line 1 “j a vascript:x” is no address for a link: use https://, mailto: or #."
                        ' <p><a href="j&Tab;a&Tab;vascript:x">a</a>'
                    )
                ]
            },
        ),
        ({"subject": ""}, {"subject": ["Write a subject."]}),
        ({"subject": "Hi\r\nBcc: x@y.example"}, {"subject": ["Line breaks can't stand here."]}),
        ({"preheader": "<b>"}, {"preheader": ["A preheader is plain text, without < or >."]}),
        ({"text": "ok\n{% import 'x' as y %}"}, None),
        ({"html": "a\x00b"}, {"html": ["Null characters are not allowed."]}),
    ],
)
def test_a_broken_draft_keeps_nothing_but_what_was_typed_in_the_page(
    tenant: Tenant,
    marketer: Member,
    content: MessageContent,
    url: str,
    client_of: ClientOf,
    changes: dict[str, str],
    said: dict[str, list[str]] | None,
) -> None:
    typed = _typed(content, **changes)
    answer = client_of(marketer).post(f"{url}save/", typed)
    assert answer.status_code == 422
    errors = errors_of(answer)
    if said is None:
        assert errors["text"][0].startswith("Line 2 “import” can't be used here")
    else:
        assert {name: sorted(lines) for name, lines in errors.items()} == {n: sorted(s) for n, s in said.items()}
    for name in ("html", "text"):
        assert value_of(answer, name, form="#draft").strip("\n") == typed[name].replace("\x00", "\ufffd").strip("\n")
    assert value_of(answer, "version", form="#draft") == str(content.version)
    assert _revisions(tenant) == [FIRST]
    with open_tenant(tenant):
        assert MessageContent.objects.get().version == content.version


def test_a_refused_template_is_written_down_without_its_words(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    client_of(marketer).post(f"{url}save/", _typed(content, html="<p>\n{{ ('%s'|attr('format'))('x') }}</p>"))
    with open_tenant(tenant):
        entry = AuditEntry.objects.get(did="content.draft_refused")
        assert set(entry.details) == {"language", "lines"}
        assert set(entry.details["lines"]["html"]) == {2}


def test_a_language_that_is_none_is_refused_where_it_was_asked_for(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    browser = client_of(marketer)
    opened = browser.get(url, {"language": "klingon!"})
    assert opened.status_code == 422
    assert errors_of(opened) == {"language": ["“klingon!” isn't a language tag such as en or fr-CA."]}
    saved = browser.post(f"{url}save/", _typed(content, language="klingon!"))
    assert saved.status_code == 422
    assert "isn't a language tag" in words_of(saved, ".form-errors")
    assert value_of(saved, "subject", form="#draft") == "Ice"
    assert _revisions(tenant) == [FIRST]


def test_a_new_language_begins_with_the_words_of_the_default_one(
    marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    answer = client_of(marketer).get(url, {"language": "DE"})
    assert value_of(answer, "language", form="#draft") == "de"
    assert value_of(answer, "subject", form="#draft") == "Winter is here"
    assert "Begun with the words in English." in words_of(answer, "#draft .notice")
    assert [words(tab) for tab in parse(answer).css(".tabs a")] == ["English r1", "German new", "Add a language"]


def test_a_draft_that_was_overtaken_comes_back_beside_theirs_and_may_be_saved_on_top(
    tenant: Tenant,
    marketer: Member,
    admin: Member,
    content: MessageContent,
    url: str,
    now: datetime,
    client_of: ClientOf,
) -> None:
    with open_tenant(tenant):
        make_revision(tenant, content, admin, now=now, words=draft("Winter, theirs"))
    browser = client_of(marketer)
    answer = browser.post(f"{url}save/", _typed(content, subject="Winter, mine"))
    assert answer.status_code == 409
    assert _revisions(tenant) == [FIRST, ("en", 2, "Winter, theirs")]
    versions = [words(side) for side in parse(answer).css(".versions > div")]
    assert versions[0].startswith("Theirs Revision 2, saved")
    assert "by Ada Okafor Subject Winter, theirs" in versions[0]
    assert "Subject Winter, mine" in versions[1]
    subject = parse(answer).css_first(".diff")
    assert subject is not None
    assert [words(line) for line in subject.css("del, ins")] == ["Winter, theirs", "Winter, mine"]
    assert [words(word) for word in subject.css("b")] == ["theirs", "mine"]
    again = _typed(content, subject=value_of(answer, "subject", form="#draft"))
    again["version"] = value_of(answer, "version", form="#draft")
    assert browser.post(f"{url}save/", again).status_code == 302
    assert _revisions(tenant)[2] == ("en", 3, "Winter, mine")


def test_an_older_revision_becomes_a_new_draft_without_being_saved(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        first = Revision.objects.get()
        make_revision(tenant, content, marketer, now=now, words=draft("Winter came"))
    browser = client_of(marketer)
    answer = browser.get(url, {"start": str(first.public_id)})
    assert value_of(answer, "subject", form="#draft") == "Winter is here"
    assert "These are the words of revision 1." in words_of(answer, "#draft .notice")
    assert len(_revisions(tenant)) == 2
    assert browser.get(url, {"start": "nonsense"}).status_code == 404


def test_the_field_menu_offers_what_is_declared_and_what_every_customer_has(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        for kind, name in [("attribute", "first_name"), ("preference", "news-day"), ("interest", "ski")]:
            Attribute.objects.create(
                tenant=tenant, kind=kind, name=name, label=name, type="text", created_at=now, updated_at=now
            )
    offered = [button.attributes["data-insert"] for button in parse(client_of(marketer).get(url)).css("[data-insert]")]
    assert offered == [
        "{{ attributes.first_name }}",
        "{{ preferences['news-day'] }}",
        "{{ customer.external_id }}",
        "{{ customer.email }}",
        "{{ customer.language }}",
        "{{ customer.country }}",
        "{{ customer.region }}",
        "{{ customer.zone }}",
        '{{ interests|join(", ") }}',
    ]


def test_links_and_advice_stand_beside_the_draft(
    marketer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    answer = client_of(marketer).get(url)
    assert [words(link) for link in parse(answer).css(".links code")] == ["https://shop.northwind.example/guide"]
    assert [words(one) for one in parse(answer).css(".checks li")] == [
        "Warning: “attributes.first_name” isn’t declared: it is empty for everybody.",
        "Without a preheader, mailboxes show the first words of the message.",
    ]


def test_a_viewer_reads_the_editor_and_can_change_nothing_in_it(
    viewer: Member, content: MessageContent, url: str, client_of: ClientOf
) -> None:
    page = parse(client_of(viewer).get(url))
    assert page.css_first("#save") is None
    controls = page.css("#draft [name=subject], #draft [name=preheader], #draft [name=html], #draft [name=text]")
    assert ["readonly" in control.attributes for control in controls] == [True] * 4


def test_archived_content_can_be_brought_back_and_not_be_written(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, now: datetime, client_of: ClientOf
) -> None:
    archive_content(tenant, content.public_id, by=marketer, now=now)
    page = parse(client_of(marketer).get(url))
    assert page.css_first("#save") is None
    assert page.css_first(f'form[action="{url}restore/"]') is not None


def test_revisions_are_listed_with_who_when_and_their_fingerprint(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        second = make_revision(tenant, content, marketer, now=now, words=draft("Winter came"))
    rows = [words(row) for row in parse(client_of(marketer).get(f"{url}revisions/")).css("tbody tr")]
    assert rows[0] == "English"
    assert rows[1].startswith("Revision 2 Winter came")
    assert f"Marta Lindt {second.hash[:10]}" in rows[1]
    assert rows[2].startswith("Revision 1 Winter is here")


def test_two_revisions_are_compared_line_by_line(
    tenant: Tenant, marketer: Member, content: MessageContent, url: str, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        first = Revision.objects.get()
        other = draft("Winter is here", html=HTML.replace("</p><p>", "</p>\n<p>new</p>\n<p>"))
        second = make_revision(tenant, content, marketer, now=now, words=other)
    pair = {"before": str(first.public_id), "after": str(second.public_id)}
    page = parse(client_of(marketer).get(f"{url}compare/", pair))
    assert [words(part) for part in page.css(".diff caption")] == ["HTML", "Plain text"]
    html = page.css(".diff")[0]
    assert len(html.css("del")) == 1
    assert [words(line) for line in html.css("ins")][1] == "<p>new</p>"
    same = parse(client_of(marketer).get(f"{url}compare/", {**pair, "after": pair["before"]}))
    assert words(same.css_first(".notice")) == "The two say exactly the same."


@pytest.mark.parametrize("pair", [{}, {"before": "x", "after": "y"}])
def test_comparing_what_is_not_there_is_a_missing_page(
    marketer: Member, url: str, client_of: ClientOf, pair: dict[str, str]
) -> None:
    assert client_of(marketer).get(f"{url}compare/", pair).status_code == 404
