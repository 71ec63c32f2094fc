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
from content.rendering.encoding import clean, encode_fresh, encode_static
from content.rendering.footer import FrozenImprint
from content.rendering.links import targets

IMPRINT = FrozenImprint("Northwind News", "1200 Water Street\nHalifax NS", "Questions? {{ call }} us.")
PIXEL = '<img width="1" height="1" alt="" src="https://mail.example/o/reader.gif">'


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
    source = SimpleNamespace(
        subject=subject, preheader=preheader, html=html, text=text, hash=digest, links=targets(html, text)
    )
    return compile_content(source, conversation=IMPRINT, language=language)


def read(of: Compiled, values: dict[str, Any]) -> tuple[str, str]:
    """Parse the body as a mail program does: (html, text)."""
    raw = f"MIME-Version: 1.0\r\nContent-Type: {of.content_type}\r\n\r\n".encode() + of.body(values, OneReadersLinks())
    message = email.message_from_bytes(raw, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content().replace("\r\n", "\n"), text.get_content().replace("\r\n", "\n")


def own(html: str) -> str:
    """Take the footer off."""
    return html[: html.index('<table role="presentation" width="100%"')]


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


def test_links_are_replaced_however_their_tag_is_written() -> None:
    source = (
        "<a href=https://a.example/1>1</a><a title='a > b' href = 'https://a.example/2'>2</a>"
        '<A\nHREF="https://a.example/3">3</A>'
        '<a href="https://a.example/4?c={{ attributes["name"] }}&amp;section=2">4</a><a href="mailto:x@a.example">m</a>'
        '<!-- <a href="https://a.example/no">no</a> -->'
        '<!--[if mso]><v:rect href="https://a.example/5"></v:rect><![endif]-->'
    )
    of = compiled(source)
    assert of.links == [
        "https://a.example/1",
        "https://a.example/2",
        "https://a.example/3",
        'https://a.example/4?c={{ attributes["name"] }}&section=2',
        "https://a.example/5",
    ]
    assert own(read(of, {})[0]) == (
        "<a href=https://mail.example/c/reader-0>1</a><a title='a > b' href = 'https://mail.example/c/reader-1'>2</a>"
        '<A\nHREF="https://mail.example/c/reader-2">3</A>'
        '<a href="https://mail.example/c/reader-3">4</a><a href="mailto:x@a.example">m</a>'
        '<!-- <a href="https://a.example/no">no</a> -->'
        '<!--[if mso]><v:rect href="https://mail.example/c/reader-4"></v:rect><![endif]-->'
    )


def test_the_same_target_has_one_number_in_both_parts() -> None:
    of = compiled(
        '<a href="https://a.example/b">b</a><a href="https://a.example/a">a</a>',
        "https://a.example/a https://a.example/c",
    )
    assert of.links == ["https://a.example/b", "https://a.example/a", "https://a.example/c"]
    assert read(of, {})[1].startswith("https://mail.example/c/reader-1 https://mail.example/c/reader-2\n")


def test_links_keep_the_numbers_that_were_stored_with_the_revision() -> None:
    source = SimpleNamespace(
        subject="s",
        preheader="",
        html='<a href="https://a.example/1">1</a><a href="https://a.example/2">2</a>',
        text="t",
        hash="0" * 64,
        links=["https://a.example/2"],
    )
    html = own(read(compile_content(source, conversation=IMPRINT, language="en"), {})[0])
    assert html == '<a href="https://a.example/1">1</a><a href="https://mail.example/c/reader-0">2</a>'


def test_the_footer_is_in_the_readers_language_and_its_braces_are_no_template() -> None:
    html, text = read(compiled("<body><p>Bonjour</p></body>", language="fr-CA"), {})
    assert 'href="https://mail.example/u/reader">Se désabonner</a>' in html
    assert html.rstrip().endswith(f"{PIXEL}</body>")
    assert (
        "Questions? {{ call }} us.\n1200 Water Street\nHalifax NS\nSe désabonner: https://mail.example/u/reader" in text
    )


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("<p>x</p>", "<p>x</p>", ""),
        ("<body><p>İİİ x</p></BODY ></html>", "<p>İİİ x</p>", "</BODY ></html>"),
        ("<html><p>x</p></html>", "<p>x</p>", "</html>"),
        ("<body><p>x</p></body><!-- </body> -->", "<p>x</p>", "</body><!-- </body> -->"),
        (
            "<body><p>x</p></body><!--[if mso]></body><![endif]-->",
            "<p>x</p>",
            "</body><!--[if mso]></body><![endif]-->",
        ),
    ],
)
def test_the_footer_stands_at_the_end_of_what_readers_see(source: str, before: str, after: str) -> None:
    html = read(compiled(source), {})[0]
    assert own(html).endswith(before)
    assert html.split(PIXEL)[1].rstrip("\n") == after


