"""Quoted-printable with slots: what is the same for everybody is encoded once, a value alone in its place.

Each piece starts at the beginning of a line and ends with a soft break, so that pieces can be put together in any way
and stay legal: lines of 76 octets at most, CRLF only, no line that begins with a dot (so nothing needs dot-stuffing).
Source: RFC 2045, section 6.7; RFC 5321, section 4.5.2.
"""

import binascii
import re
from typing import Any

from markupsafe import escape

SOFT = b"=\r\n"
LINE = 76
SHORT = LINE - 1
_NEWLINES = re.compile("\r\n|\r|\u0085|\u2028|\u2029")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOTTED = re.compile(rb"(?m)^\..*$")
#: How many encoded values are remembered, and up to which length: names and cities come again, sentences don't.
REMEMBERED = 8_192
REMEMBERED_CHARACTERS = 40


def on_lines(text: str) -> str:
    """Bring all kinds of line ends to LF."""
    return _NEWLINES.sub("\n", text)


def clean(text: str) -> str:
    """Bring newlines to LF and take out control characters that no mail may hold."""
    return _FORBIDDEN.sub("", on_lines(text))


def one_line(text: str) -> str:
    """Bring text to one line without control characters: for headers."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def encode(text: str) -> bytes:
    """Encode clean text that begins a line, without what ends the line after it."""
    encoded = binascii.b2a_qp(text.encode(), istext=True, header=False).replace(b"\r\n", b"\n")
    if b"." in encoded:
        encoded = _DOTTED.sub(lambda found: _within(b"=2E" + found[0][1:], LINE), encoded)
    before, newline, last = encoded.rpartition(b"\n")
    return (before + newline + _within(last, SHORT)).replace(b"\n", b"\r\n")


def _within(line: bytes, most: int) -> bytes:
    """Break a line that is too long by a few octets: not inside of an =XX, and not before a dot."""
    if len(line) <= most:
        return line
    escape_at = line.rfind(b"=", LINE - 5, LINE - 2)
    cut = escape_at if escape_at > 0 else LINE - 3
    rest = line[cut:]
    return line[:cut] + b"=\n" + (b"=2E" + rest[1:] if rest.startswith(b".") else rest)


def encode_value(value: Any) -> bytes:
    """Encode a value for a slot, with the soft break that ends it. Short answers are kept, since values repeat."""
    text = value if type(value) is str else str(value)
    found = _texts.get(text)
    return _remember(_texts, text, encode_fresh(text)) if found is None else found


def encode_html_value(value: Any) -> bytes:
    """Encode a value for a slot in HTML, where it is never markup."""
    text = value if type(value) is str else str(value)
    found = _htmls.get(text)
    return _remember(_htmls, text, encode_fresh(str(escape(text)))) if found is None else found


_texts: dict[str, bytes] = {}
_htmls: dict[str, bytes] = {}


def _remember(kept: dict[str, bytes], text: str, encoded: bytes) -> bytes:
    if len(text) <= REMEMBERED_CHARACTERS:
        if len(kept) >= REMEMBERED:
            kept.clear()
        kept[text] = encoded
    return encoded


def encode_fresh(text: str) -> bytes:
    """Encode a value that won't come again, such as a signed link."""
    if not text:
        return b""
    if text.isascii() and text.isprintable() and "=" not in text and text[-1] != " " and text[0] != ".":
        raw = text.encode()
        octets = len(raw)
        if octets <= SHORT:
            return raw + SOFT
        if octets < 2 * SHORT and text[SHORT] != ".":
            return raw[:SHORT] + SOFT + raw[SHORT:] + SOFT
    encoded = encode(clean(text))
    return encoded + SOFT if encoded else b""


def encode_static(text: str, *, last: bool) -> bytes:
    """Encode what stands between two slots."""
    if not text:
        return b""
    return encode(clean(text)) + (b"\r\n" if last else SOFT)
