"""Markup that wants to run is refused when it is saved, and as a customer's own words it is words."""

from dataclasses import dataclass, field

import pytest

from content.checks import Draft, completed, faults, fields_of
from content.rendering.footer import FrozenImprint
from content.rendering.links import targets
from content.rendering.preview import render_preview
from tests.content.vectors import running, vectors

VECTORS = vectors()
IMPRINT = FrozenImprint(name="News", postal_address="1 Road, Town", footer="")
LETTER = (
    '<html><head><title>{{ attributes.a }}</title></head><body><p title="{{ attributes.a }}">{{ attributes.a }}</p>'
    '<a href="https://shop.example/?a={{ attributes.a }}">{{ attributes.a }}</a>'
    "<img src=\"https://shop.example/{{ attributes.a }}.png\" alt='{{ attributes.a }}'></body></html>"
)


@dataclass
class Kept:
    """A revision as it would be kept."""

    subject: str
    preheader: str
    html: str
    text: str
    language: str = "en"
    fields: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    hash: str = "0" * 64


def _kept(draft: Draft) -> Kept:
    whole = completed(draft)
    found = targets(whole.html, whole.text)
    return Kept(whole.subject, whole.preheader, whole.html, whole.text, fields=fields_of(whole), links=found)


def _shown(kept: Kept, words: str) -> str:
    return render_preview(kept, {"attributes": {"a": words}}, conversation=IMPRINT, language="en").html


def test_there_are_several_hundred_and_the_look_for_what_runs_sees_them() -> None:
    assert len(VECTORS) >= 400
    blind = [vector for vector in VECTORS if not running(vector)]
    assert len(blind) < len(VECTORS) / 20, blind


@pytest.mark.parametrize("around", ["{}", "<table><tr><td>{}</td></tr></table>", '<div title="a">{}</div>', "<p>{}"])
def test_what_passes_the_check_runs_nothing(around: str) -> None:
    passed = []
    for vector in VECTORS:
        draft = Draft("s", "", around.replace("{}", vector), "Words")
        if not faults(draft):
            passed.append(vector)
            assert running(_shown(_kept(draft), "x")) == [], vector
    assert len(passed) < len(VECTORS) / 20, passed


def test_a_customers_words_are_words_wherever_they_stand() -> None:
    kept = _kept(Draft("{{ attributes.a }}", "{{ attributes.a }}", LETTER, ""))
    assert faults(Draft(kept.subject, kept.preheader, kept.html, kept.text)) == {}
    for vector in VECTORS:
        assert running(_shown(kept, vector)) == [], vector
