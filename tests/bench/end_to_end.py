"""P1: the whole product, over what the cores could do with nothing but RSA, smtp-source and smtp-sink."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.bench import sending
from tests.bench.bench import Bench, Rates
from tests.bench.figures import Figure
from tests.bench.load import cpu_seconds_per_call
from tests.bench.postfix import Sink, hand_over, missing
from tests.bench.sending import Sent

RUNS = 5
OCTETS_ON_THE_WIRE = 24_000
SIGNED = b"from:Northwind Outfitters <hello@news.northwind.example>\r\n" * 14


@dataclass(frozen=True)
class Ceiling:
    """CPU seconds per message of the three things that can't be left out."""

    rsa: float
    source: float
    sink: float

    def rate(self, cores: int) -> float:
        """Messages a second that the cores could do."""
        return cores / (self.rsa + self.source + self.sink)


def measure(bench: Bench) -> Sequence[Figure]:
    """Take the median of five runs, each over the ceiling that was measured beside it."""
    if why := missing():
        return [Figure(None, 0, why)]
    rates = bench.rates
    return [Figure(median(rates.ratios), len(rates.runs), rates.said)]


def measure_rates(bench: Bench) -> Rates:
    """Run the product and measure the ceiling, in turn."""
    runs: list[Sent] = []
    ceilings: list[Ceiling] = []
    count = RUNS if bench.scale >= 1 else 3 if bench.scale >= 0.1 else 1
    furnished = bench.senders_crowd
    with sending.staged() as stage:
        for number in range(1, count + 1):
            before = ceiling(stage.sink, bench)
            sent = sending.send(stage, furnished, f"Bench {number}")
            after = ceiling(stage.sink, bench)
            runs.append(sent)
            ceilings.append(mean(before, after))
            bench.say(_said(sent, ceilings[-1], bench.cores))
            sending.rest()
    middle = sorted(runs, key=lambda one: one.rate)[len(runs) // 2]
    said = (
        f"{middle.rate:,.0f}/s of {median(one.rate(bench.cores) for one in ceilings):,.0f}/s; {middle.accepted:,}"
        f" messages a run; CPU µs a message: {middle.micro()};"
        f" by CPU alone {_by_cpu(middle, ceilings, bench.cores):.2f} of the ceiling;"
        f" others used {max(one.others for one in runs):.2f} cores at most"
    )
    return Rates([one.rate for one in runs], [one.rate(bench.cores) for one in ceilings], said)


def _by_cpu(sent: Sent, ceilings: list[Ceiling], cores: int) -> float:
    """What a run would have reached of the ceiling if nobody else had used the machine."""
    rate = cores * sent.accepted / (sent.cpu.product + sent.cpu.sink)
    return rate / median(one.rate(cores) for one in ceilings)


def ceiling(sink: Sink, bench: Bench) -> Ceiling:
    """Measure the three parts of the ceiling."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    scheme, sha256 = padding.PKCS1v15(), hashes.SHA256()
    signing = cpu_seconds_per_call(lambda: key.sign(SIGNED, scheme, sha256), calls=bench.scaled(3_000, least=200))
    handing = hand_over(sink, messages=bench.scaled(20_000, least=500), octets=OCTETS_ON_THE_WIRE)
    return Ceiling(signing, handing.source, handing.sink)


def mean(one: Ceiling, other: Ceiling) -> Ceiling:
    """Take the middle of two measurements."""
    return Ceiling((one.rsa + other.rsa) / 2, (one.source + other.source) / 2, (one.sink + other.sink) / 2)


def _said(sent: Sent, beside: Ceiling, cores: int) -> str:
    parts = f"rsa {beside.rsa * 1e6:.0f} + source {beside.source * 1e6:.0f} + sink {beside.sink * 1e6:.0f} µs"
    return (
        f"  {sent.rate:,.0f}/s over {beside.rate(cores):,.0f}/s ({parts}) = {sent.rate / beside.rate(cores):.3f};"
        f" {sent.accepted:,} in {sent.seconds:.1f} s; CPU µs: {sent.micro()}; others {sent.others:.2f} cores"
    )
