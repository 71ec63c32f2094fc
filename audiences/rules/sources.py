"""Where fields come from: those of the ground are built in, upper floors add theirs through `connect/wiring.py`.

A **field source** lists a tenant's fields of one kind. It imports `Field` and perhaps brings field types of its own.
"""

from collections.abc import Callable, Mapping, Sequence

from audiences.rules import builtin
from audiences.rules.fields import Field
from connect.core.models import Tenant

FieldSource = Callable[[Tenant], Sequence[Field]]
Vocabulary = Mapping[str, Field]

_sources: list[FieldSource] = []


def wire(sources: Sequence[FieldSource]) -> None:
    """Set the upper floors' sources, in the order in which pages list them. Called once, by `connect/wiring.py`."""
    _sources[:] = list(sources)


def vocabulary(tenant: Tenant) -> Vocabulary:
    """List the fields that this tenant's rules may name, by key."""
    return {field.key: field for source in (builtin.fields, *_sources) for field in source(tenant)}
