"""Saving, copying and archiving audience models over HTTP."""

from datetime import datetime

import pytest

from audiences.models import AudienceModel
from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.pages import FRENCH, FRENCH_FORM, GERMANS, GERMANS_FORM, LIST, Browser, page_of, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


def test_saving_changes_the_model(tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser) -> None:
    form = {"name": "French", "version": "1", **FRENCH_FORM}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert (answer.status_code, answer["Location"]) == (302, page_of(germans))
    assert stored(tenant) == [("French", FRENCH, 2)]


@pytest.mark.parametrize("version", ["0", "2", "", "x", "1; DROP TABLE", "9" * 40])
def test_a_stale_save_shows_both_versions_and_changes_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, version: str
) -> None:
    form = {"name": "Mine", "version": version, **FRENCH_FORM}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert "<b>Country</b> is Germany" in answer.text
    assert '<option value="FR" selected>' in answer.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_mine_is_saved_over_theirs_by_choice(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser
) -> None:
    form = {"name": "Mine", "version": "7", "over": "1", **FRENCH_FORM}
    assert client_of(marketer).post(page_of(germans, "save/"), form).status_code == 302
    assert stored(tenant) == [("Mine", FRENCH, 2)]


def test_a_change_that_voids_approvals_asks_first(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, spring: None
) -> None:
    browser = client_of(marketer)
    form = {"name": "French", "version": "1", **FRENCH_FORM}
    asked = browser.post(page_of(germans, "save/"), form)
    assert asked.status_code == 409
    assert "Spring sale. Nothing is saved yet." in asked.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]
    assert browser.post(page_of(germans, "save/"), {**form, "agree": "yes"}).status_code == 409
    assert stored(tenant) == [("Germans", GERMANS, 1)]
    word = asked.text.partition('name="agree" value="')[2].partition('"')[0]
    assert browser.post(page_of(germans, "save/"), {**form, "agree": word}).status_code == 302
    assert stored(tenant) == [("French", FRENCH, 2)]


def test_a_new_name_voids_nothing_and_asks_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, spring: None
) -> None:
    form = {"name": "People in Germany", "version": "1", **GERMANS_FORM}
    assert client_of(marketer).post(page_of(germans, "save/"), form).status_code == 302
    assert stored(tenant) == [("People in Germany", GERMANS, 2)]


def test_a_bad_save_changes_nothing(
    tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser
) -> None:
    form = {"name": "Mine", "version": "1", **GERMANS_FORM, "rule.rules.0.value": "XX"}
    answer = client_of(marketer).post(page_of(germans, "save/"), form)
    assert answer.status_code == 422
    assert 'href="#rule.rules.0.value"' in answer.text
    assert stored(tenant) == [("Germans", GERMANS, 1)]


def test_fields_that_no_form_has_change_nothing_else(
    tenant: Tenant, neighbour: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser, now: datetime
) -> None:
    form = {
        "name": "Germans",
        "version": "1",
        **GERMANS_FORM,
        "tenant_id": str(neighbour.pk),
        "department_id": "99",
        "archived_at": "2026-01-01",
        "created_at": "2000-01-01",
    }
    client_of(marketer).post(page_of(germans, "save/"), form)
    with open_tenant(tenant):
        model = AudienceModel.objects.get()
        assert (model.department_id, model.archived_at, model.created_at) == (germans.department_id, None, now)


def test_copy_archive_and_restore(tenant: Tenant, germans: AudienceModel, marketer: Member, client_of: Browser) -> None:
    browser = client_of(marketer)
    assert browser.post(page_of(germans, "copy/")).status_code == 302
    assert browser.post(page_of(germans, "archive/"))["Location"] == LIST
    text = browser.get(LIST).text
    assert ("Germans (copy)" in text, ">Germans<" in text) == (True, False)
    assert ">Germans<" in browser.get(LIST, {"archived": "1"}).text
    assert browser.post(page_of(germans, "archive/")).status_code == 409
    assert browser.post(page_of(germans, "restore/")).status_code == 302
    assert ">Germans<" in browser.get(LIST).text
    assert [row[0] for row in stored(tenant)] == ["Germans", "Germans (copy)"]
