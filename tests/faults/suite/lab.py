"""Where faults happen: servers of the suite's own, runs with an audience that holds traps, and the books afterwards."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg
from django.db import connections

from connect import embedded
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from connect.homes import Home
from conversations.models import DkimKey
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs
from suppression.actions.entries import do_suppress
from suppression.states import Reason
from tests.delivery.factories import Cast, make_conversation, make_customers, make_run
from tests.factories import make_cast_tenant
from tests.faults.suite.judge import Expected, Receipt, Sabotage, Verdict, judge, sabotage
from tests.faults.suite.senders import Senders
from tests.faults.suite.sink import Sink
from tests.plugins.database import empty_all_tables, flush_redis

#: The longest that a lease of a killed sender lasts, and the time until it is reaped, with some room.
REAPED_SECONDS = 42.0
FINISH_SECONDS = 240.0


@dataclass
class Case:
    """One run under test, who is in it, and what is expected of it."""

    cast: Cast
    mark: str
    expected: Expected
    #: Addresses suppressed after the run was planned: skipped by the last check.
    late: frozenset[str] = frozenset()

    @property
    def tenant(self) -> Tenant:
        """Whose run it is."""
        return self.cast.tenant

    @property
    def recipients(self) -> list[str]:
        """Who must be reached, in an order that doesn't change."""
        return sorted(self.expected.recipients)

    def expecting(self, **changes: Any) -> "Case":
        """The same run, with something else expected of it."""
        return replace(self, expected=replace(self.expected, **changes))


