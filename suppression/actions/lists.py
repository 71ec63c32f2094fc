"""Suppression lists: make, change, delete, and the one that is made by itself."""

from datetime import datetime

from connect.core.models import Tenant
from connect.core.tenancy import in_tenant
from suppression.models import SuppressionList
from suppression.states import Scope

AUTOMATIC_NAME = "Bounces and complaints"


@in_tenant
def do_ensure_automatic_list(tenant: Tenant, *, now: datetime) -> SuppressionList:
    """Get the list to which bounces and complaints are written, making it the first time it is needed."""
    values = {
        "name": _free_name(tenant, AUTOMATIC_NAME),
        "scope": Scope.TENANT,
        "created_at": now,
        "updated_at": now,
    }
    return SuppressionList.objects.get_or_create(tenant=tenant, automatic=True, defaults=values)[0]


def _free_name(tenant: Tenant, name: str) -> str:
    taken = set(SuppressionList.objects.of(tenant).filter(name__startswith=name).values_list("name", flat=True))
    return next(free for free in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if free not in taken)
