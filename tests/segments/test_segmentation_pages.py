"""Segmentation models over HTTP: order by buttons, Leftovers, counts, refusals by place, and who may."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from connect import wiring
from connect.core import panels
from connect.core.models import Department, Member, Tenant
from connect.core.panels import Use
from connect.core.tenancy import tenant as open_tenant
from segments.models import Segment, SegmentationModel
from tests.audiences.factories import add_customer, make_conversation
from tests.segments.pages import LIST, UNCHANGED, Browser, living_in, page_of, segment_form, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]


@pytest.fixture
def spring() -> Iterator[None]:
    """One campaign rests on every model, with approvals."""

    def ask(_tenant: Tenant, _kind: str, _thing: UUID) -> list[Use]:
        return [Use("Spring sale", "/spring", "campaign", voids=True)]

    panels.wire(rail=panels.rail(), used_by=[ask], panels=[])
    yield
    wiring.wire()


def test_a_form_becomes_a_model_in_the_order_of_its_places(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    form = {
        "name": "Countries",
        "department": str(department.public_id),
        **segment_form(10, "Germany", "DE"),
        **segment_form(2, "France", "FR"),
    }
    assert client_of(marketer).post(f"{LIST}new/", form).status_code == 302
    assert stored(tenant) == [(1, "France", living_in("FR")), (2, "Germany", living_in("DE"))]
    with open_tenant(tenant):
        assert SegmentationModel.objects.get().leftovers_get_content is False


@pytest.mark.parametrize(
    ("changes", "node"),
    [
        ({"segments.1.name": ""}, "segments.1.name"),
        ({"segments.1.name": "germany"}, "segments.1.name"),
        ({"segments.1.rule.rules.0.value": "XX"}, "segments.1.rule.rules.0.value"),
        ({"segments.1.rule.rules.0.operator": "OR 1=1"}, "segments.1.rule.rules.0.operator"),
        ({"segments.0.rule.rules.0.field": "c.id", "segments.0.rule.rules.0.was": ""}, "segments.0.rule.rules.0.field"),
        ({"segments.1.id": str(uuid4())}, "id_segments"),
        ({"name": ""}, "id_name"),
    ],
)
def test_bad_input_is_named_by_its_place_and_nothing_is_stored(
    tenant: Tenant,
    split: SegmentationModel,
    form: dict[str, str],
    marketer: Member,
    client_of: Browser,
    changes: dict[str, str],
    node: str,
) -> None:
    answer = client_of(marketer).post(page_of(split, "save/"), {**form, **changes})
    assert answer.status_code == 422
    assert f'href="#{node}"' in answer.text
    assert f'id="{node}"' in answer.text
    assert stored(tenant) == UNCHANGED


@pytest.mark.parametrize(
    "name",
    [
        "segments.0._connector",
        "segments.x.name",
        "segments",
        "segments.0",
        "segments.0.rule.rules.0.__class__",
        "segments.1000.name",
    ],
)
def test_inputs_that_no_form_of_ours_has_are_refused(
    tenant: Tenant, split: SegmentationModel, form: dict[str, str], marketer: Member, client_of: Browser, name: str
) -> None:
    assert client_of(marketer).post(page_of(split, "save/"), {**form, name: "1"}).status_code == 422
    assert stored(tenant) == UNCHANGED


@pytest.mark.parametrize(
    ("do", "names"),
    [
        ("down:0", ["France", "Germany"]),
        ("up:1", ["France", "Germany"]),
        ("up:0", ["Germany", "France"]),
        ("down:1", ["Germany", "France"]),
        ("down:7", ["Germany", "France"]),
        ("up:x", ["Germany", "France"]),
        ("drop:0", ["France"]),
        ("add-segment", ["Germany", "France", ""]),
        ("refresh", ["Germany", "France"]),
    ],
)
def test_buttons_order_the_draft_and_store_nothing(
    tenant: Tenant,
    split: SegmentationModel,
    form: dict[str, str],
    marketer: Member,
    client_of: Browser,
    do: str,
    names: list[str],
) -> None:
    browser = client_of(marketer)
    whole = browser.post(page_of(split, "save/"), {**form, "do": do})
    part = browser.post(page_of(split, "save/"), {**form, "do": do}, headers={"HX-Request": "true"})
    assert (whole.status_code, part.status_code) == (200, 200)
    assert ("<html" in whole.text, "<html" in part.text) == (True, False)
    for text in (whole.text, part.text):
        shown = [text.partition(f'id="segments.{place}.name" value="')[2].partition('"')[0] for place in range(4)]
        assert shown == [*names, *[""] * (4 - len(names))]
    assert stored(tenant) == UNCHANGED


def test_a_rule_inside_a_segment_is_edited_alone(
    split: SegmentationModel, form: dict[str, str], marketer: Member, client_of: Browser
) -> None:
    answer = client_of(marketer).post(page_of(split, "save/"), {**form, "do": "add-rule:segments.1.rule"})
    assert 'name="segments.1.rule.rules.1.field"' in answer.text
    assert 'name="segments.0.rule.rules.1.field"' not in answer.text


def test_saving_in_another_order_keeps_the_segments(
    tenant: Tenant, split: SegmentationModel, form: dict[str, str], marketer: Member, client_of: Browser
) -> None:
    with open_tenant(tenant):
        before = dict(Segment.objects.values_list("name", "public_id"))
    turned = {
        "name": "Countries",
        "version": "1",
        **segment_form(0, "France", "FR", before["France"]),
        **segment_form(1, "Germany", "DE", before["Germany"]),
    }
    assert client_of(marketer).post(page_of(split, "save/"), turned).status_code == 302
    assert [row[1] for row in stored(tenant)] == ["France", "Germany"]
    with open_tenant(tenant):
        assert dict(Segment.objects.values_list("name", "public_id")) == before
        assert SegmentationModel.objects.get().leftovers_get_content is False


def test_a_stale_save_shows_both_and_changes_nothing(
    tenant: Tenant, split: SegmentationModel, form: dict[str, str], marketer: Member, client_of: Browser
) -> None:
    mine = {**form, "version": "9", "segments.0.name": "Mine"}
    answer = client_of(marketer).post(page_of(split, "save/"), mine)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert '<p class="strong sm">Germany</p>' in answer.text
    assert stored(tenant) == UNCHANGED


@pytest.mark.parametrize("changes", [{"segments.1.rule.rules.0.value": "CA"}, {"leftovers": ""}, {"segments.1.id": ""}])
def test_a_change_of_who_falls_where_asks_before_it_voids_approvals(
    tenant: Tenant,
    split: SegmentationModel,
    form: dict[str, str],
    marketer: Member,
    client_of: Browser,
    spring: None,
    changes: dict[str, str],
) -> None:
    browser = client_of(marketer)
    asked = browser.post(page_of(split, "save/"), {**form, **changes})
    assert asked.status_code == 409
    assert "Spring sale. Nothing is saved yet." in asked.text
    assert stored(tenant) == UNCHANGED
    word = asked.text.partition('name="agree" value="')[2].partition('"')[0]
    assert browser.post(page_of(split, "save/"), {**form, **changes, "agree": word}).status_code == 302


def test_new_names_void_nothing(
    tenant: Tenant, split: SegmentationModel, form: dict[str, str], marketer: Member, client_of: Browser, spring: None
) -> None:
    renamed = {**form, "name": "Homes", "segments.0.name": "At home"}
    assert client_of(marketer).post(page_of(split, "save/"), renamed).status_code == 302
    assert [row[1] for row in stored(tenant)] == ["At home", "France"]


def test_people_are_counted_by_segment(
    tenant: Tenant,
    split: SegmentationModel,
    form: dict[str, str],
    viewer: Member,
    marketer: Member,
    department: Department,
    client_of: Browser,
    now: datetime,
) -> None:
    news = make_conversation(tenant, department, now=now)
    for number, country in enumerate(["DE", "DE", "FR", "CA", "CA", "CA"]):
        add_customer(tenant, f"c{number}", news, now=now, country=country)
    chosen = {"conversation": str(news.public_id)}

    def numbers(text: str) -> list[str]:
        return [piece.partition("</span>")[0] for piece in text.split("</svg>")[1:]]

    saved = client_of(viewer).get(page_of(split, "reach/"), chosen, headers={"HX-Request": "true"}).text
    assert [number.strip() for number in numbers(saved)] == ["2", "1", "3"]
    draft = {**form, **chosen, "segments.1.rule.rules.0.value": "CA"}
    answer = client_of(marketer).post(f"{LIST}reach/", draft, headers={"HX-Request": "true"}).text
    assert [number.strip() for number in numbers(answer)] == ["2", "3", "1"]
    without_script = client_of(marketer).post(page_of(split, "save/"), {**draft, "do": "count"}).text
    assert "Nobody is in" not in without_script
    assert "6 in News" in without_script
    unfinished = client_of(marketer).post(f"{LIST}reach/", {**draft, "segments.1.rule.rules.0.value": ""}).text
    assert "Complete the rules" in unfinished


def test_the_list_names_the_segments_in_order(split: SegmentationModel, viewer: Member, client_of: Browser) -> None:
    text = client_of(viewer).get(LIST).text
    assert text.index("Germany") < text.index("France")
    assert "get content" in text
    for query in ({"sort": "password"}, {"tenant__slug": "x"}):
        assert client_of(viewer).get(LIST, query).status_code == 422


def test_copy_archive_and_restore(
    tenant: Tenant, split: SegmentationModel, marketer: Member, client_of: Browser
) -> None:
    browser = client_of(marketer)
    assert browser.post(page_of(split, "copy/")).status_code == 302
    assert browser.post(page_of(split, "archive/"))["Location"] == LIST
    text = browser.get(LIST).text
    assert ("Countries (copy)" in text, ">Countries<" in text) == (True, False)
    assert browser.post(page_of(split, "archive/")).status_code == 409
    assert browser.post(page_of(split, "restore/")).status_code == 302
    assert ">Countries<" in browser.get(LIST).text


WRITES = ["save/", "copy/", "archive/", "restore/"]


def test_a_viewer_looks_and_changes_nothing(
    tenant: Tenant, split: SegmentationModel, form: dict[str, str], viewer: Member, client_of: Browser
) -> None:
    browser = client_of(viewer)
    text = browser.get(page_of(split)).text
    assert "<b>Country</b> is Germany" in text
    assert 'name="segments.' not in text
    assert "Save" not in text
    for url in (f"{LIST}new/", f"{LIST}reach/", *[page_of(split, action) for action in WRITES]):
        assert browser.post(url, form).status_code == 403
    assert stored(tenant) == UNCHANGED


def test_a_neighbour_gets_what_a_missing_model_gets(
    tenant: Tenant,
    split: SegmentationModel,
    form: dict[str, str],
    neighbour: Tenant,
    stranger: Member,
    client_of: Browser,
) -> None:
    browser = client_of(stranger)
    for action in ["", "reach/", *WRITES]:
        for method in (browser.get, browser.post):
            answers = [
                method(f"/t/southwind/segments/{model_id}/{action}", form) for model_id in (split.public_id, uuid4())
            ]
            assert answers[0].status_code in (404, 405)
            assert answers[0].status_code == answers[1].status_code
            assert answers[0].content == answers[1].content
    assert stored(tenant) == UNCHANGED
