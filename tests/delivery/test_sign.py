"""Signatures and header fields: verified by others' code, and closed to whoever would write a second header."""

import shutil
import subprocess
from datetime import date
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import dkim
import pytest

from conversations.dkim import SigningKey, draw_key
from conversations.states import DkimAlgorithm
from delivery.senders.compose import RunComposer, Voice
from delivery.senders.dkim import Signer
from delivery.senders.headers import BadHeader, check_address, encode_text, header, mailbox_header
from delivery.senders.letters import Job, Lease, sign_letters
from delivery.tracking.links import LinkMaker

DOMAIN = "mail.example"
DRAWN = {algorithm: draw_key(algorithm) for algorithm in DkimAlgorithm}
RECORDS = {f"{each.name.lower()}._domainkey.{DOMAIN}": DRAWN[each].dns_record for each in DkimAlgorithm}
KEYS = [SigningKey(DOMAIN, each.name.lower(), each, DRAWN[each].private_key_pem) for each in DkimAlgorithm]

SUBJECTS = {
    "plain": "Winter is here",
    "accents": "Größe & Glück",
    "long": "word " * 60 + "end",
    "one long word": "x" * 400,
    "double spaces": "two  spaces",
    "japanese": "日本語のとても長い件名です" * 12,
    "emoji": "👩🏽‍🚀 " * 30 + "!",
    "an encoded word": "=?utf-8?q?not_decoded?=",
    "a tab": "a\tb",
}
BODIES = {
    "usual": b"Hello\r\n",
    "empty": b"",
    "only line ends": b"\r\n\r\n\r\n",
    "trailing lines": b"Hello\r\n\r\n\r\n",
    "white space": b" a \t  b  \r\n\t\r\n",
    "long line": b"x" * 990 + b"\r\n",
}


class Said:
    """Content as a test says it."""

    content_type = 'multipart/alternative; boundary="=_b"'

    def __init__(self, subject: str, body: bytes) -> None:
        self._subject, self._body = subject, body

    def subject(self, values: Any) -> str:
        return self._subject

    def body(self, values: Any, links: Any) -> bytes:
        return self._body


def composed(
    subject: str = "Hi", body: bytes = b"Hello\r\n", *, voice: Voice | None = None, address: str = "ada@inbox.example"
) -> tuple[Job, bytes]:
    voice = voice or Voice("Zoë at Mail", f"news@{DOMAIN}", f"help@{DOMAIN}", "", "a:b:email:connect", marks_seeds=True)
    said: Any = {(1, "en"): Said(subject, body)}
    composer = RunComposer(voice, Signer(KEYS), LinkMaker("https://c.example", 1, date(2026, 3, 1)), said)
    job = Job(Lease(1, 1, 1), 7, "0" * 32, "main", "en", 1, address, 0, {})
    letter = composer.compose(job)
    if letter is None:
        return job, b""
    sign_letters([letter])
    return job, b"".join(letter.content)


def verified(content: bytes) -> list[bool]:
    found = dkim.DKIM(content)
    return [_verifies(found, number) for number in range(len(KEYS))]


def _verifies(found: dkim.DKIM, number: int) -> bool:
    try:
        return bool(
            found.verify(idx=number, dnsfunc=lambda name, timeout=5: RECORDS[name.decode().rstrip(".")].encode())
        )
    except dkim.ValidationError:
        return False


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_dkimpy_accepts_both_signatures(subject: str, body: str) -> None:
    assert verified(composed(SUBJECTS[subject], BODIES[body])[1]) == [True, True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hallo"),
        (b"To: ada", b"To: bob"),
        (b"Subject: Hi", b"Subject: Ho"),
        (b"From: ", b"From: evil@mail.example\r\nFrom: "),
        (b"Subject: ", b"Subject: added\r\nSubject: "),
        (b"One-Click", b"Two-Click"),
        (b"/u/", b"/v/"),
    ],
)
def test_nothing_signed_can_be_changed_or_added(old: bytes, new: bytes) -> None:
    content = composed()[1]
    assert old in content
    assert verified(content.replace(old, new, 1)) == [False, False]


