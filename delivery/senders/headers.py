"""Write header fields once, in both forms: as they go over the wire, and as DKIM hashes them.

What a field may hold is checked here again, whatever the forms let through: a CR or LF in a header is a second header.

Source: RFC 5322 (fields, folding), RFC 2047 (encoded words), RFC 6376 3.4.2 (relaxed form).
"""

import re
from binascii import b2a_base64
from dataclasses import dataclass

from connect.core.errors import Terminal

#: Where a line should be folded, and the longest encoded word.
LINE_OCTETS = 76
WORD_OCTETS = 75
#: UTF-8 octets that fit into one encoded word: base64 makes 4 of 3, and the frame takes 12.
WORD_TEXT_OCTETS = (WORD_OCTETS - len("=?utf-8?b??=")) // 4 * 3

_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
#: An address that SMTP can carry without quoting or SMTPUTF8.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")


class BadHeader(Terminal):
    """A value that no header may carry."""


@dataclass(frozen=True, slots=True)
class Header:
    """One field: `name` in lower case, `wire` with its CRLF, `canonical` as relaxed DKIM hashes it, with CRLF."""

    name: str
    wire: bytes
    canonical: bytes


def header(name: str, value: str) -> Header:
    """Write a field whose value is plain ASCII, folded by CRLF and one space at most.

    Errors: BadHeader.
    """
    flat = value.replace("\r\n ", " ")
    if not _PLAIN.match(flat):
        raise BadHeader(name)
    return Header(name.lower(), f"{name}: {value}\r\n".encode("ascii"), f"{name.lower()}:{flat}\r\n".encode("ascii"))


def mailbox_header(name: str, person: str, address: str) -> Header:
    """Write a field that holds one mailbox, with or without a name.

    Errors: BadHeader.
    """
    check_address(address)
    if not person:
        return header(name, address)
    shown = person if _ATOMS.match(person) else _quote(person, len(name) + 2)
    separator = " " if len(name) + len(shown) + len(address) < LINE_OCTETS - 6 and "\r\n" not in shown else "\r\n "
    return header(name, f"{shown}{separator}<{address}>")


def encode_text(text: str, taken: int = 0) -> str:
    """Write free text as header words, folded into lines.

    Errors: BadHeader.
    """
    if _FORBIDDEN.search(text):
        raise BadHeader(repr(text[:40]))
    if not text:
        raise BadHeader("empty")
    if _PLAIN.match(text) and "=?" not in text and all(len(word) < LINE_OCTETS - 2 for word in text.split(" ")):
        return _fold(text, taken)
    return "\r\n ".join(_encoded_words(text, taken))


def check_address(address: str) -> str:
    """Let an address through that may stand between the angle brackets of MAIL and RCPT.

    Errors: BadHeader.
    """
    if not _ADDRESS.match(address) or ".." in address or ".@" in address or address.startswith("."):
        raise BadHeader("address")
    return address


def _fold(text: str, taken: int) -> str:
    if taken + len(text) <= LINE_OCTETS:
        return text
    lines, line, room = [], "", LINE_OCTETS - taken
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, LINE_OCTETS - 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _encoded_words(text: str, taken: int) -> list[str]:
    words, octets = [], b""
    room = WORD_TEXT_OCTETS - (taken + 2) // 4 * 3
    for character in text:
        more = character.encode()
        if octets and len(octets) + len(more) > room:
            words.append(_encoded_word(octets))
            octets, room = b"", WORD_TEXT_OCTETS
        octets += more
    return [*words, _encoded_word(octets)]


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{b2a_base64(octets, newline=False).decode('ascii')}?="


def _quote(person: str, taken: int) -> str:
    if _PLAIN.match(person) and "=?" not in person and len(person) + taken < LINE_OCTETS - 2:
        escaped = person.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if _FORBIDDEN.search(person):
        raise BadHeader(repr(person[:40]))
    return "\r\n ".join(_encoded_words(person, taken))
