"""Relays for tests, and what is written down about them."""

from datetime import datetime
from typing import Any

from connect.core.models import Member, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.relays import RelayFields, add_relay
from delivery.models import Relay
from delivery.states import TlsMode


def fields(**words: Any) -> RelayFields:
    """Write about a relay on this machine."""
    return RelayFields(**{"name": "First", "host": "127.0.0.1", "port": 2525, "tls": TlsMode.OPPORTUNISTIC, **words})


def a_relay(tenant: Tenant, *, now: datetime, by: Member | None = None, **words: Any) -> Relay:
    """Add one."""
    return add_relay(tenant, fields(**words), by=by, now=now)


def relays(tenant: Tenant, *columns: str) -> list[tuple[Any, ...]]:
    """Read columns of a tenant's relays, by name."""
    with open_tenant(tenant):
        return list(Relay.objects.of(tenant).order_by("name").values_list(*columns))


def set_aside(tenant: Tenant, name: str, seconds: float, *, failures: int = 1) -> None:
    """Write down that a relay failed and is set aside, or that its time is over."""
    asked = "UPDATE delivery_relay SET failures = %s, away_until = now() + make_interval(secs => %s) WHERE name = %s"
    with open_tenant(tenant):
        run_sql(Sql(asked, (failures, seconds, name)))
