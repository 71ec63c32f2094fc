"""P3: our signer, from headers and body to the finished header field, over nothing but the RSA signature of OpenSSL.

Messages are signed as the sender does it, several at a time.
"""

from collections.abc import Callable, Sequence
from math import ceil
from statistics import median

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from delivery.senders.dkim import Signer, sign
from delivery.senders.eight import LANES, eight
from tests.bench import composing
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.load import cpu_seconds_per_call

TURNS, CALLS = 5, 2_000
#: What is signed: the canonical headers of one message.
HEADERS = b"subject:The gift guide is here\r\n" * 22
BODY_OCTETS = 24_000
AT = 1_780_000_000


def measure(bench: Bench) -> Sequence[Figure]:
    """Sign in turns, with the signer and without, and compare the medians."""
    key = composing.signing_key()
    signer, raw = Signer([key]), raw_rsa(key.private_key_pem)
    body = b"All work and no play makes a dull letter, with 72 octets on each line.\r\n" * (BODY_OCTETS // 72)
    calls = bench.scaled(CALLS, least=20)
    ours, bare = [], []
    for _ in range(TURNS):
        bare.append(cpu_seconds_per_call(raw, calls=calls))
        batch = cpu_seconds_per_call(
            lambda: sign([signer.begin(HEADERS, body, AT) for _ in range(LANES)]), calls=ceil(calls / LANES)
        )
        ours.append(batch / LANES)
    how = f"{LANES} at a time" if eight() else "one by one: this processor or machine lacks what eight at a time need"
    said = f"{how}, {1 / median(ours):,.0f}/s of {1 / median(bare):,.0f}/s on one core, {len(body):,} octets of body"
    return [Figure(median(bare) / median(ours), TURNS, said)]


def raw_rsa(pem: bytes) -> Callable[[], bytes]:
    """Make the call that everything is compared with."""
    key = load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey)
    scheme, sha256 = padding.PKCS1v15(), hashes.SHA256()
    return lambda: key.sign(HEADERS, scheme, sha256)
