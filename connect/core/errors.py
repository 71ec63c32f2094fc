"""The one tree of errors that Connect raises; `web.py` turns them into status codes."""

from collections.abc import Mapping
from typing import Any


class ConnectError(Exception):
    """Anything that Connect itself refuses or fails at."""


class Invalid(ConnectError):
    """What was asked for can't be stored: 422, each field named.

    Shape: `fields` maps a field's name to the sentences that say what is wrong with it; `""` is the whole form.
    """

    def __init__(self, fields: Mapping[str, str | list[str]]) -> None:
        self.fields: dict[str, list[str]] = {
            name: [says] if isinstance(says, str) else list(says) for name, says in fields.items()
        }
        super().__init__("; ".join(f"{name}: {' '.join(says)}" for name, says in self.fields.items()))


class Conflict(ConnectError):
    """The thing isn't in a condition that allows this: 409."""


class WrongState(Conflict):
    """A move that the drawn table of states doesn't hold, or that somebody else made first."""


class StaleVersion(Conflict):
    """Somebody saved this thing after it was opened. `current` is the thing as it stands now."""

    def __init__(self, current: Any) -> None:
        self.current = current
        super().__init__("Changed by somebody else since it was opened.")


class Forbidden(ConnectError):
    """The member's roles don't allow this: 403, with the reason said."""


class TenancyError(ConnectError):
    """A bug of ours: a query without a tenant, or two tenants at once. Never shown, always 500."""


class NoTenant(TenancyError):
    """A tenant's table was asked outside `tenant()`."""


class OtherTenant(TenancyError):
    """`tenant()` was opened inside another tenant's."""


class Retryable(ConnectError):
    """The other side may say yes later."""


class Terminal(ConnectError):
    """Asking again can't help."""
