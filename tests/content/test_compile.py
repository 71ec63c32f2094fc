"""A compiled revision says for each reader exactly what its template says, in legal lines."""

import email
import email.policy
import hashlib
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.rendering import sandbox
from content.rendering.compile import Compiled, compile_content
from content.rendering.footer import FrozenImprint

IMPRINT = FrozenImprint("Northwind News", "1200 Water Street\nHalifax NS", "Questions? {{ call }} us.")


class OneReadersLinks:
    """Links of one message."""

    unsubscribe = "https://mail.example/u/reader"
    pixel = "https://mail.example/o/reader.gif"

    def click(self, number: int) -> str:
        return f"https://mail.example/c/reader-{number}"


def compiled(
    html: str, text: str = "Hello", subject: str = "Hi", preheader: str = "", language: str = "en"
) -> Compiled:
    digest = hashlib.sha256(html.encode()).hexdigest()
    source = SimpleNamespace(subject=subject, preheader=preheader, html=html, text=text, hash=digest)
    return compile_content(source, conversation=IMPRINT, language=language)


def read(of: Compiled, values: dict[str, Any]) -> tuple[str, str]:
    """Parse the body as a mail program does: (html, text)."""
    raw = f"MIME-Version: 1.0\r\nContent-Type: {of.content_type}\r\n\r\n".encode() + of.body(values, OneReadersLinks())
    message = email.message_from_bytes(raw, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content().replace("\r\n", "\n"), text.get_content().replace("\r\n", "\n")


def test_fields_are_filled_and_links_replaced() -> None:
    html, text = read(
        compiled(
            '<p>Hello {{ attributes.name }}</p><a href="https://shop.example/a?x=1&amp;y=2">a</a>',
            "Hello {{ attributes.name }}, see https://shop.example/a?x=1&y=2.",
        ),
        {"attributes": {"name": "Zoé"}},
    )
    assert '<p>Hello Zoé</p><a href="https://mail.example/c/reader-0">a</a>' in html
    assert text.startswith("Hello Zoé, see https://mail.example/c/reader-0.")


def test_the_footer_is_in_the_readers_language_and_its_braces_are_no_template() -> None:
    html, text = read(compiled("<body><p>Bonjour</p></body>", language="fr-CA"), {})
    assert 'href="https://mail.example/u/reader">Se désabonner</a>' in html
    assert html.rstrip().endswith('<img width="1" height="1" alt="" src="https://mail.example/o/reader.gif"></body>')
    assert (
        "Questions? {{ call }} us.\n1200 Water Street\nHalifax NS\nSe désabonner: https://mail.example/u/reader" in text
    )


def test_a_value_is_never_a_template_and_never_markup() -> None:
    html, text = read(
        compiled("<p>{{ attributes.name }}</p>", "{{ attributes.name }}"),
        {"attributes": {"name": "{{7*7}}<img src=x>"}},
    )
    assert "<p>{{7*7}}&lt;img src=x&gt;</p>" in html
    assert text.startswith("{{7*7}}<img src=x>")


def test_a_link_inside_a_condition_is_tracked() -> None:
    of = compiled(
        '{% if attributes.gold %}<a href="https://shop.example/gold">g</a>'
        '{% else %}<a href="https://shop.example/all">a</a>{% endif %}'
    )
    assert 'href="https://mail.example/c/reader-0"' in read(of, {"attributes": {"gold": True}})[0]
    assert 'href="https://mail.example/c/reader-1"' in read(of, {"attributes": {}})[0]


def test_a_subject_stays_on_one_line() -> None:
    of = compiled("<p>x</p>", subject="For {{ attributes.name }}")
    assert of.subject({"attributes": {"name": "Kim\r\nBcc: x@y.example"}}) == "For Kim Bcc: x@y.example"


@pytest.mark.parametrize(
    "nasty", [".", "..", "\n.\n", "\r.\r", "\r\n.\r\n", "x" * 2000, "a\rb\nc", "\x00", "= =3D", " ", "é" * 400]
)
def test_no_body_can_end_a_message_or_break_a_line(nasty: str) -> None:
    of = compiled(f"<p>.{nasty}</p>\n.\n{{{{ attributes.name }}}}\n.", f".\n{nasty}\n{{{{ attributes.name }}}}")
    body = of.body({"attributes": {"name": nasty}}, OneReadersLinks())
    assert b"\x00" not in body
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", body)
    assert all(len(line) <= 78 and not line.startswith(b".") for line in body.split(b"\r\n"))


VALUES = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co")), max_size=90),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(name=VALUES, tier=VALUES)
def test_slots_say_what_the_whole_template_says(name: Any, tier: Any) -> None:
    source = (
        "A {{ attributes.name }} B{{ attributes.tier|default('none', true) }}\n"
        "{% if attributes.tier %}{{ attributes.tier }} of {{ attributes.name|upper }}{% else %}-{% endif %}. end"
    )
    values = {"attributes": {"name": name, "tier": tier}}
    html, _text = read(compiled(f"<body>{source}</body>"), values)
    assert html[len("<body>") : html.index("<table")] == sandbox.render(source, "html", values).replace(
        "\x85", "\n"
    ).replace("\u2028", "\n").replace("\u2029", "\n")


@pytest.mark.parametrize(
    "source",
    [
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ ('%s'|attr('format'))(1) }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ 'a' * 10**9 }}",
        "{% include attributes.x %}",
        "{% extends attributes.x %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% import 'x' as x %}",
        "{% set a = 1 %}",
        "{{ customer.password }}",
        "{{ attributes.a.b }}",
        "{{ ''['__class__'] }}",
        "{{ attributes['__class__'].x }}",
        "{{ self }}",
        "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ attributes.name",
        "{% if attributes.name %}",
    ],
)
def test_what_is_not_in_the_language_is_refused(source: str) -> None:
    assert sandbox.faults(source, "html")


def test_a_fault_names_its_line() -> None:
    assert [(fault.line, fault.column) for fault in sandbox.faults("one\ntwo\n  {{ nobody }}", "html")] == [(3, 3)]


def test_loops_cannot_make_a_huge_message() -> None:
    source = (
        "{% for a in ["
        + "1," * 100
        + "] %}{% for b in ["
        + "1," * 100
        + "] %}"
        + "x" * 1000
        + "{% endfor %}{% endfor %}"
    )
    assert [fault.says for fault in sandbox.faults(source, "html")] == [
        "Its loops make the message longer than 2,000,000 characters."
    ]


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ("{% if attributes.points > 100 %}many{% else %}few{% endif %}", None, "few"),
        ("{% if attributes.points > 100 %}many{% else %}few{% endif %}", 101, "many"),
        ("{{ attributes.points|default('none') }}", None, "none"),
        ("{{ attributes.points|round }}", "abc", ""),
        ("{{ attributes.points|abs }}", None, ""),
        ("{{ attributes.points|length }}", 5, ""),
        ("{{ attributes.points|truncate('x') }}", "abc", ""),
        ("{{ attributes['points'] }}", None, ""),
    ],
)
def test_a_value_that_does_not_fit_shows_nothing_and_stops_nobody(source: str, value: object, shown: str) -> None:
    assert sandbox.faults(source, "html") == []
    assert sandbox.render(source, "html", {"attributes": {"points": value}}) == shown