@dataclass
class Lab:
    """The suite's servers, and what one fault asks of them."""

    home: Home
    #: How large runs are; and how many injections, 0: the fault's own number.
    recipients: int = 2_000
    n: int = 0
    sabotage: Sabotage | None = None
    counter: int = 0
    notes: list[str] = field(default_factory=list)

    # --- Servers -------------------------------------------------------------------------------------------------

    def start_servers(self) -> None:
        """Start what doesn't run: PostgreSQL, Valkey."""
        embedded.start(self.home)

    def pid(self, server: str) -> int:
        """The process of `postgres` or `valkey`; 0 where it doesn't run."""
        return getattr(embedded.status(self.home), server) or 0

    def kill_server(self, server: str, *, whole: bool = False) -> None:
        """Kill -9 a server's main process; `whole`: with all its children at once, so that none of them can tidy up."""
        process = psutil.Process(self.pid(server))
        victims = [process, *(process.children(recursive=True) if whole else [])]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
        psutil.wait_procs(victims, timeout=20)

    def as_superuser(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as PostgreSQL's superuser; give the rows of the last."""
        parameters: dict[str, Any] = {"host": str(self.home.sockets), "user": embedded.SUPERUSER, "dbname": "connect"}
        with psycopg.connect(**parameters, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def forget_connections(self) -> None:
        """Drop our own connections, which a killed server has broken."""
        connections.close_all()

    def clean(self) -> None:
        """Empty the databases between faults."""
        self.start_servers()
        self.forget_connections()
        empty_all_tables()
        flush_redis()

    # --- Runs ----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """A moment ago: runs planned at it are due."""
        return datetime.now(UTC) - timedelta(seconds=1)

    def tenant(self) -> tuple[Tenant, Department]:
        """Make a tenant."""
        self.counter += 1
        made = make_cast_tenant(f"Northwind {self.counter}", f"northwind-{self.counter}", now=self.now)
        with open_tenant(made):
            return made, Department.objects.get()

    def case(
        self,
        customers: int | None = None,
        *,
        within: tuple[Tenant, Department] | None = None,
        traps: bool = True,
        plan: bool = True,
        domain: str = "inbox.example",
        **options: Any,
    ) -> Case:
        """Make a run and plan it. With traps, 5 % of its audience is suppressed, half of that only after planning, 2 %
        shares an address with somebody else, and 0.5 % has no address.
        """
        count = self.recipients if customers is None else customers
        tenant, department = within or self.tenant()
        self.counter += 1
        mark = f"run{self.counter}"
        prefix = f"c{self.counter}x"
        now = self.now
        suppressed, late = [], []
        with open_tenant(tenant):
            conversation = make_conversation(tenant, department, now=now, name=f"News {mark}")
            if DkimKey.objects.exists():
                options.setdefault("algorithms", [])  # one key a domain and selector, and it is another one's
            make_customers(tenant, conversation, count, now=now, prefix=prefix, domain=domain)
            everybody = [f"{prefix}{number}@{domain}" for number in range(1, count + 1)]
            if traps and count >= 40:
                suppressed, late = everybody[: count // 40], everybody[count // 40 : count // 20]
                make_traps(tenant, everybody[count // 20 :], prefix, count)
        suppress_all(tenant, suppressed, now=now)
        subject = f"[{mark} v1] Hello {{{{ attributes.first_name }}}}"
        cast = make_run(tenant, department, now=now, conversation=conversation, subject=subject, **options)
        with open_tenant(tenant):  # at once, as senders may be at work already
            if plan:
                assert plan_run(tenant, cast.run.pk, now=now)
            suppress_all(tenant, late, now=now)
        rest = frozenset(everybody) - frozenset(suppressed) - frozenset(late) - twins(tenant, prefix)
        expected = Expected(rest, frozenset(suppressed) | frozenset(late), sum_of_states=len(rest) + len(late))
        return Case(cast, mark, expected, frozenset(late))

    # --- The books and the judge ---------------------------------------------------------------------------------

    def books(self, case: Case) -> dict[str, str]:
        """Read the state of each message of the run."""
        asked = Sql(
            "SELECT address, state FROM delivery_message WHERE run_id = %s AND kind = 'main'", (case.cast.run.pk,)
        )
        with open_tenant(case.tenant):
            return {str(address): str(state) for address, state in rows(asked)}

    def states(self, case: Case) -> Counter[str]:
        """Count the run's messages by state."""
        return Counter(self.books(case).values())

    def unfinished(self, case: Case) -> int:
        """Count messages that are queued or sending."""
        counted = self.states(case)
        return counted["queued"] + counted["sending"]

    def run_state(self, case: Case) -> str:
        """Read the run's state."""
        with open_tenant(case.tenant):
            return str(rows(Sql("SELECT state FROM campaigns_run WHERE id = %s", (case.cast.run.pk,)))[0][0])

    def judge(self, sinks: Sink | Sequence[Sink], *cases: Case) -> Verdict:
        """Judge runs by the receivers' logs."""
        logs = [sinks] if isinstance(sinks, Sink) else list(sinks)
        total = Verdict()
        for number, case in enumerate(cases):
            receipts = [receipt for sink in logs for receipt in sink.receipts(case.mark)]
            books = self.books(case)
            expected = case.expected
            if self.sabotage and number == 0:
                expected, receipts, books = sabotage(self.sabotage, expected, receipts, books)
            total.add(judge(expected, receipts, books))
        total.wrong += [f"a copy of no run: {stray}" for stray in strays(logs)]
        return total

    # --- Time ----------------------------------------------------------------------------------------------------

    def finish(self, *cases: Case, seconds: float = FINISH_SECONDS) -> bool:
        """Wait until nothing of these runs is queued or sending, making no rounds; tell whether it came to that."""
        return comes_true(lambda: not any(self.unfinished(case) for case in cases), seconds, every=0.3)

    def look_after(self, *cases: Case) -> None:
        """Make the rounds over the tenants of these runs, as beat would."""
        for case in cases:
            look_after_runs(case.tenant, now=datetime.now(UTC))

    def let_leases_end(self, *cases: Case) -> None:
        """Let the time of all leases pass, as it does for a sender that has gone."""
        for case in cases:
            with open_tenant(case.tenant):
                run_sql(
                    Sql("UPDATE delivery_chunk SET lease_until = now() - interval '1 minute' WHERE lease_until > now()")
                )

    def let_waits_end(self, *cases: Case) -> None:
        """Let the time of all back-offs pass."""
        for case in cases:
            with open_tenant(case.tenant):
                run_sql(Sql("UPDATE delivery_message SET not_before = now() - interval '1 s' WHERE state = 'queued'"))
                run_sql(Sql("UPDATE delivery_chunk SET next_at = now() - interval '1 s' WHERE next_at IS NOT NULL"))

    @contextmanager
    def senders(self) -> Iterator[Senders]:
        """Have a nursery for the length of a block."""
        self.forget_connections()
        with Senders(self.home) as made:
            yield made


def comes_true(what: Callable[[], bool], seconds: float, *, every: float = 0.05) -> bool:
    """Look again and again; tell whether it came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(every)
    return what()


def strays(sinks: Sequence[Sink]) -> list[Receipt]:
    """List copies that bear no run's mark."""
    return [receipt for sink in sinks for receipt in sink.receipts() if not receipt.run]


def suppress_all(tenant: Tenant, addresses: Sequence[str], *, now: datetime) -> None:
    """Suppress addresses, in one transaction."""
    with open_tenant(tenant):
        for address in addresses:
            do_suppress(tenant, address, reason=Reason.MANUAL, source="faults", now=now)


def make_traps(tenant: Tenant, usual: Sequence[str], prefix: str, count: int) -> None:
    """Give some of the last customers the address of somebody else, and some none."""
    twins_of, nameless = count // 50, count // 200
    for number in range(count - twins_of + 1, count + 1):
        other = usual[(number * 7) % (len(usual) - twins_of - nameless)]
        _readdress(tenant, f"{prefix}{number}", other)
    for number in range(count - twins_of - nameless + 1, count - twins_of + 1):
        _readdress(tenant, f"{prefix}{number}", "")


def _readdress(tenant: Tenant, external_id: str, address: str) -> None:
    run_sql(
        Sql(
            "UPDATE conversations_customer SET email = %s, email_key = %s WHERE tenant_id = %s AND external_id = %s",
            (address, address, tenant.pk, external_id),
        )
    )


def twins(tenant: Tenant, prefix: str) -> frozenset[str]:
    """List the addresses, made of a prefix, that nobody bears any more."""
    with open_tenant(tenant):
        found = rows(
            Sql(
                "SELECT external_id || '@' || split_part((SELECT max(email_key) FROM conversations_customer"
                " WHERE external_id LIKE %s), '@', 2) FROM conversations_customer"
                " WHERE external_id LIKE %s AND (email_key = '' OR split_part(email_key, '@', 1) <> external_id)",
                (f"{prefix}%", f"{prefix}%"),
            )
        )
    return frozenset(str(address) for (address,) in found)
