"""A small disk for one partition, which can be full: a file system in memory, where we may mount one."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.faults.suite.lab import Case, Lab

SIZE = "24m"
FULL_SECONDS = 5.0


class Full(Exception):
    """No small disk can be had here; the message says why."""


@dataclass
class Disk:
    """A mounted folder."""

    folder: Path

    def filled(self, lab: Lab, case: Case) -> None:
        """Leave no room on it for some seconds."""
        filler = self.folder / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        time.sleep(FULL_SECONDS)
        filler.unlink()


@contextmanager
def small_disk(lab: Lab, month: date) -> Iterator[Disk]:
    """Have the month's messages on a small disk for the length of a block.

    Errors: Full where none can be mounted.
    """
    if os.geteuid() != 0 or shutil.which("mount") is None:
        raise Full("only root may mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="connect-disk-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=False).returncode:
        folder.rmdir()
        raise Full("a small file system can't be mounted")
    try:
        space = folder / "space"
        space.mkdir()
        os.chown(space, pwd.getpwnam("nobody").pw_uid, -1)
        folder.chmod(0o755)
        table = partition(lab, month)
        lab.as_superuser(f"CREATE TABLESPACE small LOCATION '{space}'", f"ALTER TABLE {table} SET TABLESPACE small")
        yield Disk(folder)
        lab.as_superuser(f"ALTER TABLE {table} SET TABLESPACE pg_default", "CHECKPOINT", "DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def partition(lab: Lab, month: date) -> str:
    """Name the month's partition of messages."""
    [(name,)] = lab.as_superuser(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'delivery_message'::regclass"
        f" AND pg_get_expr(c.relpartbound, c.oid) LIKE '%FROM (''{month}'')%'"
    )
    return str(name)
