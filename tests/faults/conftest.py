"""A receiver, a run that is planned for it, and senders: in this process, or in processes that may be killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.drain import drain
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs
from delivery.senders.engine import Tally
from tests.delivery.factories import Cast, make_run
from tests.faults.receiver import Receiver
from tests.plugins.database import TestServices

DRAIN_SECONDS = 60.0


@pytest.fixture
def planned(committed_db: TestServices, tenant: Tenant, department: Department, now: datetime) -> Callable[..., Cast]:
    """Make a run and plan it: `planned(450)`."""

    def make(customers: int, **options: Any) -> Cast:
        cast = make_run(tenant, department, now=now, customers=customers, **options)
        assert plan_run(tenant, cast.run.pk, now=now)
        return cast

    return make


@pytest.fixture
def send_to(settings: Settings, now: datetime) -> Callable[..., Tally]:
    """Drain in this process: `send_to(receiver, cast)`; then make the rounds as beat would."""

    def send(receiver: Receiver, cast: Cast, *, connections: int = 4) -> Tally:
        settings.SMTP_PORT = receiver.port
        settings.SMTP_CONNECTIONS = connections
        tally = drain(cast.tenant, until=time.monotonic() + DRAIN_SECONDS)
        look_after_runs(cast.tenant, now=now)
        return tally

    return send


class Senders:
    """Sender processes that run until they are killed or the test ends."""

    def __init__(self, services: TestServices, receiver: Receiver, connections: int) -> None:
        self._environment = {
            **os.environ,
            **services.environment,
            "DJANGO_SETTINGS_MODULE": "connect.settings",
            "SMTP_PORT": str(receiver.port),
            "SMTP_CONNECTIONS": str(connections),
            "SENDERS_PER_TENANT": "8",
            "LOG_FORMAT": "json",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, tenant: Tenant) -> subprocess.Popen[bytes]:
        """Start one."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sender", str(tenant.pk)],
            env=self._environment,
            cwd=django_settings.BASE_DIR,
        )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill -9."""
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        self.running.remove(process)

    def stop(self) -> None:
        """Kill all that are left."""
        for process in list(self.running):
            self.kill(process)


@pytest.fixture
def senders(committed_db: TestServices) -> Iterator[Callable[..., Senders]]:
    """Prepare sender processes: `senders(receiver, connections=4)`."""
    made: list[Senders] = []

    def prepare(receiver: Receiver, *, connections: int = 4) -> Senders:
        made.append(Senders(committed_db, receiver, connections))
        return made[-1]

    yield prepare
    for each in made:
        each.stop()


def states(cast: Cast) -> Counter[str]:
    """Count a run's messages by state, seeds apart."""
    asked = Sql(
        "SELECT state, count(*) FROM delivery_message WHERE run_id = %s AND kind = 'main' GROUP BY state",
        (cast.run.pk,),
    )
    with open_tenant(cast.tenant):
        return Counter(dict(rows(asked)))


def messages(cast: Cast, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    """Read columns of a run's messages, by address."""
    asked = Sql(
        f"SELECT {columns} FROM delivery_message WHERE run_id = %s AND {where} ORDER BY address", (cast.run.pk,)
    )
    with open_tenant(cast.tenant):
        return rows(asked)


def open_chunks(cast: Cast) -> int:
    """Count the chunks that aren't closed."""
    asked = Sql(
        "SELECT count(*) FROM delivery_chunk WHERE run_id = %s AND (next_at IS NOT NULL OR lease_until IS NOT NULL)",
        (cast.run.pk,),
    )
    with open_tenant(cast.tenant):
        return int(rows(asked)[0][0])


def run_state(cast: Cast) -> str:
    """Read the run's state."""
    with open_tenant(cast.tenant):
        return str(rows(Sql("SELECT state FROM campaigns_run WHERE id = %s", (cast.run.pk,)))[0][0])


def let_leases_end(cast: Cast) -> None:
    """Let the time of all leases pass, as it does for a sender that is gone."""
    with open_tenant(cast.tenant):
        run_sql(
            Sql("UPDATE delivery_chunk SET lease_until = now() - interval '1 minute' WHERE lease_until IS NOT NULL")
        )


def let_waits_end(cast: Cast) -> None:
    """Let the time of all back-offs pass."""
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET not_before = now() - interval '1 second' WHERE state = 'queued'"))
        run_sql(Sql("UPDATE delivery_chunk SET next_at = now() - interval '1 second' WHERE next_at IS NOT NULL"))


@contextmanager
def no_doubt(cast: Cast) -> Iterator[None]:
    """Prove that a block leaves nothing in doubt."""
    yield
    assert states(cast)["in_doubt"] == 0
