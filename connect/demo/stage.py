"""The processes of one machine: web, workers, beat, watch and mail catcher, in our session, ended with us."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from connect.homes import Home

STOP_SECONDS = 15
START_SECONDS = 40
PROJECT = Path(__file__).resolve().parents[2]


class DidNotStart(Exception):
    """A process ended or stayed silent; the message names its log."""


@dataclass(frozen=True)
class Ports:
    """Where web and catcher listen on 127.0.0.1."""

    web: int
    smtp: int

    @property
    def base_url(self) -> str:
        """The address of the console."""
        return f"http://localhost:{self.web}"


def free_ports() -> Ports:
    """Take 8000 and 1025, or the next that are free."""
    return Ports(_free(8000), _free(1025))


def environment(ports: Ports, catcher: Path | None, smtp: tuple[str, int]) -> dict[str, str]:
    """Write the settings that the processes share."""
    shared = {"BASE_URL": ports.base_url, "SMTP_HOST": smtp[0], "SMTP_PORT": str(smtp[1])}
    return {**shared, "CATCHER_FOLDER": str(catcher)} if catcher else shared


@contextmanager
def stage(
    home: Home, ports: Ports, shared: dict[str, str], *, catcher: Path | None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep all processes running for the length of a block, then end each of them and what it forked.

    Errors: DidNotStart.
    """
    home.logs.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, **shared, "CONNECT_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "connect.celery"]
    commands = {
        "web": [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(ports.web),
                "--workers", "1", "--blocking-threads", "4", "--no-access-log", "connect.wsgi:application"],
        "worker-send": [*celery, "worker", "-Q", "send", "-c", "2", "-n", "send@%h", "-l", "WARNING"],
        "worker-work": [*celery, "worker", "-Q", "work", "-c", "1", "-n", "work@%h", "-l", "WARNING"],
        "watch": [python, "manage.py", "watch", "--senders", "2"],
        "beat": [*celery, "beat", "-l", "WARNING", "--pidfile="],
    }  # fmt: skip
    if catcher is not None:
        commands["catcher"] = [python, "-m", "connect.catcher", str(catcher), str(ports.smtp)]
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            running[name] = _launch(command, home.logs / f"{name}.log", env)
        _wait_until_up(ports, running, home, catcher=catcher is not None)
        yield list(running.values())
    finally:
        _end(list(running.values()))


def _launch(command: list[str], log: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env=env,
            process_group=0,
        )


def _wait_until_up(ports: Ports, running: dict[str, subprocess.Popen[bytes]], home: Home, *, catcher: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    waiting = {"web": ports.web, **({"catcher": ports.smtp} if catcher else {})}
    while waiting:
        for name, process in running.items():
            if process.poll() is not None:
                raise DidNotStart(f"{name} ended; see {home.logs / (name + '.log')}")
        waiting = {name: port for name, port in waiting.items() if not _answers(name, port)}
        if waiting and time.monotonic() > deadline:
            raise DidNotStart(f"{', '.join(waiting)} stayed silent; see {home.logs}")
        time.sleep(0.1 if waiting else 0)


def _answers(name: str, port: int) -> bool:
    try:
        if name == "web":
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):  # our own process
                return True
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except (URLError, OSError):
        return False


def _free(first: int) -> int:
    for port in range(first, first + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DidNotStart(f"no free port from {first} on")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    tree: list[psutil.Process] = []
    for process in processes:
        try:
            top = psutil.Process(process.pid)
            tree += [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(tree, timeout=STOP_SECONDS)
    for left in alive:
        left.kill()
    psutil.wait_procs(alive, timeout=5)
    for process in processes:
        process.wait(timeout=5)
