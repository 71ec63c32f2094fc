"""The list of campaigns narrowed down: by words, tag, conversation and days; and a member's own filters."""

from datetime import UTC, date, datetime

import pytest

from campaigns.models import Campaign, SavedFilter
from campaigns.narrowing import Narrowed, read_narrowed
from connect.core.errors import Invalid
from connect.core.models import AuditEntry, Member
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage
from tests.campaigns.http import HTMX, ClientOf, text_of

pytestmark = pytest.mark.django_db

LIST = "/t/northwind/campaigns/"
STATES = frozenset({"", "draft"})


def named(stage: Stage, **campaigns: dict[str, object]) -> None:
    with open_tenant(stage.tenant):
        for name, values in campaigns.items():
            Campaign.objects.create(
                tenant=stage.tenant,
                department=stage.department,
                name=name,
                language="en",
                created_at=stage.now,
                updated_at=stage.now,
                **values,
            )


def found(stage: Stage, wanted: Narrowed) -> list[str]:
    with open_tenant(stage.tenant):
        campaigns = Campaign.objects.of(stage.tenant).narrowed(wanted, "America/Toronto")
        return sorted(campaigns.values_list("name", flat=True))


def test_days_are_days_of_the_tenants_clock_and_both_count(stage: Stage) -> None:
    named(
        stage,
        Before={"fires_at": datetime(2026, 11, 1, 3, 59, tzinfo=UTC)},
        First={"fires_at": datetime(2026, 11, 1, 4, 0, tzinfo=UTC)},
        Last={"fires_at": datetime(2026, 11, 3, 4, 59, tzinfo=UTC)},
        After={"fires_at": datetime(2026, 11, 3, 5, 0, tzinfo=UTC)},
        Wall={"start_at": "2026-11-02T23:59"},
        WallAfter={"start_at": "2026-11-03T00:00"},
        Undated={},
    )
    both = Narrowed(since=date(2026, 11, 1), until=date(2026, 11, 2))
    assert found(stage, both) == ["First", "Last", "Wall"]
    assert found(stage, Narrowed(since=date(2026, 11, 2))) == ["After", "Last", "Wall", "WallAfter"]
    assert found(stage, Narrowed(until=date(2026, 11, 1))) == ["Before", "First"]


def test_a_tag_a_conversation_and_words_hold_together(stage: Stage) -> None:
    named(
        stage,
        Snow={"tags": ["winter"], "conversation": stage.conversation},
        Ski={"tags": ["winter"]},
        Sun={"tags": ["summer"], "conversation": stage.conversation},
    )
    assert found(stage, Narrowed(tag="winter")) == ["Ski", "Snow"]
    assert found(stage, Narrowed(tag="winter", conversation=stage.conversation.public_id)) == ["Snow"]
    assert found(stage, Narrowed(tag="winter", find="ski")) == ["Ski"]


def test_an_address_is_read_and_written_back_the_same() -> None:
    query = {"until": "2026-12-31", "from": "2026-11-01", "q": " gift ", "tag": "#Holiday", "state": "draft"}
    read = read_narrowed(query, STATES)
    assert read == Narrowed("draft", "gift", "holiday", None, date(2026, 11, 1), date(2026, 12, 31))
    assert read.query == "state=draft&q=gift&tag=holiday&from=2026-11-01&until=2026-12-31"


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"state": "nonsense"}, ["state"]),
        ({"q": "x" * 121}, ["q"]),
        ({"tag": "a\x00"}, ["tag"]),
        ({"conversation": "1; DROP"}, ["conversation"]),
        ({"from": "2026-13-01", "until": "31.12.2026"}, ["from", "until"]),
        ({"from": "0001-01-01"}, ["from"]),
        ({"from": "2026-02-02", "until": "2026-02-01"}, ["until"]),
    ],
)
def test_what_cant_be_read_names_its_part(query: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_narrowed(query, STATES)
    assert sorted(refused.value.fields) == fields


def test_the_page_says_what_it_is_narrowed_to_and_how_to_widen_it(stage: Stage, client_of: ClientOf) -> None:
    named(stage, Snow={"tags": ["winter"], "start_at": "2026-11-02T09:00"}, Sun={"tags": ["summer"]})
    client = client_of(stage.marketer)
    page = client.get(f"{LIST}?tag=winter&from=2026-11-01&until=2026-11-30")
    words = text_of(page)
    assert "Snow" in words
    assert "Sun " not in words
    assert "Starts 1 Nov 2026 – 30 Nov 2026" in words
    assert f'href="{LIST}?from=2026-11-01&amp;until=2026-11-30"' in page.content.decode()
    part = client.get(f"{LIST}?tag=winter", headers=HTMX)
    assert 'id="tally" role="status" hx-swap-oob="true"' in part.content.decode()
    assert client.get(f"{LIST}?from=never").status_code == 422


def test_a_filter_is_kept_shown_and_removed(stage: Stage, client_of: ClientOf, approver: Member) -> None:
    client = client_of(stage.marketer)
    kept = client.post(f"{LIST}filters/", {"name": "Winter", "query": "tag=winter&state="})
    assert (kept.status_code, kept["Location"]) == (302, f"{LIST}?tag=winter")
    client.post(f"{LIST}filters/", {"name": "Winter", "query": "tag=snow"})
    with open_tenant(stage.tenant):
        [saved] = SavedFilter.objects.of(stage.tenant)
        assert (saved.name, saved.query, saved.member) == ("Winter", "tag=snow", stage.marketer)
    assert "Winter" in text_of(client.get(LIST))
    assert "Winter" not in text_of(client_of(approver).get(LIST))
    assert client_of(approver).post(f"{LIST}filters/{saved.public_id}/remove/").status_code == 404
    assert client.post(f"{LIST}filters/{saved.public_id}/remove/").status_code == 302
    with open_tenant(stage.tenant):
        assert not SavedFilter.objects.of(stage.tenant).exists()
        deeds = AuditEntry.objects.of(stage.tenant).filter(thing=saved.public_id).order_by("id")
        assert [entry.did for entry in deeds] == ["filter.saved", "filter.saved", "filter.removed"]


@pytest.mark.parametrize(
    ("name", "query"), [("", "tag=a"), ("x" * 61, "tag=a"), ("Nul\x00", "tag=a"), ("All", ""), ("Bad", "from=never")]
)
def test_what_cant_be_kept_changes_nothing(stage: Stage, client_of: ClientOf, name: str, query: str) -> None:
    assert client_of(stage.marketer).post(f"{LIST}filters/", {"name": name, "query": query}).status_code == 422
    with open_tenant(stage.tenant):
        assert not SavedFilter.objects.of(stage.tenant).exists()
        assert not AuditEntry.objects.of(stage.tenant).filter(did="filter.saved").exists()
