"""What the HTML of a draft may hold: nothing that runs, nothing that values could change, links that lead on."""

import pytest

from content.checks import Advice, Draft, advice, faults
from content.rendering.links import allowed, resolve
from content.rendering.markup import read


def said(html: str) -> list[tuple[int, int, str]]:
    """Tell what is wrong with a draft's HTML: line, column, words."""
    found = faults(Draft("s", "", html, ""))
    assert list(found) in ([], ["html"])
    return [(fault.line, fault.column, fault.says) for fault in found.get("html", [])]


SOUND = [
    "<p>Hello {{ attributes.name }}, 1 < 2 & 3 > 2</p>",
    "<!doctype html><html><head><title>{{ attributes.a }}</title><style>p > a {}</style></head><body>x</body></html>",
    '<td {% if attributes.gold %}class="g"{% else %}class="s"{% endif %}>x</td>',
    '<td class="a"{% if attributes.gold %} id="g"{% endif %}>x</td>',
    '<td style="color:{{ attributes.colour }}" title=\'{{ attributes["name"] }}\'>x</td>',
    '{% if attributes.gold %}<tr><td>g</td></tr>{% endif %}',
    '{%- if attributes.gold -%} <p>g</p> {%- endif -%}',
    "{# a remark #}<p>x</p>",
    "<!-- {{ attributes.name }} --><p>x</p>",
    '<!--[if mso]><noscript><xml><o:x/></xml></noscript><v:rect href="https://a.example/"/><![endif]--><p>x</p>',
    "<!--[if !mso]><!--><p>x</p><!--<![endif]-->",
    "<![if !mso]><p>x</p><![endif]>",
    '<a href="https://a.example/?c={{ customer.external_id }}&amp;d=1&section=2">a</a>',
    '<a href="#top">t</a><a href="tel:+1-902-555-0100">c</a><a href="mailto:a@a.example">m</a>',
    '<img src="https://a.example/{{ attributes.tier }}.png" srcset="https://a.example/1 1x, https://a.example/2 2x">',
    '<img src="cid:logo" alt=""><img src="data:image/png;base64,AAAA" alt="">',
    '<div style="display:none">unseen</div><p>x</p>',
    '<meta http-equiv="Content-Type" content="text/html"><link rel="stylesheet" href="https://a.example/f.css">x',
    "<p>onload=x javascript: <b>ok</b></p>",
]  # fmt: skip


@pytest.mark.parametrize("html", SOUND)
def test_what_mails_are_made_of_is_kept(html: str) -> None:
    assert said(html) == []


