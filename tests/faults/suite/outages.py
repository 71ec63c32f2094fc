"""F3, F5, F6, F7: PostgreSQL, or everything, goes away."""

import random
import time

from django.conf import settings
from django.test import Client

from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.judge import Verdict
from tests.faults.suite.lab import Case, Lab, comes_true
from tests.faults.suite.senders import Senders, pause
from tests.faults.suite.sink import Sink
from tests.faults.suite.stack import Stack

CONNECTIONS = 8
SENDERS = 2
RUN_SECONDS = 15.0
RESUME_SECONDS = 60.0


def pace(lab: Lab, connections: int) -> float:
    """How long the receiver takes for each message, so that a run lasts."""
    return RUN_SECONDS * connections / lab.recipients


@fault("F3", "kill -9 of all processes, PostgreSQL and Valkey included", n=2)
def kill_everything(lab: Lab, n: int) -> Result:
    """Kill workers, beat and both servers at once, mid-run; start them again, and touch nothing else."""
    result = Result(0)
    case = lab.case()
    with Sink(pace=pace(lab, 2 * CONNECTIONS)) as sink:
        for _ in range(n):
            with Stack(lab.home, sink.port, connections=CONNECTIONS) as stack:
                before = len(sink.copies)
                started = time.monotonic()
                result.demand(comes_true(lambda: len(sink.copies) > before, RESUME_SECONDS), "it didn't resume")  # noqa: B023
                result.notes.append(f"resumed after {time.monotonic() - started:.0f} s")
                pause(random.uniform(0.5, 2.0))
                unfinished = lab.unfinished(case)
                lab.kill_server("postgres", whole=True)
                lab.kill_server("valkey")
                stack.kill(*list(stack.running))
            result.n += bool(unfinished)
            lab.forget_connections()
            lab.start_servers()
        with Stack(lab.home, sink.port, connections=CONNECTIONS):
            result.demand(lab.finish(case), "it didn't go on by itself")
            done = comes_true(lambda: lab.run_state(case) == "finished", 30)
            result.demand(done, "the run isn't finished")
        # Two senders, and each kill takes both.
        result.verdict.add(lab.judge(sink, case.expecting(doubt=2 * CONNECTIONS * result.n)))
    return result


@fault("F5", "kill -9 of PostgreSQL's postmaster, started again at once", n=3)
def kill_postmaster(lab: Lab, n: int) -> Result:
    """Kill PostgreSQL under two senders; they must outlive it, and the console must say 503 meanwhile."""
    result = Result(0)
    case = lab.case()
    with lab.senders() as senders, Sink(pace=pace(lab, SENDERS * CONNECTIONS)) as sink:
        for _ in range(SENDERS):
            senders.start(sink, case.tenant, connections=CONNECTIONS)
        for _ in range(n):
            before = len(sink.copies)
            if not comes_true(lambda: len(sink.copies) > before + 50, 60):  # noqa: B023
                break
            lab.kill_server("postgres")
            lab.forget_connections()
            status, page = _console()
            result.demand(status == 503 and "Traceback" not in page, f"the console answered {status}")
            lab.forget_connections()
            lab.start_servers()
            result.n += 1
        result.demand(lab.finish(case), "it didn't go on by itself")
        alive = sum(sender.lives for sender in senders.children)
        result.demand(alive == SENDERS, f"{SENDERS - alive} senders ended")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case.expecting(doubt=SENDERS * CONNECTIONS * result.n)))
    return result


def _console() -> tuple[int, str]:
    """Ask for a page as somebody who seems to be logged in, which PostgreSQL has to say."""
    visitor = Client(SERVER_NAME="localhost", raise_request_exception=False)
    visitor.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    answer = visitor.get("/t/northwind/campaigns/")
    return answer.status_code, answer.content.decode(errors="replace")


DOWN_SECONDS = 20.0


@fault("F6", "PostgreSQL down for a while (20 s here instead of 10 min)", n=1)
def postgres_down(lab: Lab, n: int) -> Result:
    """While it is down nothing may start: at most what was under way on each connection."""
    result = Result(0)
    case = lab.case()
    with lab.senders() as senders, Sink(pace=pace(lab, SENDERS * CONNECTIONS)) as sink:
        for _ in range(SENDERS):
            senders.start(sink, case.tenant, connections=CONNECTIONS)
        for _ in range(n):
            before = len(sink.copies)
            if not comes_true(lambda: len(sink.copies) > before + 100, 60):  # noqa: B023
                break
            lab.kill_server("postgres", whole=True)
            at_once = len(sink.copies)
            pause(DOWN_SECONDS)
            further = len(sink.copies) - at_once
            result.demand(further <= SENDERS * CONNECTIONS, f"{further} copies while PostgreSQL was down")
            result.notes.append(f"{further} copies after it went down")
            lab.forget_connections()
            lab.start_servers()
            result.n += 1
        result.demand(lab.finish(case), "it didn't go on by itself")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case.expecting(doubt=SENDERS * CONNECTIONS * result.n)))
    return result


@fault("F7", "negative control: commits that aren't on disk, and a crash", n=1)
def lost_commits(lab: Lab, n: int) -> Result:
    """Let senders commit without waiting for the disk, lose what PostgreSQL held back, and see duplicates found."""
    result = Result(0, is_control=True)
    lab.as_superuser("ALTER SYSTEM SET wal_writer_delay = '10s'", "SELECT pg_reload_conf()")
    try:
        for _ in range(n):
            result.verdict.add(_lose(lab))
            result.n += 1
    finally:
        lab.start_servers()
        lab.as_superuser("ALTER SYSTEM RESET wal_writer_delay", "SELECT pg_reload_conf()")
    result.notes.append(f"{result.verdict.duplicates} duplicates found, which were meant")
    return result


def _lose(lab: Lab) -> Verdict:
    case: Case = lab.case()
    with lab.senders() as senders, Sink(pace=0.005) as sink:
        _start_careless(senders, sink, case)
        comes_true(lambda: len(sink.copies) > lab.recipients // 4, 60, every=0.01)
        lab.kill_server("postgres", whole=True)
        senders.stop()
        lab.forget_connections()
        lab.start_servers()
        lab.let_leases_end(case)
        _start_careless(senders, sink, case)
        lab.finish(case)
        return lab.judge(sink, case.expecting(doubt=None))


def _start_careless(senders: Senders, sink: Sink, case: Case) -> None:
    senders.start(sink, case.tenant, connections=CONNECTIONS, session={"synchronous_commit": "off"})
