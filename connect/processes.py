"""Find a server's program, start it as a child process and end it, whoever started it."""

import os
import pwd
import signal
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

STOP_TIMEOUT_SECONDS = 30
LOOK_AGAIN_SECONDS = 0.05
LOG_BYTES = 10 * 1024 * 1024


class CannotStart(Exception):
    """A server didn't come up; the message ends with what it printed last."""


def inside(package: str, pattern: str) -> Path:
    """Find a program inside a package without importing it: both packages do more on import than we want."""
    spec = find_spec(package)
    found = [path for folder in (spec and spec.submodule_search_locations) or [] for path in Path(folder).glob(pattern)]
    if not found:
        raise ImportError(f"{package} is not installed: the embedded servers come with requirements-dev.txt")
    return found[0]


def end(process: psutil.Process, polite: signal.Signals) -> None:
    """Ask a process to stop, and make it and its children stop where it doesn't within the time."""
    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        process.send_signal(polite)
        if wait_gone([process], STOP_TIMEOUT_SECONDS):
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
        wait_gone(family, STOP_TIMEOUT_SECONDS)


def wait_gone(processes: list[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Wait until processes have gone; list those that haven't."""
    deadline = time.monotonic() + timeout_seconds
    left = processes
    while left and time.monotonic() < deadline:
        left = [process for process in left if lives(process)]
        if left:
            time.sleep(LOOK_AGAIN_SECONDS)
    return left


def lives(process: psutil.Process) -> bool:
    """Tell whether a process runs. A zombie doesn't: its parent, perhaps another process of ours, hasn't looked yet."""
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def launch(command: list[str], log: Path, user: int | None = None) -> subprocess.Popen[bytes]:
    """Start a program in our session and a process group of its own, printing to a log, perhaps as another user."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_suffix(".log.1"))
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            process_group=0,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
            user=user,
            group=None if user is None else pwd.getpwuid(user).pw_gid,
            extra_groups=None if user is None else [],
        )


def failure(what: str, log: Path) -> CannotStart:
    """Make the error for a program that didn't come up, with its last words."""
    last = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return CannotStart("\n".join([f"{what} did not start; {log} ends with:", *last]))