def test_mail_dkim_accepts_what_it_knows(tmp_path: Path) -> None:
    """SpamAssassin's verifier, which shares no code with dkimpy; Debian's knows no Ed25519."""
    perl = shutil.which("perl")
    if perl is None or subprocess.run([perl, "-MMail::DKIM::Verifier", "-e", "1"], capture_output=True).returncode:
        pytest.skip("Mail::DKIM isn't installed (Debian: libmail-dkim-perl)")
    script = tmp_path / "verify.pl"
    script.write_text(VERIFY)
    for name in SUBJECTS:
        for body in BODIES.values():
            done = subprocess.run(
                [perl, str(script), *[part for pair in RECORDS.items() for part in pair]],
                input=composed(SUBJECTS[name], body)[1],
                capture_output=True,
                check=True,
            )
            assert done.stdout.splitlines() in (
                [b"pass", b"pass"],
                [b"pass", b"invalid (unsupported algorithm ed25519-sha256)"],
            ), (name, body, done.stderr)


VERIFY = r"""
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use strict; use warnings;
my %records = @ARGV;
package Answer; sub new { my ($class, $text) = @_; bless { text => $text }, $class }
sub type { 'TXT' }
sub txtdata { my $self = shift; return $self->{text} }
package main;
no warnings 'redefine';
*Mail::DKIM::DNS::query = sub { return exists $records{$_[0]} ? (Answer->new($records{$_[0]})) : () };
my $verifier = Mail::DKIM::Verifier->new();
binmode STDIN; local $/; $verifier->PRINT(<STDIN>); $verifier->CLOSE();
print map { $_->result_detail . "\n" } $verifier->signatures;
"""


@pytest.mark.parametrize("text", SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_is_read_back_as_it_was_written(text: str) -> None:
    wire = header("Subject", encode_text(text, taken=9)).wire
    read = message_from_bytes(wire + b"\r\n")["Subject"]
    assert str(make_header(decode_header(read.replace("\r\n", "").replace("\n", "")))) == text
    assert all(len(line) <= 78 for line in wire.split(b"\r\n"))


INJECTIONS = [
    "a\r\nBcc: x@evil.example",
    "a\nBcc: x",
    "a\rb",
    "a\x00b",
    "a\u2028b",
    "a\u2029b",
    "a\x0bb",
    "a\x85b",
    "",
    "\ud800",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_line_break_gets_into_a_header(text: str) -> None:
    with pytest.raises(BadHeader):
        header("Subject", encode_text(text, taken=9))
    job, content = composed(text)
    assert (job.refused, content) == ("bad_header", b"")


@pytest.mark.parametrize("text", [text for text in INJECTIONS if text])
def test_no_line_break_gets_into_a_from_name(text: str) -> None:
    with pytest.raises(BadHeader):
        mailbox_header("From", text, "a@b.example")


BAD_ADDRESSES = [
    "a@b.com\r\nRCPT TO:<v@x>",
    "a@b.com>\r\nDATA",
    '"a\r\nb"@x.example',
    "a b@x.example",
    "<a@x.example>",
    "a@x.example>",
    "a@@x.example",
    "a@x.example, b@x.example",
    "a@x.exa mple",
    "ä@x.example",
    "a\x00@x.example",
    "@x.example",
    "a@",
    ".a@x.example",
    "a..b@x.example",
    "a@-x.example",
    "a@x.example\n",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_no_bad_address_gets_into_an_envelope(address: str) -> None:
    with pytest.raises(BadHeader):
        check_address(address)
    job, content = composed(address=address)
    assert (job.refused, content) == ("bad_address", b"")


@pytest.mark.parametrize(
    "person", ["Ada", "Ada B. Lovelace", 'The "A" Team, Inc.', "Zoë Ünver", "back\\slash", "x" * 120]
)
def test_a_name_is_read_back_as_it_was_written(person: str) -> None:
    wire = mailbox_header("From", person, "ada@mail.example").wire
    [(name, address)] = getaddresses([message_from_bytes(wire + b"\r\n")["From"].replace("\r\n", "")])
    assert (str(make_header(decode_header(name))), address) == (person, "ada@mail.example")


def test_the_return_path_names_the_message() -> None:
    voice = Voice("", f"news@{DOMAIN}", "", f"bounce.{DOMAIN}", "f", marks_seeds=False)
    said: Any = {(1, "en"): Said("Hi", b"Hello\r\n")}
    composer = RunComposer(voice, Signer([]), LinkMaker("https://c.example", 1, date(2026, 3, 1)), said)
    letter = composer.compose(Job(Lease(1, 1, 1), 7, "ab-cd", "main", "en", 1, "ada@inbox.example", 0, {}))
    assert letter is not None
    sign_letters([letter])
    assert letter.sender == b"b-abcd@bounce.mail.example"
    assert b"DKIM-Signature" not in b"".join(letter.content)


def test_plain_text_stays_plain() -> None:
    assert encode_text("Winter is here") == "Winter is here"
