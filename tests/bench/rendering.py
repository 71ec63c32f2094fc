"""P4: writing one reader's mail (links, fields, quoted-printable, headers), over the time of one RSA signature."""

from collections.abc import Sequence
from itertools import cycle
from statistics import median

from delivery.senders.dkim import Signer
from tests.bench import composing
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.load import cpu_seconds_per_call
from tests.bench.signing import raw_rsa

TURNS, CALLS = 5, 3_000


def measure(bench: Bench) -> Sequence[Figure]:
    """Write and sign in turns, and compare the medians. The body is hashed by the signature, not here."""
    composer = composing.composer(Signer([]))
    readers = cycle(composing.jobs())
    letter = composer.compose(next(readers))
    assert letter is not None
    raw = raw_rsa(composing.signing_key().private_key_pem)
    calls = bench.scaled(CALLS, least=20)
    writing, signing = [], []
    for _ in range(TURNS):
        signing.append(cpu_seconds_per_call(raw, calls=calls))
        writing.append(cpu_seconds_per_call(lambda: composer.compose(next(readers)), calls=calls))
    said = f"{median(writing) * 1e6:.0f} µs of {median(signing) * 1e6:.0f} µs for {letter.octets:,} octets on the wire"
    return [Figure(median(writing) / median(signing), TURNS, said)]
