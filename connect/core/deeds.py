"""What the audit log says in words, and which things it speaks of: a registry that `connect/wiring.py` fills."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse

from connect.core.models import AuditEntry, Tenant

if TYPE_CHECKING:
    from django.db import models
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Kind:
    """Things that deeds speak of, found by their public id. `url_name`: their page; "" where they have none."""

    model: "type[models.Model]"
    url_name: str = ""


@dataclass(frozen=True)
class Thing:
    """What one deed is about, as it is called now."""

    name: str
    url: str


#: A hash is told by its beginning.
HASH_CHARACTERS, SHOWN_OF_HASH = 64, 12

_words: "dict[str, StrOrPromise]" = {}
_kinds: dict[str, Sequence[Kind]] = {}


def wire(words: "Iterable[Mapping[Any, StrOrPromise]]", kinds: Mapping[str, Sequence[Kind]]) -> None:
    """Fill the registry. Called once, by `connect/wiring.py`.

    Shape: `kinds` by what stands before the dot of a deed's code, since a table can't be told from a public id.
    """
    _words.clear()
    for some in words:
        _words.update({str(code.value): said for code, said in some.items()})
    _kinds.clear()
    _kinds.update(kinds)


def words(code: str) -> "StrOrPromise":
    """Say a deed in words; its code, where an earlier version knew it and this one doesn't."""
    return _words.get(code, code)


def things(tenant: Tenant, entries: Iterable[AuditEntry]) -> dict[UUID | None, Thing]:
    """Find what deeds are about, a query a kind. What isn't there any more is left out."""
    wanted: dict[Kind, set[UUID]] = {}
    for entry in entries:
        if entry.thing:
            for kind in _kinds.get(entry.did.partition(".")[0], ()):
                wanted.setdefault(kind, set()).add(entry.thing)
    found: dict[UUID | None, Thing] = {}
    for kind, ids in wanted.items():
        rows: Any = kind.model._base_manager.filter(tenant=tenant, public_id__in=ids)
        for row in rows:
            url = reverse(kind.url_name, args=[tenant.slug, row.public_id]) if kind.url_name else ""
            found[row.public_id] = Thing(str(row), url)
    return found


def details(entry: AuditEntry, about: Thing | None = None) -> list[str]:
    """Say what else was written down: "name: value", without what is empty and without the name of the thing itself."""
    told = {name: _said(value) for name, value in entry.details.items()}
    own = about.name if about else told.get("name")
    return [
        f"{name.replace('_', ' ')}: {said}" for name, said in told.items() if said and (name != "name" or said != own)
    ]


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} → {_said(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    text = "" if value is None else str(value)
    return text[:SHOWN_OF_HASH] if len(text) == HASH_CHARACTERS and text.isalnum() else text
