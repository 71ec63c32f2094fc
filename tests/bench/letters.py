"""The bench's mail: 19 KB of HTML, 12 links, 10 personal fields; about 24 KB on the wire."""

from connect.demo.letters import Letter

SITE = "https://shop.northwind.example"
HTML_OCTETS = 19_000
GOODS = [f"{kind} {number}" for number, kind in enumerate(["Toque", "Mug", "Lantern", "Shell", "Socks"] * 2, start=1)]

_HEAD = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Northwind</title></head>
<body style="margin:0;background:#efece4">
<table role="presentation" width="100%"><tr><td align="center" style="padding:24px 8px">
<table role="presentation" width="600" style="width:100%;max-width:600px;background:#faf7ef;color:#2a3126">
<tr><td style="padding:22px;font:700 13px Helvetica,Arial,sans-serif"><a href="{site}/">NORTHWIND</a></td></tr>
<tr><td style="padding:12px 44px;font:16px/25px Georgia,serif">
<p>Dear {{{{ attributes.first_name|default('friend', true) }}}} {{{{ attributes.last_name }}}},</p>
<p>{{{{ attributes.points }}}} trail points, tier {{{{ attributes.tier }}}}, born on {{{{ attributes.birthday }}}}.</p>
<p>{{{{ customer.region }}}}, {{{{ customer.country }}}}, {{{{ customer.language }}}}: opening hours change.</p>
"""
_GOOD = """<table role="presentation" width="100%" cellpadding="0" cellspacing="8"><tr>
<td width="33%" valign="top" style="font:13px/19px Helvetica,Arial,sans-serif;color:#2a3126">
<a href="{site}/goods/{number}" style="color:#2a3126;text-decoration:none"><b>{name}</b><br>{price} $</a></td>
</tr></table>
"""
_PARAGRAPH = (
    '<p style="margin:0 0 14px;font:16px/25px Georgia,serif;color:#2a3126">We packed forty things that we use '
    "ourselves, from a mug that survives the tailgate to the shell that we test in Gros Morne.</p>\n"
)
_FOOT = """<p>Customer {{{{ customer.external_id }}}}, written to at {{{{ customer.email }}}}.
<a href="{site}/stores">Find a store</a></p>
</td></tr></table></td></tr></table>
</body></html>
"""


def html() -> str:
    """Write the HTML, filled up with paragraphs to its size."""
    goods = [_GOOD.format(site=SITE, number=number, name=name, price=20 + number) for number, name in enumerate(GOODS)]
    head, foot = _HEAD.format(site=SITE), _FOOT.format(site=SITE)
    room = HTML_OCTETS - len(head) - len(foot) - sum(map(len, goods))
    paragraphs = room // len(_PARAGRAPH)
    parts = [head]
    for number, good in enumerate(goods):
        count = paragraphs // len(goods) + (number < paragraphs % len(goods))
        parts += [_PARAGRAPH * count, good]
    return "".join([*parts, foot])


def letter(language: str, subject: str) -> Letter:
    """Write the mail in one language."""
    lines = [f"Dear {{{{ attributes.first_name }}}}, we packed forty things. {name}: {SITE}/" for name in GOODS]
    return Letter(language, subject, "Order before the rush", html(), "\n\n".join(lines))
