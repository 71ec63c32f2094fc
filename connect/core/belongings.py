"""What belongs to departments: a registry that `connect/wiring.py` fills with the upper floors' models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from connect.core.models import Grant, Tenant

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Belonging:
    """A kind of thing that each belongs to one department."""

    label: "StrOrPromise"
    model: type[models.Model]


@dataclass(frozen=True)
class Count:
    """How many of a kind belong to a department."""

    label: "StrOrPromise"
    number: int


MEMBERS = _("Members with a role here")
_kinds: list[Belonging] = []


def wire(kinds: Sequence[Belonging]) -> None:
    """Fill the registry. Called once, by `connect/wiring.py`."""
    _kinds[:] = list(kinds)


def kinds() -> list[Belonging]:
    """List what can belong to a department, members apart."""
    return _kinds


def counts_of_all(tenant: Tenant) -> dict[int, list[Count]]:
    """Count for every department at once: a query a kind. Departments with nothing at all are left out.

    Shape: by the department's key; in the order of the kinds, members last.
    """
    columns = [(kind.label, _by_department(kind.model, tenant, "pk")) for kind in _kinds]
    columns.append((MEMBERS, _by_department(Grant, tenant, "member_id")))
    found = {key for _label, numbers in columns for key in numbers}
    return {key: [Count(label, numbers.get(key, 0)) for label, numbers in columns] for key in found}


def nothing() -> list[Count]:
    """Say zero of each kind, for a department that owns nothing."""
    return [Count(label, 0) for label in [*(kind.label for kind in _kinds), MEMBERS]]


def counts(tenant: Tenant, department_id: int) -> list[Count]:
    """Count what belongs to one department."""
    return counts_of_all(tenant).get(department_id, nothing())


def words(counted: Sequence[Count]) -> str:
    """Say what there is, leaving out what there isn't; empty where there is nothing."""
    return ", ".join(f"{one.label} {one.number}" for one in counted if one.number)


def _by_department(model: type[models.Model], tenant: Tenant, counted: str) -> dict[int, int]:
    rows: Any = model._base_manager.filter(tenant=tenant, department__isnull=False).values_list("department_id")
    return dict(rows.annotate(number=models.Count(counted, distinct=True)))
