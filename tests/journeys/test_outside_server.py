"""The sample campaign through somebody else's mail server: each planned address gets one copy, and nobody else any.

The judge is what Postfix's `smtp-sink` wrote to disk, held against the people of the file, not against our tables.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connect.demo.build import SEEDS
from connect.demo.people import expect, people
from tests.outside import free_port, wait_until_up

CUSTOMERS = 400
PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 10
DEMO_SECONDS = 240


@contextmanager
def sink(folder: Path) -> Iterator[int]:
    """Run smtp-sink, each message in a file of its own; gives its port."""
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    if not Path(program).exists():
        if os.environ.get("CI"):
            pytest.fail("CI is set but smtp-sink (Debian's package postfix) is not installed")
        pytest.skip("smtp-sink (Debian's package postfix) is not installed")
    port = free_port()
    user = ["-u", "root"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, "-d", f"{folder}/mail.", f"127.0.0.1:{port}", "100"], cwd=folder)
    try:
        wait_until_up(process, port, seconds=START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def received(folder: Path) -> Counter[str]:
    """Count copies by envelope recipient."""
    found: Counter[str] = Counter()
    for file in folder.glob("mail.*"):
        match = re.search(rb"^X-Rcpt-Args: <(.+)>", file.read_bytes(), re.MULTILINE)
        assert match, file
        found[match[1].decode()] += 1
    return found


def test_each_planned_address_gets_one_copy_and_nobody_else_any(tmp_path: Path) -> None:
    mails = tmp_path / "mails"
    mails.mkdir()
    command = [sys.executable, "manage.py", "demo", "--once", f"--customers={CUSTOMERS}"]
    with sink(mails) as port:
        done = subprocess.run(
            [*command, f"--smtp=127.0.0.1:{port}"],
            cwd=PROJECT,
            env={**os.environ, "CONNECT_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "connect.settings"},
            capture_output=True,
            text=True,
            timeout=DEMO_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    expected = expect(list(people(CUSTOMERS)))
    assert result["differences"] == []
    assert result["states"] == {"accepted": len(expected.addresses)}
    seeds = dict.fromkeys(SEEDS, len(expected.cells))
    assert received(mails) == Counter({**dict.fromkeys(expected.addresses, 1), **seeds})
