"""Where a relay's name leads: looked up beside the loop, kept for some seconds, and checked before anybody connects.

A connection goes to an address that was checked here, never to a name: what a name says next doesn't matter any more.
"""

import ipaddress
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

from delivery.senders.servers import Server

KEPT_SECONDS = 30.0
#: A name that leads nowhere is asked again after so long.
FAILED_SECONDS = 2.0
#: How long a lookup may hold up the loop; a slower one goes on beside it.
PATIENCE_SECONDS = 0.02

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: Where clouds tell a machine its secrets: no relay is there, whoever says so.
_METADATA = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NoAddress(Exception):
    """The name leads nowhere, or nowhere it may; the message says which."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a server, as a socket takes it."""

    family: int
    target: Any

    @property
    def ip(self) -> str:
        """The IP address alone."""
        return str(self.target[0])


@dataclass
class _Entry:
    until: float = 0.0
    found: list[Address] = field(default_factory=list)
    why: str = ""
    asking: threading.Event | None = None


class Names:
    """Remembers where names lead. One for a process; used from one thread."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, int], _Entry] = {}

    def addresses(self, server: Server, now: float) -> list[Address] | None:
        """List the addresses that a server may be reached at, the one that worked last first.

        Shape: None while they are being looked up; what is out of date is good until there is something new.
        Errors: NoAddress.
        """
        entry = self._entries.setdefault((server.host, server.port), _Entry())
        if now >= entry.until and (entry.asking is None or entry.asking.is_set()):
            self._ask(server, entry, now)
        if not entry.found and not entry.why:
            return None
        return allowed(server, entry.found, entry.why)

    def prefer(self, server: Server, address: Address) -> None:
        """Try an address first from now on: it worked."""
        entry = self._entries.get((server.host, server.port))
        if entry and address in entry.found and entry.found[0] != address:
            entry.found = [address, *(other for other in entry.found if other != address)]

    def _ask(self, server: Server, entry: _Entry, now: float) -> None:
        entry.asking = threading.Event()
        entry.until = now + FAILED_SECONDS  # until the answer is there
        thread = threading.Thread(
            target=_look_up, args=(server, entry, entry.asking, now), name="name lookup", daemon=True
        )
        thread.start()
        entry.asking.wait(PATIENCE_SECONDS)


def allowed(server: Server, found: list[Address], why: str = "") -> list[Address]:
    """Keep the addresses to which a relay may lead.

    Errors: NoAddress.
    """
    if not found:
        raise NoAddress(why)
    kept = [address for address in found if may_lead_to(address.ip, private=server.private)]
    if not kept:
        raise NoAddress(f"{server.host} leads to {found[0].ip}, where no relay may be")
    return kept


def look_up(server: Server) -> list[Address]:
    """Look up all addresses of a server, waiting for the answer.

    Errors: NoAddress.
    """
    try:
        answers = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAddress(f"{server.host} has no address: {getattr(error, 'strerror', None) or error}") from error
    found = [Address(int(family), target) for family, _kind, _protocol, _name, target in answers]
    return list(dict.fromkeys(found))


def may_lead_to(ip: str, *, private: bool) -> bool:
    """Tell whether a relay may be at an address.

    Never where machines tell their secrets (link-local, metadata) and never at all addresses at once; at one that only
    the own network knows, loopback included, where `private` says so. An address inside another one counts as itself.
    """
    address = _innermost(ipaddress.ip_address(ip.partition("%")[0]))
    if address.is_link_local or address.is_unspecified or address.is_multicast or address in _METADATA:
        return False
    return private or address.is_global


def _innermost(address: IpAddress) -> IpAddress:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def _look_up(server: Server, entry: _Entry, done: threading.Event, now: float) -> None:
    try:
        found, why, kept = look_up(server), "", KEPT_SECONDS
    except NoAddress as error:
        found, why, kept = [], str(error), FAILED_SECONDS
    if found or not entry.found:
        entry.found, entry.why = found, why
    entry.until = now + kept
    done.set()
