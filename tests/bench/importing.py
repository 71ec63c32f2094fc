"""P6: a CSV file to upserted, subscribed customers, over nothing but the server's own COPY of it.

Part b is over a COPY into a table with the columns and keys of customers: what storing them costs, read or not.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psycopg
from django.conf import settings

from connect.demo.people import write_file
from connect.embedded import SUPERUSER
from connect.homes import DATABASE
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure

TURNS = 3
COLUMNS = (
    "customer_id, email, first_name, last_name, language, time_zone, country, region, tier, points, birthday, interests"
)


def measure(bench: Bench) -> Sequence[Figure]:
    """Take the import of the crowd, and let the server copy the same file into a bare table."""
    if not settings.IS_EMBEDDED:
        return [Figure(None, 0, "the server's own COPY needs a file on its machine and a superuser: embedded only")]
    made = bench.crowd.made
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        write_file(file, made)
        Path(folder).chmod(0o755)
        bare = median(_copy(file, "copy_table") for _ in range(TURNS))
        keyed = median(_copy(file, "copy_keyed_table") for _ in range(TURNS))
    ours = bench.crowd.import_seconds
    rate = f"{len(made) / ours:,.0f} customers/s, each with subscription and ledger entry, of "
    return [
        Figure(bare / ours, len(made), f"{rate}{len(made) / bare:,.0f}/s into a table without any key"),
        Figure(keyed / ours, len(made), f"{rate}{len(made) / keyed:,.0f}/s into one with customers' keys", part="b"),
    ]


def _copy(file: Path, table: str) -> float:
    with psycopg.connect(host=str(settings.HOME.sockets), user=SUPERUSER, dbname=DATABASE, autocommit=True) as server:
        server.execute(crowd.sql(table))
        return crowd.timed(lambda: server.execute(f"COPY bench_copy ({COLUMNS}) FROM '{file}' (FORMAT csv, HEADER)"))
