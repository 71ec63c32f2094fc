"""Sender processes of the suite: forked by a nursery, ended by their ids."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from connect.core.models import Tenant
from connect.homes import Home
from tests.faults.receiver import wait_until
from tests.faults.suite.sink import Sink

START_SECONDS = 60.0


@dataclass(frozen=True)
class Sender:
    """One process: its id, and the name by which it greets receivers."""

    pid: int
    name: str

    @property
    def lives(self) -> bool:
        """Tell whether it still runs."""
        with suppress(psutil.Error):
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        return False

    def kill(self) -> None:
        """Kill -9, and wait until it has gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.wait_gone()

    def wait_gone(self, seconds: float = 30.0) -> None:
        """Wait until it has ended."""
        wait_until(lambda: not self.lives, seconds)


class Senders:
    """A nursery and its children. Use it as a context manager."""

    def __init__(self, home: Home) -> None:
        self._log = (home.logs / "senders.log").open("ab")
        self._count = 0
        self.children: list[Sender] = []
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.suite.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "LOG_FORMAT": "json"},
            cwd=Path(__file__).resolve().parents[3],
        )
        assert self._read() == "ready"

    def start(
        self,
        receiver: Sink,
        *tenants: Tenant,
        connections: int = 8,
        stop: str = "",
        shift: float = 0.0,
        session: Mapping[str, str] | None = None,
        task: tuple[str, list[int]] | None = None,
        **options: Any,
    ) -> Sender:
        """Start one that drains these tenants for ever, or does one task, with other settings by keyword.

        `stop` names a point at which it kills itself (`stops.py`), `shift` moves its clock by seconds, `session`
        changes settings of its PostgreSQL connections.
        """
        self._count += 1
        name = f"sender{self._count}.example"
        settings = {
            "SMTP_PORT": receiver.port,
            "SMTP_CONNECTIONS": connections,
            "SMTP_NAME": name,
            "SENDERS_PER_TENANT": 8,
            **options,
        }
        order = {"tenants": [tenant.pk for tenant in tenants], "settings": settings, "stop": stop, "shift": shift}
        order |= {"session": dict(session or {}), "task": task}
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        sender = Sender(int(self._read()), name)
        self.children.append(sender)
        return sender

    def _read(self) -> str:
        assert self._nursery.stdout is not None
        line = self._nursery.stdout.readline().strip()
        assert line, "the nursery has ended; see senders.log"
        return line

    def stop(self, senders: Sequence[Sender] | None = None) -> None:
        """Kill those, or all."""
        for sender in list(self.children if senders is None else senders):
            sender.kill()
            self.children.remove(sender)

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        self._nursery.wait(10)
        self._log.close()


def pause(seconds: float) -> None:
    """Let real time pass: what the suite is about happens in it."""
    time.sleep(seconds)
