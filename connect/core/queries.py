"""Query sets that every app's own build on: by tenant, by role, by state, by version."""

import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.db.models import F

from connect.core.errors import StaleVersion, WrongState
from connect.core.roles import Role
from connect.core.states import State

if TYPE_CHECKING:
    from connect.core.models import Member, Tenant

M = TypeVar("M", bound=models.Model)


class TenantQuerySet(models.QuerySet[M]):
    """Rows of one tenant; row-level security says the same again."""

    def of(self, tenant: "Tenant") -> Self:
        """Keep the rows of this tenant."""
        return self.filter(tenant=tenant)

    def public(self, public_id: uuid.UUID) -> M:
        """Get the one row with this public id.

        Errors: DoesNotExist, whether it is missing or a neighbour's.
        """
        return self.get(public_id=public_id)

    def visible_to(self, member: "Member", role: Role = Role.VIEWER) -> Self:
        """Keep the rows of the departments in which the member holds this role."""
        departments = member.departments(role)
        return self if departments is None else self.filter(department_id__in=departments)

    def move(self, to: State, **values: Any) -> None:
        """Change the state of exactly one row, where the drawn table allows it, and set `values` beside it.

        Errors: WrongState when no such row is in a state that may become `to`.
        """
        moved = self.filter(state__in=type(to).sources(to)).update(state=to, **values)
        if moved != 1:
            raise WrongState(f"{self.model._meta.verbose_name}: may not become {to}")

    def save_version(self, version: int, **values: Any) -> None:
        """Save `values` on exactly one row if it still is at `version`, and count the version up.

        Errors: StaleVersion with the row as it is now; DoesNotExist.
        """
        if self.filter(version=version).update(version=F("version") + 1, **values) != 1:
            raise StaleVersion(self.get())
