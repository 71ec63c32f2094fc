"""Try a server as a sender would, up to where messages could go, and write down what was said. No message goes."""

import selectors
import socket
import time
from dataclasses import dataclass, field

from delivery.senders.letters import Letter
from delivery.senders.names import Names, NoAddress
from delivery.senders.replies import Outcome
from delivery.senders.servers import Server
from delivery.senders.session import Phase
from delivery.senders.smtp import Connection

TRIAL_SECONDS = 15.0
LOOK_SECONDS = 0.05
MARKS = {"in": "<", "out": ">", "info": "*"}
LINE_CHARACTERS = 300
MOST_LINES = 200


@dataclass
class Trial:
    """How it went. `lines` begin with < for what the server said, > for what we did, * for what happened."""

    passed: bool = False
    tls: str = ""
    lines: list[str] = field(default_factory=list)

    def hear(self, direction: str, words: str) -> None:
        """Write down what was said."""
        for line in words.split("\n"):
            shown = "".join(sign if sign.isprintable() else "·" for sign in line[:LINE_CHARACTERS])
            if len(self.lines) < MOST_LINES:
                self.lines.append(f"{MARKS[direction]} {shown}")


class _Watcher:
    """Owns the one connection."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.selector = selectors.DefaultSelector()

    def idle(self, connection: Connection) -> None:
        secured = connection.secured
        self.trial.passed = True
        self.trial.tls = f"{secured.version} {secured.cipher}" if secured else ""
        connection.quit()

    def settled(self, connection: Connection, letter: Letter, outcome: Outcome) -> None:
        raise AssertionError("nothing was handed over")

    def closed(self, connection: Connection, why: str) -> None:
        self.selector.unregister(connection.socket)
        if why:
            self.trial.hear("info", why)

    def interest(self, connection: Connection, *, write: bool) -> None:
        mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        self.selector.modify(connection.socket, mask)

    def moved(self, connection: Connection, before: socket.socket) -> None:
        self.selector.unregister(before)
        self.selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)


def try_server(server: Server, *, seconds: float = TRIAL_SECONDS) -> Trial:
    """Connect, greet, secure the way, log in and say goodbye, within a time limit."""
    trial = Trial()
    deadline = time.monotonic() + seconds
    watcher = _Watcher(trial)
    try:
        connection = _connect(server, watcher, deadline)
    except (NoAddress, OSError) as error:
        trial.hear("info", str(error))
        return trial
    watcher.selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
    while connection.phase is not Phase.CLOSED:
        for _key, mask in watcher.selector.select(LOOK_SECONDS):
            readable, writable = bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)
            connection.on_ready(time.monotonic(), readable=readable, writable=writable)
        connection.check_time(time.monotonic())
        if time.monotonic() > deadline:
            connection.break_off("no answer in time")
    watcher.selector.close()
    return trial


def _connect(server: Server, watcher: _Watcher, deadline: float) -> Connection:
    names = Names()
    while time.monotonic() < deadline:
        addresses = names.addresses(server, time.monotonic())
        if addresses:
            return Connection(server, watcher, time.monotonic(), addresses, watcher.trial.hear)
        time.sleep(LOOK_SECONDS)
    raise NoAddress(f"{server.host}: no answer from the name servers in time")
