"""What is read over all tenants, by functions of the database that see them all: for metrics and readiness."""

from dataclasses import dataclass

from connect.core.sql import Sql, rows


@dataclass(frozen=True)
class Figure:
    """One number of one tenant and receiver: `what` names it, `tenant` is a public id, `lane` a receiver or ""."""

    tenant: str
    lane: str
    what: str
    value: float


@dataclass(frozen=True)
class Stalled:
    """Tenants for whom something is due, may go, and nothing has come to an end for long; since when, at most."""

    tenants: int
    seconds: float


def figures() -> list[Figure]:
    """Read the figures of every tenant; what is zero is left out."""
    found = rows(Sql("SELECT tenant::text, lane, what, value FROM delivery_figures() ORDER BY 1, 2, 3"))
    return [Figure(*row) for row in found]


def stalled(seconds: int) -> Stalled:
    """Tell for whom nothing has moved for so many seconds although something is due."""
    [(tenants, longest)] = rows(Sql("SELECT tenants, seconds FROM delivery_stalled(%s)", (seconds,)))
    return Stalled(tenants, longest)
