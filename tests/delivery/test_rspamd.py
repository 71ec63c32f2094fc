"""rspamd, a third verifier of DKIM and offline here, accepts what we sign: its DNS is a small one of our own."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tests.delivery.test_sign import BODIES, RECORDS, SUBJECTS, composed

START_SECONDS = 20
ANSWER_SECONDS = 10
LOOK_AGAIN_SECONDS = 0.05
CHARACTERS_OF_A_STRING = 250

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
def dns_server() -> Iterator[int]:
    """Answer for the keys' records on loopback; gives the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            with suppress(OSError):  # the socket is closed: it's over
                while True:
                    asked, by = server.recvfrom(4096)
                    server.sendto(answer(asked), by)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def answer(asked: bytes) -> bytes:
    query = dns.message.from_wire(asked)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    question = query.question[0]
    record = RECORDS.get(question.name.to_text(omit_final_dot=True))
    if record and question.rdtype == dns.rdatatype.TXT:
        starts = range(0, len(record), CHARACTERS_OF_A_STRING)
        text = " ".join(f'"{record[start : start + CHARACTERS_OF_A_STRING]}"' for start in starts)
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", text))
    else:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "rspamd stayed silent"
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def symbols(port: int, content: bytes) -> set[str]:
    """Ask rspamd what it finds in a mail."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    connection.request("POST", "/checkv2", content)
    found = json.loads(connection.getresponse().read())
    connection.close()
    return {name for name in found["symbols"] if name.startswith("R_DKIM")}


def test_rspamd_accepts_every_subject_and_body(tmp_path: Path) -> None:
    with dns_server() as dns_port, rspamd(tmp_path, dns_port) as port:
        found = {
            (subject, body): symbols(port, composed(SUBJECTS[subject], BODIES[body])[1])
            for subject in SUBJECTS
            for body in BODIES
        }
        spoiled = symbols(port, composed()[1].replace(b"Subject: Hi", b"Subject: Ho", 1))

    assert found == {(subject, body): {"R_DKIM_ALLOW"} for subject in SUBJECTS for body in BODIES}
    assert spoiled == {"R_DKIM_REJECT"}
