"""Runs of the whole product into smtp-sink: Celery's processes, PostgreSQL, all promises kept."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
from django.conf import settings
from django.db.models import Count

from campaigns.models import Run
from campaigns.states import RunState
from connect.core.tenancy import tenant as open_tenant
from connect.demo import stage
from connect.embedded import SUPERUSER
from connect.homes import DATABASE
from delivery.models import Message
from delivery.states import MessageState
from tests.bench import cast, load
from tests.bench.cast import Furnished
from tests.bench.postfix import Sink, sink

CONNECTIONS = 16
SENDER = "send@"


@dataclass(frozen=True)
class Cpu:
    """CPU seconds: of the sender processes, PostgreSQL, the product's other processes, the sink, the whole machine."""

    senders: float
    postgres: float
    rest: float
    sink: float
    machine: float

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(
            self.senders - before.senders,
            self.postgres - before.postgres,
            self.rest - before.rest,
            self.sink - before.sink,
            self.machine - before.machine,
        )

    @property
    def product(self) -> float:
        """Everything but the sink."""
        return self.senders + self.postgres + self.rest

    @property
    def others(self) -> float:
        """What somebody else's processes used."""
        return max(0.0, self.machine - self.product - self.sink)


@dataclass(frozen=True)
class Stage:
    """The product's processes, and where they hand over."""

    sink: Sink
    pids: list[int]

    def cpu_seconds(self) -> "Cpu":
        """Sum the CPU time of the product and of the sink."""
        senders = self._senders()
        return Cpu(
            senders=load.tree_cpu_seconds(senders),
            postgres=load.tree_cpu_seconds(_postmaster()),
            rest=load.tree_cpu_seconds(self.pids) - load.tree_cpu_seconds(senders),
            sink=self.sink.cpu_seconds(),
            machine=load.machine_cpu_seconds(),
        )

    def peak_octets(self) -> int:
        """Read the most memory that one sender ever had."""
        return max((_peak(pid) for pid in self._senders()), default=0)

    def _senders(self) -> list[int]:
        found = []
        for pid in self.pids:
            process = psutil.Process(pid)
            if any(word.startswith(SENDER) for word in process.cmdline()):
                found += [child.pid for child in process.children()]
        return found


@contextmanager
def staged() -> Iterator[Stage]:
    """Keep the product running for the length of a block."""
    ports = stage.free_ports()
    with sink() as receiver:
        shared = stage.environment(ports, None, ("127.0.0.1", receiver.port))
        # The worker may have more allowed by its environment; the bench has not.
        shared |= {"SMTP_CONNECTIONS": str(CONNECTIONS), "SENDERS_PER_TENANT": "2"}
        with stage.stage(settings.HOME, ports, shared, catcher=None) as running:
            yield Stage(receiver, [process.pid for process in running])


@dataclass(frozen=True)
class Sent:
    """One run, from the end of its planning to its own end."""

    accepted: int
    seconds: float
    cpu: Cpu

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.accepted / self.seconds

    @property
    def others(self) -> float:
        """How many cores somebody else used meanwhile."""
        return self.cpu.others / self.seconds

    def micro(self) -> str:
        """Write where the CPU time of a message went."""
        parts = {
            "senders": self.cpu.senders,
            "PostgreSQL": self.cpu.postgres,
            "other processes": self.cpu.rest,
            "sink": self.cpu.sink,
        }
        return ", ".join(f"{name} {spent / self.accepted * 1e6:.0f}" for name, spent in parts.items())


def send(on: Stage, furnished: Furnished, name: str) -> Sent:
    """Launch a campaign and wait until its run is finished. Only the sending counts."""
    campaign = cast.draft(furnished, name)
    cast.launch(furnished, campaign)
    cast.wait_for(furnished, campaign, RunState.SENDING, RunState.FINISHED)
    began, before = datetime.now(UTC), on.cpu_seconds()
    run = cast.wait_for(furnished, campaign, RunState.FINISHED)
    used = on.cpu_seconds() - before
    assert run.finished_at is not None
    return Sent(_accepted(furnished, run), (run.finished_at - began).total_seconds(), used)


def _accepted(furnished: Furnished, run: Run) -> int:
    """Count what was accepted; a run in which anything else became of a message measures something else."""
    tenant = furnished.cast.tenant
    with open_tenant(tenant):
        found = Message.objects.of(tenant).filter(month=run.month, run_id=run.pk)
        states = dict(found.values_list("state").annotate(Count("pk")))
    if set(states) != {MessageState.ACCEPTED}:
        raise cast.DidNotFinish(f"not everything was accepted: {states}")
    return sum(states.values())


def rest() -> None:
    """Let what the last run left (autovacuum, log flushes) come to an end before the next one, for a while."""
    time.sleep(1.0)


def settle() -> None:
    """Vacuum and analyse what the making of customers left, so that no run pays for it."""
    if settings.IS_EMBEDDED:
        with psycopg.connect(
            host=str(settings.HOME.sockets), user=SUPERUSER, dbname=DATABASE, autocommit=True
        ) as server:
            server.execute("VACUUM (ANALYZE)")
            server.execute("CHECKPOINT")


def _postmaster() -> list[int]:
    if not settings.IS_EMBEDDED:
        return []
    lines = (settings.HOME.postgres / "postmaster.pid").read_text().splitlines()
    return [int(lines[0])]


def _peak(pid: int) -> int:
    for line in (Path("/proc") / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