LINK = "is no address for a link: use https://, mailto: or #."
IMAGE = "is no full address: a mail shows only what stands at https://."
REFRESH = "A mail can't send its reader elsewhere: take the meta refresh out."
RUNS = [
    ("<p>\n  <script>1</script>", 2, 3, "<script> can't stand in a mail."),
    ("<SCRIPT/x>1</SCRIPT >", 1, 1, "<script> can't stand in a mail."),
    ('<iframe srcdoc="x"></iframe>', 1, 1, "<iframe> can't stand in a mail."),
    ("<svg><a/></svg>", 1, 1, "<svg> can't stand in a mail."),
    ("<math></math>", 1, 1, "<math> can't stand in a mail."),
    ("<base href='https://a.example/'>", 1, 1, "<base> can't stand in a mail."),
    ("<object></object>", 1, 1, "<object> can't stand in a mail."),
    ("<embed>", 1, 1, "<embed> can't stand in a mail."),
    ("<noscript>x</noscript>", 1, 1, "<noscript> can't stand in a mail."),
    ("<template>x</template>", 1, 1, "<template> can't stand in a mail."),
    ("<form></form>", 1, 1, "<form> can't stand in a mail."),
    ("<body onload=x>a</body>", 1, 14, "“onload” can't stand in a mail."),
    ("<p/onClick='x'>a</p>", 1, 13, "“onclick” can't stand in a mail."),
    ('<p title="a"onclick="x">a</p>', 1, 22, "“onclick” can't stand in a mail."),
    ('<a ping="https://a.example/" href="#a">a</a>', 1, 10, "“ping” can't stand in a mail."),
    ("<a href=javascript:x>a</a>", 1, 9, f"“javascript:x” {LINK}"),
    ('<a title=">" href="javascript:x">a</a>', 1, 20, f"“javascript:x” {LINK}"),
    ('<a/href="javascript:x">a</a>', 1, 10, f"“javascript:x” {LINK}"),
    ('<a\nhref\n=\n"j&Tab;a&Tab;v&#97;script:x">a</a>', 4, 2, f"“j\ta\tvascript:x” {LINK}"),
    ('<a href="\x20java&NewLine;script&colon;x">a</a>', 1, 10, f"“java\nscript:x” {LINK}"),
    ('<a href="data:text/html,x">a</a>', 1, 10, f"“data:text/html,x” {LINK}"),
    ('<a href="vbscript:x">a</a>', 1, 10, f"“vbscript:x” {LINK}"),
    ('<a href="//a.example/">a</a>', 1, 10, f"“//a.example/” {LINK}"),
    ('<a href="page.html">a</a>', 1, 10, f"“page.html” {LINK}"),
    ('<a href="https://a.example@b.example/">a</a>', 1, 10, f"“https://a.example@b.example/” {LINK}"),
    ('<a href="{{ attributes.url }}">a</a>', 1, 10, f"“{{{{ attributes.url }}}}” {LINK}"),
    ('<a href="https://{{ attributes.host }}/">a</a>', 1, 10, f"“https://{{{{ attributes.host }}}}/” {LINK}"),
    ('<!--[if mso]><v:rect href="javascript:x"/><![endif]-->', 1, 28, f"“javascript:x” {LINK}"),
    ('<img src="javascript:x">', 1, 11, f"“javascript:x” {IMAGE}"),
    ('<img src="a.png">', 1, 11, f"“a.png” {IMAGE}"),
    ('<img src="data:image/svg+xml,x">', 1, 11, f"“data:image/svg+xml,x” {IMAGE}"),
    ('<img src="{{ attributes.picture }}">', 1, 11, f"“{{{{ attributes.picture }}}}” {IMAGE}"),
    ('<img srcset="https://a.b/1 1x, javascript:x 2x">', 1, 14, f"“https://a.b/1 1x, javascript:x 2x” {IMAGE}"),
    ('<table background="javascript:x"></table>', 1, 20, f"“javascript:x” {IMAGE}"),
    ('<link href="file:///etc/passwd">', 1, 13, f"“file:///etc/passwd” {IMAGE}"),
    ('<p style="background:url(java/**/script:x)">a</p>', 1, 11, "A style can't run anything."),
    ('<p style="width:expression(alert(1))">a</p>', 1, 11, "A style can't run anything."),
    ("<style>p { b\\ehavior: url(x) }</style>", 1, 8, "A style sheet can't run anything."),
    ("<style>@import 'javascript:x'</style>", 1, 8, "A style sheet can't run anything."),
    ('<meta http-equiv=" Refresh " content="0">', 1, 19, REFRESH),
    ('<meta content="0" http-equiv="&#114;efresh">', 1, 31, REFRESH),
]  # fmt: skip


@pytest.mark.parametrize(("html", "line", "column", "says"), RUNS)
def test_what_could_run_or_lead_astray_is_refused_at_its_place(html: str, line: int, column: int, says: str) -> None:
    assert (line, column, says) in said(html)


BRANCH = "A branch must end in the same place of the markup in which it begins."
TOUCHES = "Within a tag, put a space before a condition, and a field only into a quoted value."
QUOTED = 'A field can stand in a tag only within a quoted value, as in alt="{{ … }}".'


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ('<{{ "script" }}>x</{{ "script" }}>', TOUCHES),
        ("<{% if attributes.a %}script{% endif %}>x", TOUCHES),
        ("<s{# #}cript>x</script>", TOUCHES),
        ("<s {%- if attributes.a %}cript>x{% endif %}", TOUCHES),
        ("<p on{% if attributes.a %}load{% endif %}=x>a</p>", TOUCHES),
        ("<p {% if attributes.a %}on{% endif %}{% if attributes.a %}load{% endif %}=x>a</p>", TOUCHES),
        ("<img alt={{ attributes.a }}>", TOUCHES),
        ("<img alt={% if attributes.a %}a{% endif %}>", TOUCHES),
        ("<p title= {{ attributes.a }}>a</p>", TOUCHES),
        ("<p {{ attributes.a }}>a</p>", QUOTED),
        ('<p title="a" {{ attributes.a }}>a</p>', QUOTED),
        ('<p {% if attributes.a %}title="{% endif %} onload=x {% if attributes.a %}"{% endif %}>a</p>', BRANCH),
        ('<p title="{% if attributes.a %}" {% else %}x{% endif %}">a</p>', BRANCH),
        ('{% if attributes.a %}<a href="https://a.example/" {% endif %}title="x">a</a>', BRANCH),
        ("{% if attributes.a %}<!-- {% endif %}<p>x</p> -->", BRANCH),
        ("{% for a in interests %}<style>{% endfor %}</style>", BRANCH),
        ("<!-{{ '-' }} <p>x</p>", TOUCHES),
        ("<!--{% if attributes.a %}{% endif %}> <p>x</p> -->", TOUCHES),
        ("<!-- --{% if attributes.a %}>{% endif %}<p>x</p> -->", TOUCHES),
        ("<style></sty{% if attributes.a %}le>{% endif %}</style>", TOUCHES),
        ("<style>p { color: {{ attributes.a }} }</style>", "A field can't stand in a style sheet."),
        ("<!doctype {{ attributes.a }}>x", "A field can't stand here."),
        ("{% raw %}<p {{ >x{% endraw %}", '“raw” can\'t be used here: write {{ "{{" }} for two braces.'),
        ('<p title="a"" class="b">x</p>', "A quotation mark is missing or too many here."),
        ("{% if attributes.a %}<body>x</body>{% endif %}", "<body> can't stand inside a condition or a loop."),
        ('<!--[if mso]><p title="-->">x</p><![endif]-->', "“-->” ends the part for Outlook in the middle of a tag."),
    ],
)
def test_no_tag_can_be_put_together_from_pieces(html: str, says: str) -> None:
    assert says in [words for _line, _column, words in said(html)]


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ("<p>x</p><!-- ", (1, 9)),
        ("<p>x</p>\n<style>p {", (2, 1)),
        ("<p>x</p><title>", (1, 9)),
        ("<p>x</p><a href='https://a.example/", (1, 18)),
        ("<p>x</p><p ", (1, 9)),
        ("<!--[if mso]><p>x</p>", (1, 1)),
    ],
)
def test_nothing_may_swallow_the_footer(html: str, place: tuple[int, int]) -> None:
    assert said(html) == [(*place, "What begins here is never closed: the footer below would not be seen.")]


