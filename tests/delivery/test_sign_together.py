"""Signatures made eight at a time are those that OpenSSL makes one by one; where that can't be, it makes them."""

import ctypes
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from conversations.dkim import SigningKey, draw_key
from conversations.states import DkimAlgorithm
from delivery.senders import dkim as ours
from delivery.senders.dkim import Signer, sign
from delivery.senders.eight import LANES, eight, numbers_of

KEYS = [generate_private_key(65537, 2048) for _ in range(3)]
DRAWN = [
    SigningKey("mail.example", f"s{number}", algorithm, draw_key(algorithm).private_key_pem)
    for number, algorithm in enumerate([DkimAlgorithm.RSA, DkimAlgorithm.ED25519, DkimAlgorithm.RSA])
]
needs_library = pytest.mark.skipif(eight() is None, reason="this machine can't sign eight at a time")


def by_openssl(key: RSAPrivateKey, octets: bytes) -> bytes:
    return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


def wanted(messages: int) -> list[ours.Unsigned]:
    signer = Signer(DRAWN)
    return [signer.begin(b"subject:Hi %d\r\n" % number, b"Hello\r\n", 1_780_000_000) for number in range(messages)]


@needs_library
@pytest.mark.parametrize("count", range(1, LANES + 1))
def test_each_of_up_to_eight_is_what_openssl_makes(count: int) -> None:
    library = eight()
    assert library is not None
    octets = [b"message %d" % number for number in range(count)]
    keys = [KEYS[number % len(KEYS)] for number in range(count)]
    pairs = []
    for key, one in zip(keys, octets, strict=True):
        numbers = numbers_of(key)
        assert numbers is not None
        pairs.append((numbers, hashlib.sha256(one).digest()))

    assert library.sign(pairs) == [by_openssl(key, one) for key, one in zip(keys, octets, strict=True)]


@needs_library
def test_a_result_that_a_fault_spoiled_is_never_given_out() -> None:
    library, numbers = eight(), numbers_of(KEYS[0])
    assert library is not None
    assert numbers is not None
    spoiled = (ctypes.c_uint64 * 16)(*numbers.dp)
    spoiled[0] ^= 2
    digest = hashlib.sha256(b"message").digest()

    found = library.sign([(numbers, digest), (replace(numbers, dp=spoiled), digest), (numbers, digest)])

    right = by_openssl(KEYS[0], b"message")
    assert found == [right, None, right]


@pytest.mark.parametrize(("size", "exponent"), [(1024, 65537), (3072, 65537), (2048, 3)])
def test_other_keys_are_left_to_openssl(size: int, exponent: int) -> None:
    assert numbers_of(generate_private_key(exponent, size)) is None


@pytest.mark.parametrize("messages", [1, 2, 3, 5, 8, 9, 20])
def test_many_messages_bear_the_signatures_of_each_alone(messages: int) -> None:
    together = sign(wanted(messages))

    assert together == [sign([one])[0] for one in wanted(messages)]
    assert [header.count(b"DKIM-Signature: ") for header in together] == [3] * messages


def test_without_the_library_the_signatures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = sign(wanted(5))
    monkeypatch.setattr(ours, "eight", lambda: None)

    assert sign(wanted(5)) == with_it
