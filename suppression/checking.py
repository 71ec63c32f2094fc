"""Whether one address is suppressed: on which list, since when, why, and in which conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connect.core.models import Member, Tenant
from connect.core.sql import Sql, rows
from conversations.models import Conversation
from suppression.models import Application, Entry, SuppressionList
from suppression.predicates import suppressed
from suppression.states import Scope


@dataclass(frozen=True)
class Hit:
    """One entry that names the address. `applied` are the member's conversations that have its list; None is all."""

    entry: Entry
    suppression_list: SuppressionList
    ended: bool
    applied: list[Conversation] | None


@dataclass(frozen=True)
class Verdict:
    """Whether the address is suppressed in one conversation."""

    conversation: Conversation
    suppressed: bool


@dataclass(frozen=True)
class Standing:
    """Where an address stands: every entry that names it, and the verdict for each of the member's conversations."""

    address: str
    hits: list[Hit]
    verdicts: list[Verdict]


def standing_of(tenant: Tenant, address: str, member: Member, *, now: datetime) -> Standing:
    """Tell where a normalised address stands. The verdicts are those of the predicate that sending asks."""
    mine = list(Conversation.objects.of(tenant).visible_to(member).filter(archived_at=None).order_by("name"))
    return Standing(address, _hits(tenant, address, mine, now), _verdicts(address, mine))


def _hits(tenant: Tenant, address: str, mine: Sequence[Conversation], now: datetime) -> list[Hit]:
    entries = list(Entry.objects.of(tenant).naming(address).select_related("suppression_list").order_by("created_at"))
    names = {conversation.pk: conversation for conversation in mine}
    applied: dict[int, list[Conversation]] = {}
    for row in Application.objects.of(tenant).filter(suppression_list__in={one.suppression_list_id for one in entries}):
        if row.conversation_id in names:
            applied.setdefault(row.suppression_list_id, []).append(names[row.conversation_id])
    return [
        Hit(
            entry,
            entry.suppression_list,
            entry.expires_at is not None and entry.expires_at <= now,
            None
            if entry.suppression_list.scope == Scope.TENANT
            else sorted(applied.get(entry.suppression_list_id, []), key=lambda one: one.name),
        )
        for entry in entries
    ]


def _verdicts(address: str, mine: Sequence[Conversation]) -> list[Verdict]:
    asked = Sql(
        f"SELECT c.id FROM (SELECT %s::text AS address) k, conversations_conversation c"
        f" WHERE c.id = ANY (%s) AND {suppressed('k.address', 'c.id')}",
        (address, [one.pk for one in mine]),
    )
    held = {key for (key,) in rows(asked)}
    return [Verdict(one, one.pk in held) for one in mine]
