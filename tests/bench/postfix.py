"""smtp-sink and smtp-source, of Debian's package postfix: the receiver of every run, and the fastest sender."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from tests.outside import free_port, wait_until_up

SINK, SOURCE = "smtp-sink", "smtp-source"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
START_SECONDS = 5
SOURCE_SECONDS = 120
SESSIONS = 16


def missing() -> str:
    """Say which program isn't installed; "" where both are."""
    return next((f"{name} isn't installed (package postfix)" for name in (SINK, SOURCE) if not _found(name)), "")


def _found(name: str) -> str | None:
    return shutil.which(name, path=PATH)


@dataclass(frozen=True)
class Sink:
    """A running smtp-sink."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Read how long it has worked."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def sink() -> Iterator[Sink]:
    """Keep a smtp-sink running on a free port of 127.0.0.1. It throws all mail away."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [_found(SINK) or SINK, *user, f"127.0.0.1:{port}", "512"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_up(process, port, seconds=START_SECONDS)
        yield Sink(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


@dataclass(frozen=True)
class Handing:
    """CPU seconds that one message costs the fastest sender, and the sink."""

    source: float
    sink: float


def hand_over(receiver: Sink, *, messages: int, octets: int) -> Handing:
    """Let smtp-source hand over messages of a size on the wire, in sessions that it keeps."""
    command = [
        *(_found(SOURCE) or SOURCE, "-d", "-s", str(SESSIONS), "-m", str(messages), "-l", str(octets)),
        *("-f", "bench@source.example", "-t", "reader@inbox.example", f"127.0.0.1:{receiver.port}"),
    ]
    before = receiver.cpu_seconds()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SOURCE_SECONDS
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{SOURCE} ended with {process.returncode}")
    return Handing((used.ru_utime + used.ru_stime) / messages, (receiver.cpu_seconds() - before) / messages)
