"""The next hop as a connection needs to know it, and what may go wrong with one."""

import ipaddress
from base64 import b64encode
from dataclasses import dataclass, field
from enum import Enum, auto

from delivery.states import TlsMode

#: What stands in for a secret wherever people or logs could read it.
HIDDEN = "•••"


@dataclass(frozen=True)
class Server:
    """The next hop, how we greet it, how we secure the way, and how long we wait for its answers.

    `number` names a tenant's relay, as it was saved at `version`; 0 is the installation's. `connections` and `messages`
    (a connection) are its limits, 0 for none. `private`: it may have an address that the internet doesn't know.
    Units: seconds. `final_seconds` is for the reply to the final dot (RFC 5321, 4.5.3.2.6: at least 600).
    """

    host: str
    port: int
    name: str
    connect_seconds: float = 30
    reply_seconds: float = 300
    final_seconds: float = 600
    tls: TlsMode = TlsMode.OPPORTUNISTIC
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    number: int = 0
    version: int = 0
    connections: int = 0
    messages: int = 0
    private: bool = True

    @property
    def checks_certificate(self) -> bool:
        """Whether nobody but the relay itself can be at the other end."""
        return self.tls in {TlsMode.REQUIRED, TlsMode.IMPLICIT}

    def hide(self, text: str) -> str:
        """Take the password out of what a server said, in whatever form it may have said it back."""
        if self.password:
            for secret in self._secrets():
                text = text.replace(secret, HIDDEN)
        return text

    def _secrets(self) -> list[str]:
        plain = f"\0{self.user}\0{self.password}"
        forms = [self.password, *(b64encode(text.encode()).decode("ascii") for text in (plain, self.password))]
        return sorted({form for form in forms if form}, key=len, reverse=True)


class Fault(Enum):
    """Why a connection ended, as far as its relay is to blame."""

    NONE = auto()
    UNREACHABLE = auto()
    REFUSED = auto()
    LOGIN = auto()
    BUSY = auto()
    BROKE = auto()


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is this machine's own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
