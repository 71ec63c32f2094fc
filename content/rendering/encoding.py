"""Quoted-printable with slots: what is the same for everybody is encoded once, a value alone in its place.

Each piece starts at the beginning of a line and ends with a soft break, so that pieces can be put together in any way
and stay legal: lines of 76 octets at most, CRLF only, no line that begins with a dot (so nothing needs dot-stuffing).
Source: RFC 2045, section 6.7; RFC 5321, section 4.5.2.
"""

import binascii
import re
from functools import lru_cache

SOFT = b"=\r\n"
SHORT = 72
_NEWLINES = re.compile("\r\n|\r|\u0085|\u2028|\u2029")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DOT = re.compile(rb"(?m)^\.")
_NEEDS_CARE = re.compile("[^ -<>-~]|[ \t]$|^\\.")


def clean(text: str) -> str:
    """Bring newlines to LF and take out control characters that no mail may hold."""
    return _FORBIDDEN.sub("", _NEWLINES.sub("\n", text))


def encode(text: str) -> bytes:
    """Encode clean text that begins a line, without what ends the line after it."""
    encoded = binascii.b2a_qp(text.encode(), istext=True, header=False)
    encoded = encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    encoded = re.sub(rb"(?m)[ \t](?=\r$)", lambda found: b"=%02X" % found[0][0], encoded)
    return _DOT.sub(b"=2E", encoded)


@lru_cache(maxsize=65_536)
def encode_value(text: str) -> bytes:
    """Encode a value for a slot, with the soft break that ends it. Values repeat, so answers are kept."""
    return encode_fresh(text)


def encode_fresh(text: str) -> bytes:
    """Encode a value that won't come again, such as a signed link."""
    if not text:
        return b""
    if len(text) <= SHORT and not _NEEDS_CARE.search(text):
        return text.encode() + SOFT
    return encode(clean(text)) + SOFT


def encode_static(text: str, *, last: bool) -> bytes:
    """Encode what stands between two slots."""
    if not text:
        return b""
    return encode(clean(text)) + (b"\r\n" if last else SOFT)
