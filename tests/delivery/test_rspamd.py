"""rspamd, a third verifier of DKIM and offline here, accepts what we sign: its DNS is a small one of our own."""

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.delivery.test_sign import BODIES, RECORDS, SUBJECTS, composed
from tests.nameserver import name_server, quoted
from tests.outside import free_port, wait_until_up

START_SECONDS = 20
ANSWER_SECONDS = 10

# Only what DKIM needs: no rules, no hyperscan, and a list of top-level domains that is read at once.
CONFIGURATION = """
options {{
  filters = "dkim"; tempdir = "{folder}"; url_tld = "{folder}/domains"; disable_hyperscan = true;
  dns {{ nameserver = ["127.0.0.1:{dns}"]; timeout = 2s; retransmits = 2; }}
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
dkim {{ check_local = true; check_authed = true; }}
"""


@contextmanager
def rspamd(folder: Path, dns_port: int) -> Iterator[int]:
    """Run rspamd in the foreground; gives its port."""
    program = shutil.which("rspamd")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI is set but rspamd (Debian's package rspamd) is not installed")
        pytest.skip("rspamd (Debian's package rspamd) is not installed")
    port = free_port()
    (folder / "domains").write_text("example\n")
    (folder / "conf").write_text(CONFIGURATION.format(folder=folder, dns=dns_port, port=port))
    process = subprocess.Popen(
        [program, "-f", "-i", "-c", folder / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_up(process, port, seconds=START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def symbols(port: int, content: bytes) -> set[str]:
    """Ask rspamd what it finds in a mail."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    connection.request("POST", "/checkv2", content)
    found = json.loads(connection.getresponse().read())
    connection.close()
    return {name for name in found["symbols"] if name.startswith("R_DKIM")}


def test_rspamd_accepts_every_subject_and_body(tmp_path: Path) -> None:
    with name_server() as names, rspamd(tmp_path, names.port) as port:
        names.zone = {f"{name}.": [quoted(record)] for name, record in RECORDS.items()}
        found = {
            (subject, body): symbols(port, composed(SUBJECTS[subject], BODIES[body])[1])
            for subject in SUBJECTS
            for body in BODIES
        }
        spoiled = symbols(port, composed()[1].replace(b"Subject: Hi", b"Subject: Ho", 1))

    assert found == {(subject, body): {"R_DKIM_ALLOW"} for subject in SUBJECTS for body in BODIES}
    assert spoiled == {"R_DKIM_REJECT"}
