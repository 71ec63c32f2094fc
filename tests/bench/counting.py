"""P7: the waterfall of an audience and two segments with nested rules, over a bare count of the same join."""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from campaigns.frozen import from_json
from campaigns.waterfall import waterfall
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure

TURNS = 5


def measure(bench: Bench) -> Sequence[Figure]:
    """Count both ways, in turns."""
    tenant = bench.crowd.cast.tenant
    planned = crowd.plan(bench.crowd, "Waterfall")
    frozen = from_json(planned.run.frozen)
    values = {"tenant": tenant.pk, "conversation": planned.run.conversation_id}
    bare_count = Sql(crowd.sql("join"), values)  # type: ignore[arg-type]  # named parameters
    ours, bare = [], []
    with open_tenant(tenant):
        for _ in range(TURNS):
            bare.append(crowd.timed(lambda: rows(bare_count)))
            ours.append(crowd.timed(lambda: waterfall(tenant, frozen, at=datetime.now(UTC))))
        [(members,)] = rows(bare_count)
    crowd.drop(bench.crowd, planned)
    said = f"{median(ours) * 1e3:.0f} ms over {median(bare) * 1e3:.0f} ms, median of {TURNS}"
    return [Figure(median(ours) / median(bare), members, said)]
