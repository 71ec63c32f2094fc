"""TLS without a socket: octets that came in go in, octets to go out come out, so that nothing here can wait.

Source: RFC 3207 (STARTTLS), RFC 8314 (implicit TLS, and TLS 1.2 as the least).
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

#: What one read takes out of the records that have come.
READ_OCTETS = 65536


class TlsFailed(Exception):
    """No secure way came about, or it broke; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Secured:
    """What a handshake came to. `checked`: the certificate holds for the server's name."""

    version: str
    cipher: str
    checked: bool


class Tls:
    """One conversation, as the client."""

    def __init__(self, host: str, *, checked: bool, ca_file: str = "") -> None:
        self._checked = checked
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = _context(checked, ca_file).wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.secured: Secured | None = None

    def shake(self, octets: bytes = b"") -> bool:
        """Go on with the handshake; tell whether it is done. What is to go out waits in `take`.

        Errors: TlsFailed.
        """
        self._incoming.write(octets)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLError, OSError, ValueError) as error:
            raise TlsFailed(_why(error)) from error
        cipher = self._object.cipher()
        self.secured = Secured(self._object.version() or "", cipher[0] if cipher else "", self._checked)
        return True

    def opened(self, octets: bytes = b"") -> bytes:
        """Decrypt what came in; "" where no record is complete yet.

        Errors: TlsFailed, also where the other side said that it ends.
        """
        self._incoming.write(octets)
        found = []
        try:
            while more := self._object.read(READ_OCTETS):
                found.append(more)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError as error:
            if not found:
                raise TlsFailed("server closed the connection") from error
        except (ssl.SSLError, OSError) as error:
            raise TlsFailed(_why(error)) from error
        return b"".join(found)

    def sealed(self, pieces: Sequence[bytes]) -> bytes:
        """Encrypt what is to go out.

        Errors: TlsFailed.
        """
        try:
            self._object.write(b"".join(pieces))
        except (ssl.SSLError, OSError) as error:
            raise TlsFailed(_why(error)) from error
        return self.take()

    def take(self) -> bytes:
        """Hand out what waits to go out: a piece of the handshake, an answer to a new key."""
        return self._outgoing.read()


@cache
def _context(checked: bool, ca_file: str) -> ssl.SSLContext:  # noqa: FBT001 - a key of the cache
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        made.load_verify_locations(ca_file)
    if not checked:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate isn't good: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(error)
