"""The largest segmentation model saves by its form; a larger one is refused at its place, with all that was typed."""

import re

import pytest

from connect.core.models import Department, Member, Tenant
from segments.actions.models import MAX_PARTS, MAX_SEGMENTS
from tests.segments.pages import LIST, Browser, segment_form, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("declared")]

PARTS_OF_EACH = MAX_PARTS // MAX_SEGMENTS


def large_form(department: Department, segments: int) -> dict[str, str]:
    """Segments that have as many parts as may be, all of the comparison with the most inputs."""
    form = {"name": "Large", "department": str(department.public_id)}
    asks = {"field": "attributes.points", "was": "attributes.points", "operator": "between", "first": "1", "last": "2"}
    for place in range(segments):
        form |= segment_form(place, f"Segment number {place}", "DE")
        for rule in range(1, PARTS_OF_EACH - 1):
            form |= {f"segments.{place}.rule.rules.{rule}.{part}": value for part, value in asks.items()}
    return form


def refusals(text: str) -> list[str]:
    return re.findall(r'<li><a href="#([^"]*)">', text)


def test_as_much_as_may_be_is_saved_and_one_part_more_is_shown_again(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    browser = client_of(marketer)
    form = large_form(department, MAX_SEGMENTS)
    one_more = {
        f"segments.49.rule.rules.{PARTS_OF_EACH}.{part}": value
        for part, value in {"field": "attributes.city", "operator": "equals", "value": "the last straw"}.items()
    }
    answer = browser.post(f"{LIST}new/", {**form, **one_more})
    assert (answer.status_code, refusals(answer.text)) == (422, ["id_segments"])
    assert 'id="id_segments"' in answer.text
    assert "All rules together may have 1000 parts at most; these have 1001." in answer.text
    assert 'value="the last straw"' in answer.text
    assert stored(tenant) == []

    assert browser.post(f"{LIST}new/", form).status_code == 302
    assert len(stored(tenant)) == MAX_SEGMENTS


def test_a_segment_too_many_is_shown_again(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    form = {"name": "Many", "department": str(department.public_id)}
    for place in range(MAX_SEGMENTS + 1):
        form |= segment_form(place, f"Segment number {place}", "DE")
    answer = client_of(marketer).post(f"{LIST}new/", form)
    assert (answer.status_code, refusals(answer.text)) == (422, ["id_segments"])
    assert all(f'value="Segment number {place}"' in answer.text for place in range(MAX_SEGMENTS + 1))
    assert stored(tenant) == []


def test_a_full_model_offers_no_further_segment_and_a_press_adds_none(
    tenant: Tenant, marketer: Member, department: Department, client_of: Browser
) -> None:
    browser = client_of(marketer)
    form = {"name": "Many", "department": str(department.public_id)}
    for place in range(MAX_SEGMENTS - 1):
        form |= segment_form(place, f"Segment number {place}", "DE")
    one = browser.post(f"{LIST}new/", {**form, "do": ["refresh"]}).text
    full = browser.post(f"{LIST}new/", {**form, "do": ["add-segment", "add-segment"]}).text
    assert ('id="add-segment"' in one, 'id="add-segment"' in full) == (True, False)
    assert ('id="segments.49.name"' in full, 'id="segments.50.name"' in full) == (True, False)
    assert "Nothing more fits into this model." in full


def test_buttons_pressed_together_mean_what_the_page_showed(
    marketer: Member, department: Department, client_of: Browser
) -> None:
    form = {"name": "Many"}
    for place, name in enumerate(["Germany", "France", "Canada"]):
        form |= segment_form(place, name, "DE")
    pressed = ["up:1", "drop:0", "add-rule:segments.2.rule", "up:2"]
    text = client_of(marketer).post(f"{LIST}new/", {**form, "do": pressed}).text
    shown = [text.partition(f'id="segments.{place}.name" value="')[2].partition('"')[0] for place in range(3)]
    assert shown == ["Canada", "France", ""]
    assert ('name="segments.0.rule.rules.1.field"' in text, 'name="segments.1.rule.rules.1.field"' in text) == (
        True,
        False,
    )
