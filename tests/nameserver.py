"""A small DNS server of our own on loopback: TXT records from a table."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


class NameServer:
    """Answers TXT questions over UDP from a table; a name that isn't there doesn't exist."""

    def __init__(self) -> None:
        self.zone: dict[str, list[str]] = {}
        self.rcode = dns.rcode.NXDOMAIN
        self.silent = False
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = ["127.0.0.1"]
        self.resolver.port = self.port

    def serve(self) -> None:
        while True:
            wire, where = self.socket.recvfrom(4096)
            if not wire:
                return
            question = dns.message.from_wire(wire)
            name = question.question[0].name.to_text()
            self.asked.append(name)
            if self.silent:
                continue
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            texts = self.zone.get(name)
            if texts is None:
                answer.set_rcode(self.rcode)
            elif texts:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
            self.socket.sendto(answer.to_wire(), where)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Have one answer for the length of a block."""
    one = NameServer()
    thread = threading.Thread(target=one.serve, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.socket.sendto(b"", one.socket.getsockname())
        thread.join(5)
        one.socket.close()


def quoted(record: str) -> str:
    """One string of a TXT record holds at most 255 octets (RFC 1035, 3.3)."""
    return " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255))