@pytest.mark.parametrize(
    ("source", "before"),
    [
        (
            "<!doctype html><html><head></head><BODY bgcolor='>'><p>x</p>",
            "<!doctype html><html><head></head><BODY bgcolor='>'>",
        ),
        (
            "<!doctype html><html><head><title>t</title></head><p>x</p>",
            "<!doctype html><html><head><title>t</title></head>",
        ),
        ("<!doctype html><p>x</p>", "<!doctype html>"),
        ("<p>x</p>", ""),
    ],
)
def test_the_preheader_stands_before_all_that_readers_see(source: str, before: str) -> None:
    of = compiled(source, preheader="R&D &copy; {{ attributes.name }}")
    html = read(of, {"attributes": {"name": "<Kim>"}})[0]
    assert html.startswith(f'{before}<div style="display:none;')
    assert ">R&amp;D &amp;copy; &lt;Kim&gt;</div><p>x</p>" in html
    assert of.preheader({"attributes": {"name": "<Kim>"}}) == "R&D &copy; <Kim>"


def test_a_value_is_never_a_template_and_never_markup() -> None:
    values = {"attributes": {"name": "{{7*7}}<img src=x>"}}
    of = compiled("<p>{{ attributes.name }}</p>", "{{ attributes.name }}", "For {{ attributes.name }}")
    html, text = read(of, values)
    assert "<p>{{7*7}}&lt;img src=x&gt;</p>" in html
    assert text.startswith("{{7*7}}<img src=x>")
    assert of.subject(values) == "For {{7*7}}<img src=x>"


def test_a_value_cannot_name_a_slot() -> None:
    of = compiled('{% if attributes.name %}{{ attributes.name }}<a href="https://a.example/">a</a>{% endif %}')
    html = own(read(of, {"attributes": {"name": "\ue0000\ue001"}})[0])
    assert html == '\ue0000\ue001<a href="https://mail.example/c/reader-0">a</a>'


def test_a_link_inside_a_condition_is_tracked() -> None:
    of = compiled(
        '{% if attributes.gold %}<a href="https://shop.example/gold">g</a>'
        '{% else %}<a href="https://shop.example/all">a</a>{% endif %}'
    )
    assert own(read(of, {"attributes": {"gold": True}})[0]) == '<a href="https://mail.example/c/reader-0">g</a>'
    assert own(read(of, {"attributes": {}})[0]) == '<a href="https://mail.example/c/reader-1">a</a>'


def test_a_field_may_be_called_like_a_method() -> None:
    of = compiled("{{ attributes.items }} {{ attributes.keys|upper }}")
    assert own(read(of, {"attributes": {"items": 3, "keys": "two"}})[0]) == "3 TWO"
    assert own(read(of, {})[0]) == " "


def test_equal_values_of_different_types_are_told_apart() -> None:
    of = compiled("{{ attributes.a }} {{ attributes.b }} {{ attributes.c }} {{ attributes.d }}")
    assert own(read(of, {"attributes": {"a": 1, "b": True, "c": 1.0, "d": "1"}})[0]) == "1 True 1.0 1"


def test_a_value_that_does_not_fit_takes_away_its_own_piece_alone() -> None:
    of = compiled("{{ attributes.a|round }}-{{ attributes.b|upper }}-{% if attributes.b %}c{% endif %}")
    assert own(read(of, {"attributes": {"a": "many", "b": "b"}})[0]) == "-B-c"
    assert own(read(of, {"attributes": {"a": 2.4, "b": "b"}})[0]) == "2.0-B-c"


