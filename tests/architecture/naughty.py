"""Texts that people, programs and attackers type where a name was meant, by what is odd about them."""

from itertools import product

_WORDS = ["null", "NULL", "None", "undefined", "true", "false", "nan", "NaN", "inf", "-Infinity", "nil", "void", "this"]
_NAMES = [
    "constructor",
    "__proto__",
    "__class__",
    "hasOwnProperty",
    "toString",
    "default",
    "select",
    "con",
    "new",
    "edit",
]
_NUMBERS = [
    "0",
    "-0",
    "+1",
    "00",
    "1.0",
    "1,5",
    "1e309",
    "-1e-400",
    "0x1F",
    "0b11",
    "017",
    "1_000",
    "２０",
    "Ⅻ",
    "²",
    "½",
    "٣",
]
_LONG_NUMBERS = ["9" * 19, "-9223372036854775809", "4294967296", "2147483648", "0." + "1" * 40, "9" * 400]
_FORMATS = [
    "1.234,56",
    "1 234,56",
    "1'234.56",
    "١٬٢٣٤",
    "$1.00",
    "50%",
    "1/0",
    "3-4-2026",
    "24:60",
    "2026-02-30",
    "--1",
]
_SPACES = [
    "\t",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x0b",
    "\x0c",
    "\ufeff",
    "\u180e",
    "\u200b",
]
_CONTROLS = [chr(code) for code in (0, 1, 7, 8, 0x1A, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F)]
_LINES = ["\r\n", "\n", "\r", "\n\n", "\r\n.\r\n", "\n\r", "\u2028", "\x0b"]
_BIDI = ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u200e", "\u200f", "\u061c"]
_INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\U000e0041", "\u115f"]
_SCRIPTS = [
    "Ωμέγα",
    "Жук",
    "שלום",
    "مرحبا",
    "हिन्दी",
    "ไทยคำ",
    "한국어",
    "日本語テスト",
    "中文測試",
    "ქართული",
    "አማርኛ",
    "ᚠᚢᚦ",
    "𝔘𝔫𝔦",
    "𐍈𐌰",
]
_ACCENTS = [
    "é",
    "e\u0301",
    "ñ",
    "n\u0303",
    "Å",
    "A\u030a",
    "\u212b",
    "ẛ̣",
    "a" + "\u0301" * 60,
    "Z\u0351\u036b\u0343" * 9,
    "\u0301a",
]
_CASES = ["İ", "ı", "ß", "ẞ", "ﬁ", "ŉ", "ǅ", "ſ", "\u212a", "Σς", "ΐ", "Ⱥ", "ﬃ", "ᾳ", "Ω\u2126"]
_EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇨🇦", "👍🏿", "1️⃣", "☠", "🫥", "❤️", "🇦🇧🇨", "\U0001f9ff" * 30]
_LOOKALIKES = [
    "раураl",
    "ɢoogle",
    "０１２ａｂｃ",
    "𝒜𝒷𝒸",
    "ⓐⓑ",
    "ｊａｖａ",
    "arnaz0n",
    "‚quoted‘",
    "«name»",
    "＜ｂ＞",
    "＂",
    "＇",
]
_EDGES = [
    "\uffff",
    "\ufffe",
    "\ufffd",
    "\U0010ffff",
    "\ue000",
    "\ud7ff",
    "\U00010000",
    "\ufdd0",
    "ÿ",
    "Ā",
    "\u07ff",
    "\u0800",
]
#: Half characters, as they are written where only text can go: no form can carry a real one in UTF-8.
_HALVES = ["\\ud800", "\\udfff\\ud800", "%ED%A0%80", "&#xD800;", "\\uDC00", "%C0%AF", "%FF%FE", "\\x80"]
_TAGS = [
    "script",
    "img src=x",
    "svg",
    "iframe",
    "b",
    "a href=javascript:alert(1)",
    "body",
    "details open",
    "style",
    "base",
]
_EVENTS = ["onerror", "onload", "ontoggle", "onfocus", "onmouseover", "hx-on:click", "onanimationstart"]
_BREAKS = [
    "'",
    '"',
    "`",
    "\\",
    "'>",
    '">',
    "-->",
    "]]>",
    "</title>",
    "</textarea>",
    "</script>",
    "%>",
    "*/",
    "{{",
    "}}",
    "{%",
    "#}",
]
_SQL = [
    "' OR 1=1",
    "'; DROP TABLE x;--",
    '" UNION SELECT 1',
    "1) OR (1=1",
    "%' ESCAPE '",
    "_%",
    "\\'",
    "$$;",
    "E'\\x00'",
    "pg_sleep(9)",
]
_TEMPLATES = [
    "{{7*7}}",
    "{{ 7|attr('x') }}",
    "{%raw%}",
    "${7*7}",
    "#{7}",
    "<%= 7 %>",
    "{{''.__class__}}",
    "[[7]]",
    "*{7}",
    "{#",
    "@(7)",
]
_SHELL = [
    "$(id)",
    "`id`",
    "; id",
    "| id",
    "&& id",
    "$HOME",
    "~root",
    "> /dev/null",
    "\\$(id)",
    "!!",
    "*",
    "-rf",
    "--help",
    "%0aid",
]
_PATHS = [
    "../../etc/passwd",
    "..\\..\\win.ini",
    "/etc/passwd",
    "file:///etc/passwd",
    "//host/x",
    "C:\\x",
    "....//",
    "%2e%2e%2f",
    ".",
]
_DOS = ["CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "con.txt", "A:", "clock$", "NUL.csv"]
_MAILS = [
    "a@b",
    "@",
    "a@b@c",
    "<a@b.example>",
    '"a b"@c.example',
    "a@[127.0.0.1]",
    "ä@ö.example",
    "-o@x.example",
    "=?utf-8?q?x?=",
]
_HEADERS = [
    "\r\nBcc: x@y.example",
    "\nX-Y: 1",
    "%0d%0aBcc: x",
    "=?utf-8?b?DQpCY2M6IHg=?=",
    "\u2028Bcc: x",
    "\x00Bcc: x",
    "x\r\n\r\nbody",
]
_CELLS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "|x",
    "\t=1",
    "\r=1",
    "＝1",
    "＋1",
    "＠x",
    '=HYPERLINK("http://x","y")',
    "=cmd|'/c x'!A1",
]
_PRINTF = [
    "%s",
    "%d",
    "%n",
    "%%",
    "%(name)s",
    "{}",
    "{0}",
    "{name}",
    "{0.__class__}",
    "%1$s",
    "%s" * 50,
    "{:>99}",
    "$s",
]
_TERMINAL = ["\x1b[31mred", "\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\x1bc", "a\x08b", "\rover"]
_JSON = ['{"a":1}', "[]", '"', '{"$ne":null}', "\\u0000", '{"__proto__":{}}', "[" * 50, "null,"]
_URLS = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//x",
    "http://[::1]",
    "http://a@b",
    "java\tscript:x",
    "&#106;avascript:",
    "?a=b&c",
    "#x",
]
_IDS = ["00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "urn:uuid:0", "g" * 36]
_LENGTHS = [120, 121, 240, 255, 256, 1000, 4097, 70_000]

#: What is odd → the texts.
CLASSES: dict[str, list[str]] = {
    "nothing": ["", " ", "   ", " \t "],
    "reserved words": _WORDS + _NAMES,
    "numbers": _NUMBERS + _LONG_NUMBERS,
    "formats of numbers": _FORMATS,
    "spaces": _SPACES + [f"a{space}b" for space in _SPACES] + [" a", "a ", "\ta\t"],
    "control characters": _CONTROLS + [f"a{control}b" for control in _CONTROLS],
    "line breaks": [f"a{line}b" for line in _LINES] + [f"a{line}" for line in _LINES],
    "directions": [f"a{sign}b" for sign in _BIDI] + ["\u202etxt.exe", "שלום abc مرحبا"],
    "invisible": [f"a{sign}b" for sign in _INVISIBLE] + _INVISIBLE,
    "scripts": _SCRIPTS + [script * 9 for script in _SCRIPTS[:5]],
    "accents": _ACCENTS,
    "cases": _CASES + [f"x{case}y" for case in _CASES],
    "emoji": _EMOJI,
    "look-alikes": _LOOKALIKES,
    "edges of Unicode": _EDGES,
    "halves": _HALVES,
    "markup": [f"<{tag} {event}=alert(1)>" for tag, event in product(_TAGS, _EVENTS)]
    + ["<", "<!--", "&lt;", "&#0;", "&bogus;"],
    "ends of markup": _BREAKS + [f"{end}<img src=x onerror=alert(1)>" for end in _BREAKS],
    "SQL": _SQL + [f"x{attack}" for attack in _SQL],
    "templates": _TEMPLATES,
    "shell": _SHELL,
    "paths": _PATHS,
    "DOS": _DOS,
    "addresses": _MAILS,
    "headers": _HEADERS + [f"x{header}" for header in _HEADERS],
    "cells": _CELLS,
    "printf": _PRINTF,
    "terminals": _TERMINAL,
    "JSON": _JSON,
    "URLs": _URLS,
    "ids": _IDS,
    "long": ["x" * length for length in _LENGTHS] + ["é" * 120, "😀" * 120, "a " * 500, "x" * 119 + "😀"],
}
NAUGHTY: list[str] = list(dict.fromkeys(text for texts in CLASSES.values() for text in texts))


def spread(count: int, start: int) -> list[str]:
    """Take `count` texts from all classes in turn, others for another `start`: the same ones on each run."""
    rows = [
        texts[(start + place) % len(texts)] for place in range(-(-count // len(CLASSES))) for texts in CLASSES.values()
    ]
    turned = start * 7 % len(rows)
    return (rows[turned:] + rows[:turned])[:count]
