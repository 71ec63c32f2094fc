"""The one door to a tenant's rows: `tenant()` opens a transaction in which row-level security shows that tenant alone.

Source: docs/decisions/0001-row-level-security.md
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from connect.core.errors import NoTenant, OtherTenant

if TYPE_CHECKING:
    from connect.core.models import Tenant

P = ParamSpec("P")
T = TypeVar("T")

_open: ContextVar[int | None] = ContextVar("open_tenant", default=None)


def open_tenant_id() -> int | None:
    """Tell the id of the tenant that is open in this context, or None."""
    return _open.get()


@contextmanager
def tenant(which: "Tenant | int") -> Iterator[None]:
    """Open a transaction in which only this tenant's rows exist; inside the same tenant, a savepoint.

    Errors: OtherTenant when a different tenant is open already.
    """
    tenant_id = which if isinstance(which, int) else which.pk
    outer = _open.get()
    if outer is not None and outer != tenant_id:
        raise OtherTenant(f"tenant {tenant_id} opened inside tenant {outer}")
    if outer == tenant_id:
        with transaction.atomic():
            yield
        return
    joined = connection.in_atomic_block
    with transaction.atomic():
        _set_tenant(str(tenant_id))
        token = _open.set(tenant_id)
        try:
            yield
            if joined:
                _set_tenant("")
        finally:
            _open.reset(token)


def in_tenant(action: "Callable[Concatenate[Tenant, P], T]") -> "Callable[Concatenate[Tenant, P], T]":
    """Run an action, whose first argument is the tenant, in that tenant's transaction."""

    @wraps(action)
    def inside(which: "Tenant", /, *args: P.args, **kwargs: P.kwargs) -> T:
        with tenant(which):
            return action(which, *args, **kwargs)

    return inside


def _set_tenant(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [value])


@cache
def tenant_tables() -> frozenset[str]:
    """Name the tables that hold tenants' rows."""
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if any(field.name == "tenant" for field in model._meta.concrete_fields)
    )


@cache
def _names_tenant_table() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, tenant_tables()))) + r")\b")


def guard_connection(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Make a new connection of the app's role refuse tenant tables while no tenant is open."""
    if connection.alias == "default" and _refuse_without_tenant not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse_without_tenant)


def _refuse_without_tenant(
    execute: Callable[..., T], sql: str, params: Any, many: object, context: dict[str, Any]
) -> T:
    if _open.get() is None and isinstance(sql, str):
        found = _names_tenant_table().search(sql)
        if found:
            raise NoTenant(f"{found.group()} was asked outside tenant()")
    return execute(sql, params, many, context)
