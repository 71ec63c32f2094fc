"""What a lower floor shows of an upper one, without knowing it: registries that `connect/wiring.py` fills."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from connect.core.models import Member, Tenant
from connect.core.roles import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class RailLink:
    """One entry of the left rail, for members with `role`. `count` is asked for on each page; None shows no number."""

    label: "StrOrPromise"
    icon: str
    url_name: str
    prefix: str
    count: Callable[[Tenant, Member], int] | None = None
    role: Role = Role.VIEWER


@dataclass(frozen=True)
class Use:
    """One thing that rests on another: `voids` tells that a change will void its approvals."""

    name: str
    url: str
    kind: str
    voids: bool = False


@dataclass(frozen=True)
class Panel:
    """A part of a page that an upper floor serves: loaded by URL, with a plain link where there is no script."""

    title: str
    url: str


UsedBy = Callable[[Tenant, str, UUID], Sequence[Use]]
UseCounts = Callable[[Tenant, str, Sequence[UUID]], Mapping[UUID, int]]
Panels = Callable[[Tenant, str, UUID], Sequence[Panel]]

_rail: list[list[RailLink]] = []
_used_by: list[UsedBy] = []
_panels: list[Panels] = []
_use_counts: list[UseCounts] = []


def wire(
    rail: Sequence[Sequence[RailLink]],
    used_by: Sequence[UsedBy],
    panels: Sequence[Panels],
    use_counts: Sequence[UseCounts] = (),
) -> None:
    """Fill the registries. Called once, by `connect/wiring.py`."""
    _rail[:] = [list(group) for group in rail]
    _used_by[:] = list(used_by)
    _panels[:] = list(panels)
    _use_counts[:] = list(use_counts)


def rail() -> list[list[RailLink]]:
    """List the groups of the left rail."""
    return _rail


def used_by(tenant: Tenant, kind: str, thing: UUID) -> list[Use]:
    """List what rests on a thing of this kind (`"audience"`, `"segmentation"`, `"content"`, `"conversation"` …)."""
    return [use for ask in _used_by for use in ask(tenant, kind, thing)]


def use_counts(tenant: Tenant, kind: str, things: Sequence[UUID]) -> dict[UUID, int]:
    """Count what rests on each of many things of this kind, for lists: a query per source, not per thing.

    Shape: every one of `things` is there, with 0 where nothing rests on it.
    """
    found = [ask(tenant, kind, things) for ask in _use_counts]
    return {thing: sum(counts.get(thing, 0) for counts in found) for thing in things}


def panels(tenant: Tenant, kind: str, thing: UUID) -> list[Panel]:
    """List the parts that upper floors add to the page of a thing of this kind (`"customer"`, `"campaign"` …)."""
    return [panel for ask in _panels for panel in ask(tenant, kind, thing)]
