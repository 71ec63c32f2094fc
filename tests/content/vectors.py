"""Markup that wants to run, made from tables: tags × events, addresses × spellings, nestings parsers argue about."""

import re
from collections.abc import Iterator
from itertools import product

from selectolax.lexbor import LexborHTMLParser

#: What each of them would do, could it.
RUN = "try{parent.hit=1}catch(e){};console.log('ran');alert(1)"
_TAGS = {
    "img": "<img src=x {}>",
    "body": "<body {}>",
    "svg": "<svg {}></svg>",
    "input": "<input autofocus {}>",
    "details": "<details open {}><summary>s</summary></details>",
    "video": "<video {}><source src=x></video>",
    "audio": "<audio src=x {}></audio>",
    "marquee": "<marquee {}>m</marquee>",
    "p": "<p style='animation:a 1ms' tabindex=1 {}>p</p>",
    "math": "<math {}><mi>m</mi></math>",
    "table": "<table {}><tr><td>t</td></tr></table>",
    "select": "<select autofocus {}><option>o</option></select>",
}
_EVENTS = (
    "onerror",
    "onload",
    "onfocus",
    "ontoggle",
    "onstart",
    "onanimationstart",
    "onmouseover",
    "onbegin",
    "onpointerenter",
)
#: How an attribute may be written so that a careless reader doesn't see it.
_SPELLINGS = (
    '{}="{}"',
    "{}='{}'",
    "{}\n=\n\"{}\"",
    "x=y\x0c{}={!u}",
    'title="a"{}="{}"',
    "/{}=\"{}\"",
    "\" {}=\"{}\"",
)  # fmt: skip
_SCHEMES = (
    "javascript:{}",
    "JaVaScRiPt:{}",
    " \t\njavascript:{}",
    "java\nscript:{}",
    "java&Tab;script&colon;{}",
    "&#106;&#x61;vascript:{}",
    "&#0000106avascript:{}",
    "\x01javascript:{}",
    "javascript&#58;{}",
    "javascript://a.example/%0a{}",
    "vbscript:{}",
    "data:text/html,<script>{}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{}'/>",
    "blob:https://a.example/x",
    "view-source:javascript:{}",
)
_PLACES = (
    '<a href="{}">a</a>',
    '<iframe src="{}"></iframe>',
    '<form action="{}"><button>b</button></form>',
    '<button formaction="{}">b</button>',
    '<svg><a xlink:href="{}"><text>a</text></a></svg>',
    '<svg><set attributeName="href" to="{}"/></svg>',
    '<math href="{}"><mi>m</mi></math>',
    '<object data="{}"></object>',
    '<embed src="{}">',
    '<base href="{}">',
    '<meta http-equiv="refresh" content="0;url={}">',
    '<link rel="stylesheet" href="{}">',
    '<img srcset="{} 1x">',
    '<area href="{}">',
    '<table background="{}"></table>',
)
_STYLES = (
    "@import '{}';",
    "p{{background:url({})}}",
    "p{{behavior:url({})}}",
    "p{{-moz-binding:url({})}}",
    "p{{width:expression({})}}",
    "p{{w\\69 dth:e/**/xpression({})}}",
    "</style><img src=x onerror=\"{}\">",
    "<!--</style><img src=x onerror=\"{}\">-->",
)  # fmt: skip
_NESTINGS = (
    '<math><mtext></form><form><mglyph><style></math><img src onerror="{}">',
    '<svg></p><style><a id="</style><img src=1 onerror=\'{}\'>">',
    '<noscript><p title="</noscript><img src=x onerror=\'{}\'>">',
    '<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id="</textarea><img onerror=\'{}\' src=1>">',
    '<table><tr><td><svg><desc><td><script>{}</script></td></desc></svg></table>',
    '<svg><foreignObject><iframe srcdoc="&lt;script&gt;{}&lt;/script&gt;"></iframe></foreignObject></svg>',
    '<title><a title="</title><img src=x onerror=\'{}\'>"></title>',
    '<xmp><p title="</xmp><img src=x onerror=\'{}\'>"></xmp>',
    '<textarea></textarea ><script>{}</script >',
    '<select><template><style><!--</style><img src=x onerror="{}">--></style></template></select>',
    '<!--><img src=x onerror="{}">-->',
    '<!--a--!><img src=x onerror="{}">-->',
    '<![CDATA[<img src=x onerror="{}">]]>',
    '<?xml <img src=x onerror="{}">?>',
    '<//img src=x><script>{}</script>',
    '<<script>{}</script>',
    '<scr<script>ipt>{}</scr</script>ipt>',
    '<script\x00>{}</script>',
    '<svg><script>&#97;lert(1)</script><script>{}</script></svg>',
    '<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload={} />#x"/></svg>',
    '<svg><animate attributeName=href values="javascript:{}"/></svg>',
    '<math><annotation-xml encoding="text/html"><script>{}</script></annotation-xml></math>',
    '<template shadowrootmode=open><img src=x onerror="{}"></template>',
    '<p id="a" style="x:\'"><img src=x onerror="{}">\'">',
    '<!--[if gte mso 9]><script>{}</script><![endif]-->',
    '<!--[if !mso]><!--><script>{}</script><!--<![endif]-->',
    '<plaintext><script>{}</script>',
    '<noembed><img src=x onerror="{}"></noembed>',
    '<frameset onload="{}"><frame src="javascript:{}"></frameset>',
    '<isindex type=image src=1 onerror="{}">',
    '<object type="text/x-scriptlet" data="javascript:{}"><param name=x></object>',
    '<p contenteditable autofocus onfocus="{}">p</p>',
    '<p hx-on:load="{}" hx-get="/t/northwind/" hx-trigger="load" data-hx-vals="js:{}">p</p>',
    '<link rel=import href="data:text/html,<script>{}</script>">',
    '<link rel=modulepreload href="data:text/javascript,{}">',
    '<dialog open><form method=dialog><button formaction="javascript:{}" autofocus>b</button></form></dialog>',
)  # fmt: skip


