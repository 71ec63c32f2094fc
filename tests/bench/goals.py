"""The goals, in their order."""

from tests.bench import (
    audience,
    counting,
    end_to_end,
    following,
    growing,
    importing,
    isolation,
    plain,
    rendering,
    signing,
)
from tests.bench.figures import Goal

GOALS = [
    Goal("P1", "end to end, over the ceiling of RSA, smtp-source and smtp-sink", 0.70, end_to_end.measure),
    Goal("P2", "end to end, over the plain Django way", 20, plain.measure),
    Goal("P3", "DKIM signature, over raw RSA-2048", 0.90, signing.measure, needs_servers=False),
    Goal("P4", "render and MIME, over RSA-2048", 0.12, rendering.measure, at_most=True, needs_servers=False),
    Goal("P5", "audience to messages, over the same by hand; b: over CREATE TABLE AS", 0.90, audience.measure),
    Goal("P6", "CSV import, over the server's COPY; b: over a COPY into the same keys", 0.40, importing.measure),
    Goal("P7", "waterfall, over a bare count(*) of the join", 3.0, counting.measure, at_most=True),
    Goal("P8", "click, over a bare function with XADD; b: the flusher over the click", 0.50, following.measure),
    Goal("P9", "row-level security on a page of the plan", 1.10, isolation.measure, at_most=True),
    Goal("P10", "CPU per recipient, dearest over cheapest size", 1.15, growing.measure_cpu, at_most=True),
    Goal(
        "P11", "peak memory of a sender in MB; b: largest run over smallest", 200, growing.measure_memory, at_most=True
    ),
]
