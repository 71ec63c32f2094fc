"""The builder over HTTP: forms with and without script, and refusals that change nothing."""

import re
from uuid import uuid4

import pytest

from campaigns.actions.forecast import count_campaign
from campaigns.models import Campaign, Cell
from connect.core.tenancy import tenant as open_tenant
from content.models import Revision
from tests.audiences.factories import add_customer, add_many
from tests.campaigns.factories import Stage, quiet
from tests.campaigns.http import HTMX, ClientOf, base, snapshot, text_of

pytestmark = pytest.mark.django_db


def schedule_form(campaign: Campaign, **values: str) -> dict[str, str]:
    return {"version": str(campaign.version), "start_kind": "now", **values}


def test_a_step_is_saved_by_a_plain_form_and_leads_on(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    sent = schedule_form(campaign, start_kind="local", start_on="2027-03-05", start_at="19:00", then="review")
    answer = client.post(f"{base(campaign)}schedule/", sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{base(campaign)}review/")
    saved = stage.fresh(campaign)
    assert (saved.start_kind, saved.start_at, saved.version) == ("local", "2027-03-05T19:00", campaign.version + 1)


def test_a_step_saves_as_one_goes_and_hands_out_the_next_version(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    sent = schedule_form(campaign, quiet_from="21:00", quiet_until="08:00")
    answer = client.post(f"{base(campaign)}schedule/", sent, headers=HTMX)
    assert answer.status_code == 200
    found = answer.content.decode()
    assert f'id="id_version" value="{campaign.version + 1}" hx-swap-oob="true"' in found
    assert 'id="side" hx-swap-oob="innerHTML"' in found
    assert "<html" not in found
    sent = {**sent, "version": str(campaign.version + 1), "quiet_from": "22:00"}
    again = client.post(f"{base(campaign)}schedule/", sent, headers=HTMX)
    assert again.status_code == 200


def test_a_refused_save_by_script_says_so_and_changes_nothing(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    before = snapshot(stage)
    sent = schedule_form(campaign, start_kind="fixed", start_on="2020-01-01", start_at="10:00")
    answer = client.post(f"{base(campaign)}schedule/", sent, headers=HTMX)
    assert answer.status_code == 422
    assert "This time is past in Europe/Berlin" in text_of(answer)
    assert 'id="id_version"' not in answer.content.decode()
    assert snapshot(stage) == before


BAD_FORMS: dict[str, tuple[str, dict[str, str], str]] = {
    "a long name": ("information", {"name": "x" * 121, "language": "en", "priority": "1"}, "id_name_error"),
    "a header in a name": ("information", {"name": "a\nb", "language": "en", "priority": "1"}, "id_name_error"),
    "NUL in a tag": ("information", {"name": "a", "language": "en", "priority": "1", "tags": "a\x00"}, "id_tags_error"),
    "no priority": ("information", {"name": "a", "language": "en", "priority": "high"}, "id_priority_error"),
    "no language": ("information", {"name": "a", "language": "xx-yy-zz", "priority": "1"}, "id_language_error"),
    "a conversation of nobody": ("audience", {"conversation": str(uuid4())}, "id_conversation_error"),
    "an audience that is no id": ("audience", {"audience": "'; DROP TABLE"}, "id_audience_error"),
    "a day without a time": ("schedule", {"start_kind": "local", "start_on": "2027-01-01"}, "id_start_at_error"),
    "a start kind of nobody": ("schedule", {"start_kind": "whenever"}, "start_kind"),
    "the year 1": (
        "schedule",
        {"start_kind": "now", "expires_on": "0001-01-01", "expires_at": "00:00"},
        "id_expires_on_error",
    ),
    "an expiry before the start": (
        "schedule",
        {
            "start_kind": "fixed",
            "start_on": "2027-01-02",
            "start_at": "10:00",
            "expires_on": "2027-01-01",
            "expires_at": "10:00",
        },
        "id_expires_at_error",
    ),
    "a quiet period without length": (
        "schedule",
        {"start_kind": "now", "quiet_from": "08:00", "quiet_until": "08:00"},
        "id_quiet_until_error",
    ),
    "content that isn't there": ("content", {"content": str(uuid4()), "segments": "rest"}, "id_content_error"),
    "no segment": ("content", {}, "id_segments"),
}


@pytest.mark.parametrize("what", BAD_FORMS)
def test_a_bad_form_is_refused_at_its_field_and_changes_nothing(stage: Stage, client_of: ClientOf, what: str) -> None:
    step, values, mark = BAD_FORMS[what]
    client, campaign = client_of(stage.marketer), stage.campaign()
    before = snapshot(stage)
    sent = {"version": str(campaign.version), "department": str(stage.department.public_id), **values}
    answer = client.post(f"{base(campaign)}{step}/", sent)
    assert answer.status_code == 422
    assert mark in answer.content.decode()
    assert snapshot(stage) == before


def test_a_stale_form_shows_both_versions_and_saves_on_the_second_word(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    theirs = stage.schedule(campaign, quiet=quiet("22:00", "07:00"))
    before = snapshot(stage)
    sent = schedule_form(campaign, quiet_from="20:00", quiet_until="07:00")
    answer = client.post(f"{base(campaign)}schedule/", sent)
    assert answer.status_code == 409
    assert "Quiet from 22:00:00 20:00:00" in text_of(answer)
    assert snapshot(stage) == before
    assert f'name="version" value="{theirs.version}"' in answer.content.decode()
    assert client.post(f"{base(campaign)}schedule/", {**sent, "version": str(theirs.version)}).status_code == 302
    assert str(stage.fresh(campaign).quiet_from) == "20:00:00"


def test_a_stale_form_that_wants_what_is_there_already_is_no_conflict(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    stage.schedule(campaign, quiet=quiet("22:00", "07:00"))
    sent = schedule_form(campaign, quiet_from="22:00", quiet_until="07:00")
    assert client.post(f"{base(campaign)}schedule/", sent).status_code == 302


def test_a_cell_is_set_and_emptied_over_http(stage: Stage, client_of: ClientOf) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    url = f"{base(campaign)}content/rest/en/"
    assert client.get(url).status_code == 200
    answer = client.post(url, {"version": campaign.version, "revision": ""})
    assert answer.status_code == 302
    with open_tenant(stage.tenant):
        assert list(Cell.objects.values_list("segment__name", flat=True)) == ["Tokyo"]
    answer = client.post(url, {"version": campaign.version + 1, "revision": str(stage.english.public_id)})
    assert answer.status_code == 302
    with open_tenant(stage.tenant):
        assert Cell.objects.count() == 2
    assert "sandbox" in client.get(answer["Location"]).content.decode()


NO_SEGMENT = "db5bb26b-84e4-4386-8001-17296e6861dc"


@pytest.mark.parametrize("cell", ["rest/xx", "nobody/en", f"{NO_SEGMENT}/en", "rest/" + "x" * 40])
def test_a_cell_that_isnt_there_is_missing(stage: Stage, client_of: ClientOf, cell: str) -> None:
    client, campaign = client_of(stage.marketer), stage.campaign()
    assert client.get(f"{base(campaign)}content/{cell}/").status_code == 404


def test_a_language_without_content_can_be_given_a_column(stage: Stage, client_of: ClientOf) -> None:
    stage.revise("L'hiver", "fr")
    client, campaign = client_of(stage.marketer), stage.campaign()
    with open_tenant(stage.tenant):
        Cell.objects.filter(language="fr").delete()
    assert "content/rest/fr/" not in client.get(f"{base(campaign)}content/").content.decode()
    found = client.get(f"{base(campaign)}content/?add=FR").content.decode()
    assert f"{base(campaign)}content/rest/fr/" in found
    assert client.get(f"{base(campaign)}content/?add=nonsense").status_code == 200
    with open_tenant(stage.tenant):
        french = Revision.objects.get(language="fr")
    sent = {"version": campaign.version, "revision": str(french.public_id)}
    assert client.post(f"{base(campaign)}content/rest/fr/", sent).status_code == 302
    with open_tenant(stage.tenant):
        assert Cell.objects.get(language="fr").revision == french


def test_counting_fills_the_right_column_and_the_page(stage: Stage, client_of: ClientOf) -> None:
    add_many(stage.tenant, stage.conversation, 30, now=stage.now)
    client, campaign = client_of(stage.marketer), stage.campaign()
    assert 'hx-trigger="submit, load"' in client.get(f"{base(campaign)}audience/").content.decode()
    answer = client.post(f"{base(campaign)}count/", {"step": "audience"}, headers=HTMX)
    assert answer.status_code == 200
    assert '<p class="big">15</p>' in answer.content.decode()
    page = client.get(f"{base(campaign)}audience/")
    assert 'hx-trigger="submit, load"' not in page.content.decode()
    assert "Where 30 people go" in text_of(page)
    plain = client.post(f"{base(campaign)}count/", {"step": "schedule"})
    assert (plain.status_code, plain["Location"]) == (302, f"{base(campaign)}schedule/")


def test_a_change_makes_the_count_old(stage: Stage, client_of: ClientOf) -> None:
    add_many(stage.tenant, stage.conversation, 30, now=stage.now)
    client, campaign = client_of(stage.marketer), stage.campaign()
    count_campaign(stage.tenant, campaign.public_id, now=stage.now)
    stage.choose(campaign, audience=None)
    assert "counting again" in text_of(client.get(f"{base(campaign)}audience/"))


def test_every_number_opens_its_people(stage: Stage, client_of: ClientOf) -> None:
    add_many(stage.tenant, stage.conversation, 120, now=stage.now)
    add_customer(stage.tenant, "twin", stage.conversation, now=stage.now, email="m2@many.example", country="DE")
    client, campaign = client_of(stage.marketer), stage.campaign()
    counted = count_campaign(stage.tenant, campaign.public_id, now=stage.now)
    assert counted is not None
    links = set(re.findall(r'href="([^"]*people/[^"]*)"', client.get(f"{base(campaign)}audience/").content.decode()))
    people_url = f"{base(campaign)}people/"
    assert links == {people_url, f"{people_url}?reason=filtered", f"{people_url}?reason=duplicate"}
    for reason, people in (("", counted.recipients), ("filtered", 60), ("duplicate", 1)):
        url, seen = f"{people_url}?reason={reason}", set[str]()
        while url:
            found = client.get(url).content.decode()
            seen |= set(re.findall(r'class="rowlink" href="([^"]+)"', found))
            following = re.search(r'href="([^"]+)" rel="next"|rel="next"[^>]*href="([^"]+)"', found)
            url = (following[1] or following[2]).replace("&amp;", "&") if following else ""
        assert len(seen) == people, reason
