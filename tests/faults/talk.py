"""One connection by itself, handed the letters of a test one after the other."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

from delivery.senders.letters import Job, Letter
from delivery.senders.names import look_up
from delivery.senders.replies import Outcome
from delivery.senders.servers import Server
from delivery.senders.session import Phase
from delivery.senders.smtp import Connection

LONGEST_SECONDS = 20.0
CONTENT = b"Subject: x\r\n\r\nx\r\n"


def letter(recipient: str, sender: str = "us@northwind.example") -> Letter:
    """Write a letter that nobody claimed."""
    return Letter(cast(Job, None), sender.encode(), recipient.encode(), (CONTENT,))


class Talk:
    """Hands over letters and keeps what became of each."""

    def __init__(self, letters: Sequence[Letter]) -> None:
        self.waiting = deque(letters)
        self.outcomes: list[Outcome] = []
        self.why = ""
        self._selector = selectors.DefaultSelector()

    def run(self, server: Server) -> list[Outcome]:
        """Talk until every letter is settled or the connection is gone."""
        connection = Connection(server, self, time.monotonic(), look_up(server))
        self._selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        deadline = time.monotonic() + LONGEST_SECONDS
        while connection.phase is not Phase.CLOSED:
            assert time.monotonic() < deadline, "waited in vain"
            for _key, mask in self._selector.select(0.05):
                readable, writable = bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)
                connection.on_ready(time.monotonic(), readable=readable, writable=writable)
            connection.check_time(time.monotonic())
        self._selector.close()
        return self.outcomes

    def idle(self, connection: Connection) -> None:
        if self.waiting:
            connection.hand_over(self.waiting.popleft(), time.monotonic())
        else:
            connection.quit()

    def settled(self, connection: Connection, letter: Letter, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def closed(self, connection: Connection, why: str) -> None:
        self.why = why
        self._selector.unregister(connection.socket)

    def interest(self, connection: Connection, *, write: bool) -> None:
        self._selector.modify(connection.socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0))

    def moved(self, connection: Connection, before: socket.socket) -> None:
        self._selector.unregister(before)
        self._selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)


def server_at(port: int, **words: Any) -> Server:
    """A server on this machine."""
    return Server("127.0.0.1", port, "us.example", **words)
