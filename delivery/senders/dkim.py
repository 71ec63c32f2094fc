"""Sign mail with DKIM in the hot path: keys loaded once, several messages at a time, canonical by construction.

Headers are relaxed, and arrive in both forms from `headers.py`. Bodies are simple: they are quoted-printable, which
leaves nobody on the way a reason to touch their white space, and a look for it would cost more than the hash. dkimpy
and Mail::DKIM verify the result in the tests.

Source: RFC 6376 (DKIM), RFC 8463 (Ed25519).
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connect.core.errors import Terminal
from conversations.dkim import SigningKey
from delivery.senders.eight import LANES, Numbers, eight, numbers_of
from delivery.senders.headers import Header

#: Signed in this order: first what all messages of a cell share, then what is each one's own.
SHARED = ("from", "reply-to", "mime-version", "content-type", "list-unsubscribe-post", "feedback-id")
OWN = ("subject", "date", "to", "message-id", "list-unsubscribe")
#: Mentioned once more than they are there, so that none can be added on the way.
SEALED = ("from", "reply-to", "subject", "date", "to", "message-id")
LINE_OCTETS = 72
#: Fewer than these are signed faster one by one.
FEWEST_TOGETHER = 3


class CannotSign(Terminal):
    """A key of a kind that we don't sign with."""


@dataclass(frozen=True)
class _Key:
    """`numbers`: of a key that can sign eight at a time."""

    canonical: bytes
    wire: bytes
    sign: Callable[[bytes], bytes]
    numbers: Numbers | None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What is to be signed of one message: with each key, some octets; `time` and `body_hash` stand in the result."""

    keys: Sequence[_Key]
    time: bytes
    body_hash: bytes
    octets: Sequence[bytes]


class Signer:
    """Signs with all keys of one conversation. Without keys it writes no signature."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = [_load(key) for key in keys]

    def begin(self, canonical: bytes, body: bytes, at: int) -> Unsigned:
        """Gather what of one message is to be signed.

        Shape: `canonical` are the header fields in their canonical form, in the order of SHARED and OWN; `body` ends
        with CRLF, or is empty.
        Units: `at` is in seconds since 1970.
        """
        if not self._keys:
            return Unsigned((), b"", b"", ())
        time, body_hash = b"%d" % at, hash_body(body)
        end = time + b"; bh=" + body_hash + b"; b="
        return Unsigned(self._keys, time, body_hash, [canonical + key.canonical + end for key in self._keys])


def sign(wanted: Sequence[Unsigned]) -> list[bytes]:
    """Write the signature headers of several messages, complete header lines of each."""
    pairs = [(key, octets) for one in wanted for key, octets in zip(one.keys, one.octets, strict=True)]
    signatures = iter(_signatures(pairs))
    return [b"".join([_header(key, one, next(signatures)) for key in one.keys]) for one in wanted]


def _signatures(pairs: Sequence[tuple[_Key, bytes]]) -> list[bytes]:
    found: dict[int, bytes | None] = {}
    library = eight()
    if library is not None:
        able = [(at, key.numbers, octets) for at, (key, octets) in enumerate(pairs) if key.numbers is not None]
        for start in range(0, len(able), LANES):
            some = able[start : start + LANES]
            if len(some) >= FEWEST_TOGETHER:
                signed = library.sign([(numbers, hashlib.sha256(octets).digest()) for _at, numbers, octets in some])
                found.update(zip([at for at, _numbers, _octets in some], signed, strict=True))
    return [found.get(at) or key.sign(octets) for at, (key, octets) in enumerate(pairs)]


def _header(key: _Key, one: Unsigned, signature: bytes) -> bytes:
    folded = _fold(b2a_base64(signature, newline=False))
    return b"".join([key.wire, one.time, b";\r\n bh=", one.body_hash, b";\r\n b=", folded, b"\r\n"])


def in_order(headers: Sequence[Header]) -> bytes:
    """Join headers in canonical form, in the order in which they are signed."""
    by_name = {header.name: header.canonical for header in headers}
    return b"".join([by_name[name] for name in (*SHARED, *OWN) if name in by_name])


def hash_body(body: bytes) -> bytes:
    """Hash a body that ends with CRLF, or is empty, under simple canonicalisation, in base64.

    Source: RFC 6376, 3.4.3.
    """
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b2a_base64(hashlib.sha256(body or b"\r\n").digest(), newline=False)


def _fold(signature: bytes) -> bytes:
    return b"\r\n ".join([signature[start : start + LINE_OCTETS] for start in range(0, len(signature), LINE_OCTETS)])


def _load(key: SigningKey) -> _Key:
    tags = f"v=1; a={key.algorithm.value}; c=relaxed/simple; d={key.domain}; s={key.selector};"
    names = f"h={':'.join([*SHARED, *OWN, *SEALED])};"
    private = load_pem_private_key(key.private_key_pem, None)
    return _Key(
        canonical=f"dkim-signature:{tags} {names} t=".encode("ascii"),
        wire=f"DKIM-Signature: {tags}\r\n {names}\r\n t=".encode("ascii"),
        sign=_sign_with(private),
        numbers=numbers_of(private) if isinstance(private, RSAPrivateKey) else None,
    )


def _sign_with(private: object) -> Callable[[bytes], bytes]:
    if isinstance(private, RSAPrivateKey):
        rsa, scheme, sha256 = private, padding.PKCS1v15(), hashes.SHA256()
        return lambda data: rsa.sign(data, scheme, sha256)
    if isinstance(private, Ed25519PrivateKey):
        edwards = private
        return lambda data: edwards.sign(hashlib.sha256(data).digest())
    raise CannotSign(type(private).__name__)