@pytest.mark.parametrize(
    ("html", "tag"),
    [
        ('<p>x</p>\n<div style="DISPLAY : none">y', "div"),
        ('<body style="visibility:hidden"><p>x</p></body>', "body"),
        ("<p>x</p>\n<section hidden>y", "section"),
    ],
)
def test_nothing_may_hide_the_footer(html: str, tag: str) -> None:
    assert [says for _line, _column, says in said(html)] == [
        f"What is hidden here is never closed, and so would be the footer: <{tag}>."
    ]


def test_a_links_address_holds_customers_fields_alone() -> None:
    says = "A link can't hold “i”: a click knows the customer's fields, not the loop."
    loop = '{% for i in interests %}<a href="https://a.example/{{ i }}">a</a>{% endfor %}'
    assert said(loop) == [(1, 34, says)]
    text = "{% for i in interests %}\nhttps://a.example/{{ i }}\n{% endfor %}"
    found = faults(Draft("s", "", "<p>x</p>", text))
    assert {field: [(fault.line, fault.says) for fault in fault_list] for field, fault_list in found.items()} == {
        "text": [(2, says)]
    }


def test_more_faults_than_anybody_reads_are_not_told() -> None:
    assert len(said("<img src=x>" * 1000)) == 50


def test_entities_are_read_as_browsers_do() -> None:
    tag = read('<a href="?a&amp;b=1&copy=2&sect;&section&#x3d;&notit;&lt">').tags[0]
    assert tag.attributes[0].value == "?a&b=1&copy=2§&section=&notit;<"


def test_advice_does_not_stop_a_save() -> None:
    draft = Draft("s", "", '<p><img src="https://a.example/1.png"><img src="https://a.example/2.png" alt="">x</p>', "")
    assert faults(draft) == {}
    assert advice(draft, set()) == [
        Advice("html", '1 image says nothing to those who don’t see it: give it an alt text (alt="" if it decorates).'),
        Advice("html", "There is no link that a reader could follow."),
        Advice("preheader", "Without a preheader, mailboxes show the first words of the message."),
    ]
    long = Draft("s", "p", f'<a href="https://a.example/">a</a><p>{"x" * 102_000}</p>', "")
    assert advice(long, set()) == [
        Advice("html", "Over 102 kB: Gmail cuts the rest off, the unsubscribe link included.")
    ]


@pytest.mark.parametrize(
    ("target", "ok"),
    [
        ("https://a.example", True),
        ("HTTPS://a.example/b?c={{ customer.external_id }}#d", True),
        ("https://a.example/{{ '}}' }}{{ attributes['a b'] }}", True),
        ("https://a.example/{% if attributes.a %}a{% endif %}", False),
        ("https://a.example/a b", False),
        ("https://a.example\\@b.example/", False),
        ("https://a.example:443/", True),
        ("https:a.example", False),
        ("http://", False),
        ("mailto:a@a.example?subject=x", True),
        ("mailto:{{ customer.email }}", False),
        ("#", True),
        ("", False),
    ],
)
def test_where_a_link_may_lead(target: str, ok: bool) -> None:
    assert allowed(target) is ok


def test_a_click_fills_in_the_customers_values_escaped_for_urls() -> None:
    values = {"attributes": {"a b": "x&y=/é {{7*7}}"}, "customer": {"external_id": 7}}
    target = (
        "https://a.example/{{ customer.external_id }}?q={{ attributes['a b'] }}{{ '}}' }}&z={{ attributes.none }}#f"
    )
    assert resolve(target, values) == "https://a.example/7?q=x%26y%3D%2F%C3%A9%20%7B%7B7%2A7%7D%7D%7D%7D&z=#f"
