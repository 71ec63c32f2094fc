"""What is said before the first message: greeting, EHLO, STARTTLS, login. Knows no socket: it says, and is answered.

Source: RFC 5321, 4.3.1 (greeting), RFC 3207 (STARTTLS: what was heard before it counts for nothing), RFC 4954 (AUTH).
"""

from base64 import b64encode
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto

from delivery.senders.replies import Reply
from delivery.senders.servers import HIDDEN, Fault, Server
from delivery.states import TlsMode

#: Answers to EHLO of servers that know only HELO.
KNOWS_NO_EHLO = frozenset({500, 502, 504, 550, 554})


class Refused(Exception):
    """The server won't have us, or we won't have it. `fault` is what its relay is blamed for."""

    def __init__(self, fault: Fault, why: str) -> None:
        self.fault = fault
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Say:
    """A line to say. `shown` is the same without secrets."""

    line: bytes
    shown: str


class Want(Enum):
    """What an opening wants other than to say something."""

    REPLY = auto()
    TLS = auto()


@dataclass
class Features:
    """What the server offers."""

    pipelining: bool = False
    smtputf8: bool = False
    starttls: bool = False
    size: int = 0
    auth: frozenset[str] = frozenset()


Opening = Generator[Say | Want, Reply, Features]


def open_session(server: Server, *, is_loopback: bool, avoid_tls: bool) -> Opening:
    """Bring a connection to where messages can go. Yields what it wants next; replies are sent in.

    `avoid_tls`: a handshake that nobody insisted on has just failed.
    Errors: Refused.
    """
    reply = yield Want.REPLY
    if reply.code != 220:
        raise Refused(_fault(reply), f"refused at greeting: {reply.text}")
    features = yield from _greet(server)
    is_secure = server.tls is TlsMode.IMPLICIT
    if server.tls is TlsMode.REQUIRED or (server.tls is TlsMode.OPPORTUNISTIC and not avoid_tls):
        is_secure = yield from _start_tls(server, features)
        if is_secure:
            features = yield from _greet(server)
    if server.user:
        if not may_tell_password(server, is_secure=is_secure, is_loopback=is_loopback):
            raise Refused(Fault.LOGIN, "the password isn't told over a connection that nobody checked")
        yield from _log_in(server, features)
    return features


def may_tell_password(server: Server, *, is_secure: bool, is_loopback: bool) -> bool:
    """Tell whether nobody else can hear the password: TLS with a certificate that was checked, or this machine."""
    return is_loopback or (is_secure and server.checks_certificate)


def _say(text: str) -> Say:
    return Say(text.encode("ascii") + b"\r\n", text)


def _fault(reply: Reply) -> Fault:
    return Fault.BUSY if reply.code == 421 else Fault.REFUSED


def _greet(server: Server) -> Generator[Say | Want, Reply, Features]:
    reply = yield _say(f"EHLO {server.name}")
    if 200 <= reply.code < 300:
        return _features(reply)
    if reply.code in KNOWS_NO_EHLO:
        reply = yield _say(f"HELO {server.name}")
        if 200 <= reply.code < 300:
            return Features()
    raise Refused(_fault(reply), f"refused at EHLO: {reply.text}")


def _features(reply: Reply) -> Features:
    found = Features()
    for line in reply.lines[1:]:
        # Some servers still write AUTH=LOGIN, as clients of the last century wanted it.
        keyword, _, rest = line[4:].strip().upper().replace("AUTH=", "AUTH ", 1).partition(" ")
        if keyword == "PIPELINING":
            found.pipelining = True
        elif keyword == "SMTPUTF8":
            found.smtputf8 = True
        elif keyword == "STARTTLS":
            found.starttls = True
        elif keyword == "AUTH":
            found.auth |= frozenset(rest.split())
        elif keyword == "SIZE" and rest.strip().isdigit():
            found.size = int(rest)
    return found


def _start_tls(server: Server, features: Features) -> Generator[Say | Want, Reply, bool]:
    if features.starttls:
        reply = yield _say("STARTTLS")
        if reply.code == 220:
            yield Want.TLS
            return True
        if server.tls is TlsMode.REQUIRED or reply.code == 421:
            raise Refused(_fault(reply), f"refused at STARTTLS: {reply.text}")
    elif server.tls is TlsMode.REQUIRED:
        raise Refused(Fault.REFUSED, "it doesn't offer TLS, which is required")
    return False


def _log_in(server: Server, features: Features) -> Generator[Say | Want, Reply, None]:
    user, password = (b64encode(text.encode()).decode("ascii") for text in (server.user, server.password))
    if "PLAIN" in features.auth:
        both = b64encode(f"\0{server.user}\0{server.password}".encode()).decode("ascii")
        reply = yield Say(f"AUTH PLAIN {both}\r\n".encode("ascii"), f"AUTH PLAIN {HIDDEN}")
    elif "LOGIN" in features.auth:
        reply = yield _say("AUTH LOGIN")
        if reply.code == 334:
            reply = yield Say(f"{user}\r\n".encode("ascii"), HIDDEN)
        if reply.code == 334:
            reply = yield Say(f"{password}\r\n".encode("ascii"), HIDDEN)
    else:
        offered = ", ".join(sorted(features.auth)) or "none"
        raise Refused(Fault.LOGIN, f"it offers no way to log in that we know (PLAIN, LOGIN); it offers {offered}")
    if reply.code != 235:
        fault = Fault.LOGIN if reply.code >= 500 or reply.code < 400 else _fault(reply)
        said = Reply(reply.code, tuple(map(server.hide, reply.lines)))
        raise Refused(fault, f"refused at AUTH: {said.text}")
