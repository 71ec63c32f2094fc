"""Macros: what they write is escaped, tied together for screen readers, and works without script."""

import pytest
from django import forms
from django.template import engines
from django.template.loader import render_to_string
from django.utils.translation import override

from connect.core.looks import FAMILIES, look


def render(source: str, **context: object) -> str:
    return str(engines["jinja2"].from_string(source).render(context))


class CampaignForm(forms.Form):
    name = forms.CharField(label="Name", help_text="At most 120 characters.")
    starts = forms.DateTimeField(label="Start")
    note = forms.CharField(label="Note", required=False)
    clock = forms.ChoiceField(label="Clock", choices=[("each", "Each"), ("one", "One")], widget=forms.RadioSelect)


FIELD = '{% from "components/field.html" import field, form_errors %}{{ field(f) }}'


def test_a_field_is_tied_to_its_help_and_its_error() -> None:
    html = render(FIELD, f=CampaignForm({"name": ""})["name"])

    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<p class="help" id="id_name_help">At most 120 characters.</p>' in html
    assert 'id="id_name_error"' in html
    assert "This field is required." in html


def test_a_field_that_may_be_empty_says_so() -> None:
    form = CampaignForm()

    assert '<span class="optional">optional</span>' in render(FIELD, f=form["note"])
    assert "optional" not in render(FIELD, f=form["name"])


def test_a_time_is_given_to_the_browsers_own_input() -> None:
    html = render(FIELD, f=CampaignForm({"starts": "2026-12-03T19:00"})["starts"])

    assert '<input type="datetime-local" name="starts" id="id_starts" value="2026-12-03T19:00" required' in html


def test_choices_are_a_group_with_a_name() -> None:
    html = render(FIELD, f=CampaignForm({"clock": "one"})["clock"])

    assert "<legend>Clock</legend>" in html
    assert html.count('type="radio"') == 2
    assert 'value="one" id="id_clock_1" required checked' in html


def test_a_refused_form_leads_to_its_fields() -> None:
    source = '{% from "components/field.html" import form_errors %}{{ form_errors(form) }}'
    html = render(source, form=CampaignForm({"clock": "each"}))

    assert "2 things to put right; nothing was saved." in html
    assert '<a href="#id_name">Name</a>: This field is required.' in html
    assert render(source, form=CampaignForm()) == ""


def test_what_people_typed_is_escaped_everywhere() -> None:
    html = render(
        """
        {% from "components/badge.html" import badge, tag %}{{ badge(x) }}{{ tag(x) }}
        {% from "components/button.html" import button, link_button %}{{ button(x) }}{{ link_button(x, x) }}
        {% from "components/notice.html" import notice %}{{ notice("bad", x, x) }}
        {% from "components/people.html" import said %}{{ said(x, x, x, x, x) }}
        {% from "components/toast.html" import toast %}{{ toast(x, undo=x) }}
        {% from "components/changes.html" import changes %}{{ changes([{"name": x, "before": x, "after": x}]) }}
        {% from "components/table.html" import column, rowlink %}{{ column(x, sort=x, url=x) }}{{ rowlink(x, x) }}
        {% from "components/facts.html" import facts %}{{ facts([(x, x)]) }}
        {{ _("Hello %(name)s", name=x) }}
        """,
        x='"><img src=x>',
    )

    assert "<img" not in html


def test_a_column_that_sorts_says_which_way_and_turns_round() -> None:
    source = '{% from "components/table.html" import column %}{{ column("Name", sort="name", by=by, url="/x?q=a") }}'

    assert 'aria-sort="ascending"><a href="/x?q=a&amp;sort=-name">' in render(source, by="name")
    assert 'aria-sort="descending"><a href="/x?q=a&amp;sort=name">' in render(source, by="-name")
    assert 'aria-sort="none"><a href="/x?q=a&amp;sort=name">' in render(source, by="when")


def test_a_question_is_a_form_that_works_without_script() -> None:
    html = render(
        """{% from "components/dialog.html" import confirm, dialog_link %}{{ dialog_link("Stop…", "stop") }}
        {{ confirm("stop", "Stop?", "Stops 3.", action="/x", csrf="", yes="Stop 3", values={"version": 7}) }}"""
    )

    assert 'href="#stop"' in html
    assert '<dialog class="dialog" id="stop" aria-labelledby="stop-title">' in html
    assert '<form method="post" action="/x">' in html
    assert '<input type="hidden" name="version" value="7">' in html


@pytest.mark.parametrize(("family", "key"), [(family, key) for family, states in FAMILIES.items() for key in states])
def test_each_state_has_a_glyph_and_a_word(family: str, key: str) -> None:
    html = render('{% from "components/badge.html" import state %}{{ state(key, family) }}', key=key, family=family)

    assert "<svg" in html
    assert str(look(key, family).word) in html


def test_a_state_that_nobody_drew_shows_its_own_name() -> None:
    assert look("half_baked").word == "Half baked"


def test_a_message_is_never_called_sent() -> None:
    words = [str(one.word).lower() for states in FAMILIES.values() for one in states.values()]
    assert [word for word in words if "sent" in word.split()] == []


def test_words_without_values_may_hold_a_per_cent_sign() -> None:
    assert render("{{ _('2% held out') }}") == "2% held out"
    assert render("{{ _('%(n)s of 100%%', n=3) }}") == "3 of 100%"
    assert render("{{ _('for %(text)s', text='a') }}") == "for a"
    assert render("{% trans %}2% held out{% endtrans %}") == "2% held out"


def test_what_is_missing_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(Exception, match="'nothing' is undefined"):
        render("{{ nothing }}")


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500, 503])
def test_an_error_page_needs_nothing_at_all(status: int) -> None:
    html = render_to_string(f"errors/{status}.html", {})

    assert html.startswith("<!doctype html>")
    assert '<html lang="en" dir="ltr">' in html
    assert html.count("<h1>") == 1


def test_a_refused_field_is_named() -> None:
    html = render_to_string("errors/422.html", {"fields": {"name": ["Too long.", "No line breaks."]}})

    assert "<b>name</b>: Too long. No line breaks." in html


def test_the_page_names_its_language() -> None:
    with override("de"):
        assert '<html lang="de" dir="ltr">' in render_to_string("errors/404.html", {})