def vectors() -> list[str]:
    """List all of them, each once, in a fixed order."""
    return list(dict.fromkeys(_made()))


def _made() -> Iterator[str]:
    for number, (tag, event) in enumerate(product(_TAGS.values(), _EVENTS)):
        spelling = _SPELLINGS[number % len(_SPELLINGS)]
        yield tag.format(spelling.replace("{!u}", "{}").format(event, RUN.replace(" ", "")))
    for scheme, place in product(_SCHEMES, _PLACES):
        yield place.format(scheme.format(RUN).replace('"', "&quot;"))
    for style, scheme in product(_STYLES, _SCHEMES[:4]):
        yield f"<style>{style.format(scheme.format(RUN))}</style>"
    for style, scheme in product(_STYLES[1:6], _SCHEMES[:4]):
        inner = style.format(scheme.format(RUN)).removeprefix("p{").removesuffix("}").replace('"', "&quot;")
        yield f'<p style="{inner}">p</p>'
    for nesting in _NESTINGS:
        yield nesting.replace("{}", RUN)


# --- What may never be found in what a reader gets -----------------------------------------------------------------

RUNNING_TAGS = (
    "script, iframe, frame, object, embed, applet, base, form, svg, math, template, portal, button, input, select"
)
ADDRESSES = (
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "background",
    "xlink:href",
    "srcset",
    "poster",
    "to",
    "values",
)
_HARMFUL = re.compile(r"^(javascript|vbscript|data:(?!image/(gif|png|jpeg|webp)[;,])|blob|view-source)", re.IGNORECASE)
_STYLE = re.compile(r"expression\s*\(|behavior\s*:|-moz-binding|@import|javascript:", re.IGNORECASE)


def running(html: str) -> list[str]:
    """List what could run in a document as a browser reads it, and as it reads what it has read once more."""
    once = LexborHTMLParser(html)
    return _running(once) + _running(LexborHTMLParser(once.html or ""))


def _running(page: LexborHTMLParser) -> list[str]:
    found = [str(node.html) for node in page.css(RUNNING_TAGS)]
    for node in page.css("*"):
        for name, value in node.attributes.items():
            address = re.sub(r"[\x00-\x20]", "", value or "")
            if name.lower().startswith(("on", "hx-", "data-hx-")) or (name in ADDRESSES and _HARMFUL.match(address)):
                found.append(f"{name}={value}")
            elif name == "http-equiv" and address.lower() == "refresh":
                found.append("refresh")
            elif name == "style" and _STYLE.search(value or ""):
                found.append(f"style={value}")
    return found + [str(node.html) for node in page.css("style") if _STYLE.search(node.text() or "")]