@pytest.mark.parametrize(
    "name", ["Kim\r\nBcc: x@y.example", "Kim\x00Bcc:\x0bx@y.example", "Kim\u2028Bcc: x@y.example\x85\x7f"]
)
def test_a_subject_stays_on_one_line(name: str) -> None:
    of = compiled("<p>x</p>", subject="For  {{ attributes.name }}")
    assert of.subject({"attributes": {"name": name}}) == "For Kim Bcc: x@y.example"


NASTY = [".", "..", "\n.\n", "\r.\r", "\r\n.\r\n", "x" * 2000, "a\rb\nc", "\x00", "= =3D", " ", "é" * 400, ".é" * 80]
NASTY += ["." * 300, " ." * 200, "\u2028.", "x" * 75 + ".", "x" * 74 + " .", "\t", "." + "x" * 74, "." + "x" * 71 + "é"]


@pytest.mark.parametrize("nasty", NASTY)
def test_no_body_can_end_a_message_or_break_a_line(nasty: str) -> None:
    of = compiled(f"<p>.{nasty}</p>\n.\n{{{{ attributes.name }}}}\n.", f".\n{nasty}\n{{{{ attributes.name }}}}")
    body = of.body({"attributes": {"name": nasty}}, OneReadersLinks())
    _check_lines(body)
    html, text = read(of, {"attributes": {"name": nasty}})
    assert own(html) == clean(f"<p>.{nasty}</p>\n.\n") + clean(nasty) + "\n."
    assert text.startswith(clean(f".\n{nasty}\n") + clean(nasty))


def _check_lines(body: bytes) -> None:
    assert not re.search(rb"[^\r\n\t -~]", body)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", body)
    lines = body.split(b"\r\n")
    assert [line for line in lines if len(line) > 76 or line.startswith(b".") or line[-1:] in (b" ", b"\t")] == []


TEXT = st.text(st.sampled_from(".= \t\nabé€𝄞xy" + "z" * 20), max_size=200)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(before=TEXT, value=TEXT, after=TEXT)
def test_pieces_put_together_stay_legal_and_say_the_same(before: str, value: str, after: str) -> None:
    body = encode_static(before, last=False) + encode_fresh(value) + encode_static(after + "!", last=True)
    _check_lines(body)
    message = email.message_from_bytes(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body)
    read_back = message.get_payload(decode=True)
    assert isinstance(read_back, bytes)
    assert read_back.decode().replace("\r\n", "\n") == before + value + after + "!\n"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-5, 5),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co")), max_size=90),
)
PARTS = [
    "{{ attributes.a }}", "{{ attributes.b }}", "{{ attributes['a'] }}", "{{ attributes.a|default('none') }}",
    "{{ attributes.a|default('<none>', true) }}", "{{ attributes.a|d }}", "{{ attributes.b|upper }}",
    "{% if attributes.a %}{{ attributes.a }} of {{ attributes.b|upper }}{% else %}-{% endif %}",
    "{% for i in interests %}{{ loop.index }}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{{ attributes.a ~ attributes.b }}", "{{ attributes.a + 1 }}", "{{ attributes.b|round(1) }}",
    "{{ interests|join(' ') }}",
    "{% if attributes.a > 1 %}<b>{% else %}<i>{% endif %}", "{{ 'x' if attributes.a == attributes.b else 'y' }}",
    "{{ attributes.b|truncate(3) }}", "{# nothing #}", " . ", "\n.", "=", "<p class='x'>", "text ",
    "{{ customer.email }}",
]  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    parts=st.lists(st.sampled_from(PARTS), max_size=8),
    a=VALUES,
    b=VALUES,
    items=st.lists(st.text("é<&a", max_size=3), max_size=3),
)
def test_slots_say_what_the_whole_template_says(parts: list[str], a: Any, b: Any, items: list[str]) -> None:
    source = "".join(parts)
    values = {"attributes": {"a": a, "b": b}, "interests": items, "customer": {"email": None}}
    html, text = read(compiled(source + "|", source + "|"), values)
    assert own(html) == clean(sandbox.render(source + "|", "html", values))
    assert text.startswith(clean(sandbox.render(source + "|", "text", values)))
    try:
        plain = sandbox.ENVIRONMENTS["html"].from_string(source + "|").render(values)
    except sandbox.UNFIT:
        return  # plain Jinja2 shows nothing at all where we leave out a piece
    assert own(html) == clean(plain)
