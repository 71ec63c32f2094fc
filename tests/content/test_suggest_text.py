"""A text part made from HTML says what the HTML says, fields and conditions included."""

import pytest

from content.rendering.plaintext import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Winter</h1><p>Hello&nbsp;<b>you</b>,\n  there</p><p>Bye</p>", "Winter\n\nHello you, there\n\nBye"),
        ("<p>a<br>b<br/>c</p>", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\n\nb"),
        ('<a href="https://a.example/?a=1&amp;b=2">Open</a> now', "Open (https://a.example/?a=1&b=2) now"),
        ('<a href="https://a.example/"><img src="x" alt="The guide"></a>', "The guide (https://a.example/)"),
        ('<a href="#top">Top</a> <a name="x">here</a>', "Top here"),
        (
            "<p>{% if attributes.gold %}Gold{% else %}{{ attributes.tier|upper }} &amp; more{% endif %}</p>",
            "{% if attributes.gold %}Gold{% else %}{{ attributes.tier|upper }} & more{% endif %}",
        ),
        (
            '<a href="https://a.example/?c={{ attributes["a b"] }}">x</a>',
            'x (https://a.example/?c={{ attributes["a b"] }})',
        ),
        ("<head><title>t</title><style>p {}</style></head><!-- no --><p>x</p>{# no #}", "x"),
        ('<div style="display:none">no<div>no</div>&zwnj;&nbsp;</div><p>x</p>', "x"),
        ("<p>x" + "&zwnj;&nbsp;" * 40 + "y</p>", "x y"),
        ("<!--[if mso]><p>old</p><![endif]--><p>x</p>", "x"),
        ("<p>1 < 2 <i>3</i></p>", "1 < 2 3"),
        ("", ""),
    ],
)
def test_the_words_of_the_html_are_kept_in_order(html: str, text: str) -> None:
    assert text_of(html) == text
