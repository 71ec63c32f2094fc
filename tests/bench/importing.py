"""P6: a CSV file to upserted, subscribed customers, over nothing but the server's own COPY of it."""

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


def measure(bench: Bench) -> Sequence[Figure]:
    """Take the import of the crowd, and let the server copy the same file into a bare table."""
    if not settings.IS_EMBEDDED:
        return [Figure(None, 0, "the server's own COPY needs a file on its machine and a superuser: embedded only")]
    made = bench.crowd.made
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        write_file(file, made)
        Path(folder).chmod(0o755)
        copied = median(_copy(file) for _ in range(TURNS))
    ours = bench.crowd.import_seconds
    said = f"{len(made) / ours:,.0f} customers/s of {len(made) / copied:,.0f}/s"
    return [Figure(copied / ours, len(made), said)]


def _copy(file: Path) -> float:
    with psycopg.connect(host=str(settings.HOME.sockets), user=SUPERUSER, dbname=DATABASE, autocommit=True) as server:
        server.execute(crowd.sql("copy_table"))
        return crowd.timed(lambda: server.execute(f"COPY bench_copy FROM '{file}' (FORMAT csv, HEADER)"))
