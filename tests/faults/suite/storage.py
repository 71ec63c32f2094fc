"""F31, F32: PostgreSQL without room, without connections, without patience, and while its tables are changed."""

import threading
import time
from contextlib import ExitStack, suppress

import psycopg

from connect import embedded
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.disk import Full, small_disk
from tests.faults.suite.lab import Case, Lab, comes_true
from tests.faults.suite.sink import Sink

CONNECTIONS = 8
RUN_SECONDS = 12.0
TROUBLE_SECONDS = 4.0
LOCK_SECONDS = 2.0


def pace(lab: Lab) -> float:
    return RUN_SECONDS * CONNECTIONS / lab.recipients


def as_owner(lab: Lab) -> psycopg.Connection:
    """A connection of the superuser to the product's database."""
    parameters = {"host": str(lab.home.sockets), "user": embedded.SUPERUSER, "dbname": "connect"}
    return psycopg.connect(**parameters, autocommit=True)  # type: ignore[arg-type]


@fault("F31", "disk full, no connections left, statement_timeout amid a tick", n=3)
def no_room(lab: Lab, n: int) -> Result:
    """Each trouble for some seconds amid a run; nobody may get two, and the run must go on by itself."""
    result = Result(0)
    for name, trouble in list({"connections": _no_connections, "patience": _no_patience, "disk": _no_disk}.items())[:n]:
        try:
            _amid(lab, result, name, trouble)
        except Full as error:
            result.notes.append(f"{name}: skipped: {error}")
    return result


def _amid(lab: Lab, result: Result, name: str, trouble: object) -> None:
    case = lab.case()
    with lab.senders() as senders, Sink(pace=pace(lab)) as sink, ExitStack() as stack:
        if name == "disk":
            disk = stack.enter_context(small_disk(lab, case.cast.run.month))
            stack.callback(senders.stop)
            trouble = disk.filled
        senders.start(sink, case.tenant, connections=CONNECTIONS, session={"statement_timeout": "1s"})
        comes_true(lambda: len(sink.copies) > 60, 60)
        before = len(sink.copies)
        told = _log_of(lab)
        trouble(lab, case)  # type: ignore[operator]
        result.notes.append(f"{name}: {len(sink.copies) - before} copies meanwhile")
        if name == "disk" and "No space left" not in _log_of(lab)[len(told) :]:
            result.notes.append("disk: PostgreSQL never asked for room, so nothing was tried")
        else:
            result.n += 1
        result.demand(lab.finish(case, seconds=120), f"{name}: it didn't go on by itself")
        lab.look_after(case)
        found = lab.judge(sink, case.expecting(doubt=CONNECTIONS))
        result.verdict.add(found)


def _log_of(lab: Lab) -> str:
    return (lab.home.logs / "postgres.log").read_text(errors="replace")


def _no_connections(lab: Lab, case: Case) -> None:
    """Take every connection that is left, and break the senders', who then can't come back."""
    taken: list[psycopg.Connection] = []
    with as_owner(lab) as watcher:
        until = time.monotonic() + TROUBLE_SECONDS
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError):
                while len(taken) < 200:
                    taken.append(psycopg.connect(lab.home.urls.database))
            watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'connect sender'"
            )
        for each in taken:
            each.close()


def _no_patience(lab: Lab, case: Case) -> None:
    """Lock the table of messages for longer than a statement of the sender may take."""
    with as_owner(lab) as connection, connection.transaction():
        connection.execute("LOCK TABLE delivery_message IN EXCLUSIVE MODE")
        time.sleep(TROUBLE_SECONDS)


def _no_disk(lab: Lab, case: Case) -> None:
    """Stands for `Disk.filled`, which needs the disk to be made first."""


@fault("F32", "tables changed during a run", n=20)
def change_tables(lab: Lab, n: int) -> Result:
    """Add and drop a column with a lock timeout, again and again; a statement may wait for two seconds, none fails."""
    result = Result(0)
    case = lab.case()
    longest = [0.0]
    over = threading.Event()

    def watch() -> None:
        with as_owner(lab) as connection:
            while not over.wait(0.1):
                row = connection.execute(
                    "SELECT max(extract(epoch FROM now() - query_start)) FROM pg_stat_activity"
                    " WHERE application_name = 'connect sender' AND wait_event_type = 'Lock'"
                ).fetchone()
                longest[0] = max(longest[0], float(row[0] or 0) if row else 0.0)

    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        sender = senders.start(sink, case.tenant, connections=CONNECTIONS)
        watcher = threading.Thread(target=watch)
        watcher.start()
        comes_true(lambda: len(sink.copies) > 20, 60)
        with as_owner(lab) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_SECONDS:.0f}s'")
            refused = 0
            while result.n < n and lab.unfinished(case):
                verb = "ADD COLUMN drill integer" if result.n % 2 == 0 else "DROP COLUMN drill"
                try:
                    connection.execute(f"ALTER TABLE delivery_message {verb}")
                    result.n += 1
                except psycopg.errors.LockNotAvailable:
                    refused += 1
                time.sleep(0.2)
            connection.execute("ALTER TABLE delivery_message DROP COLUMN IF EXISTS drill")
        result.demand(lab.finish(case), "it didn't go on by itself")
        over.set()
        watcher.join()
        result.demand(longest[0] <= LOCK_SECONDS + 0.5, f"a statement waited for {longest[0]:.1f} s")
        result.demand(sender.lives, "the sender ended")
        result.notes.append(f"longest wait {longest[0]:.2f} s, {refused} changes gave way")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case))
    return result
