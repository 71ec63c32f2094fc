"""The processes of a real installation, without the web: Celery's workers and beats, and the watch, ended by id."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from connect.homes import Home

STOP_SECONDS = 60
PROJECT = Path(__file__).resolve().parents[3]


class Stack:
    """One worker for sending (two processes), one for everything else, beats, the watch. A context manager."""

    def __init__(
        self,
        home: Home,
        port: int,
        *,
        connections: int = 8,
        beats: int = 1,
        watches: int = 1,
        queues: tuple[str, str] = ("send", "work"),
        **settings: object,
    ) -> None:
        self.home = home
        self.names = ["send", "work", *[f"beat{number}" for number in range(beats)], *["watch"] * watches]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._queues = dict(zip(("send", "work"), queues, strict=True))
        self._environment = {
            **os.environ,
            "SMTP_PORT": str(port),
            "SMTP_CONNECTIONS": str(connections),
            "LOG_FORMAT": "json",
            **{name: str(value) for name, value in settings.items()},
        }

    def start(self, name: str) -> None:
        """Start one of them."""
        celery = [sys.executable, "-m", "celery", "-A", "connect.celery"]
        if name.startswith("beat"):
            schedule = self.home.root / f"schedule-{name}"
            command = [*celery, "beat", "-l", "WARNING", "--pidfile=", "-s", str(schedule)]
        elif name == "watch":
            command = [sys.executable, "manage.py", "watch", "--senders", "2"]
        else:
            size = "2" if name == "send" else "1"
            command = [*celery, "worker", "-Q", self._queues[name], "-c", size, "-n", f"{name}@%h", "-l", "WARNING"]
        with (self.home.logs / f"stack-{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=PROJECT, env=self._environment
            )

    def kill(self, *names: str) -> None:
        """Kill -9, with everything that they forked."""
        tree = [process for name in names for process in family(self.running.pop(name).pid)]
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(tree, timeout=10)

    def restart(self, name: str) -> None:
        """Tell it to end as a deploy does, wait for it, and start it again."""
        process = self.running.pop(name)
        tree = family(process.pid)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for left in psutil.wait_procs(tree, timeout=1)[1]:
            left.kill()
        self.start(name)

    def lives(self) -> bool:
        """Tell whether all of them still run."""
        return all(process.poll() is None for process in self.running.values())

    def __enter__(self) -> "Stack":
        for name in self.names:
            self.start(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill(*list(self.running))


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty where it has gone."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        return [*top.children(recursive=True), top]
    return []
