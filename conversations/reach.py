"""How many customers a conversation has, and how many of them it may write to."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

from connect.core.models import Tenant
from connect.core.sql import Sql, rows

_REACH = """
    SELECT m.conversation_id, count(*), count(*) FILTER (WHERE m.state = 'subscribed' AND c.email_key <> '')
    FROM conversations_subscription m
    JOIN conversations_customer c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id
    WHERE m.tenant_id = %s AND m.channel = 'email' AND m.conversation_id = ANY (%s)
    GROUP BY m.conversation_id
"""


#: A million members take half a second to count: a page may show numbers as old as this.
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Reach:
    """Members of a conversation, and those among them with a live email subscription and an address."""

    members: int = 0
    by_email: int = 0


def reach_of(tenant: Tenant, conversation_ids: Sequence[int]) -> dict[int, Reach]:
    """Count members and reach of conversations, all in one statement, and keep the numbers for a minute."""
    found = rows(Sql(_REACH, (tenant.pk, list(conversation_ids))))
    counted = {key: Reach(members, by_email) for key, members, by_email in found}
    reach = {key: counted.get(key, Reach()) for key in conversation_ids}
    kept = {_cached(tenant, key): (one.members, one.by_email) for key, one in reach.items()}
    cache.set_many(kept, KEPT_SECONDS)
    return reach


def recent_reach(tenant: Tenant, conversation_ids: Sequence[int]) -> dict[int, Reach]:
    """Tell what was counted within the last minute; whatever wasn't is left out."""
    found = cache.get_many([_cached(tenant, key) for key in conversation_ids])
    return {key: Reach(*found[_cached(tenant, key)]) for key in conversation_ids if _cached(tenant, key) in found}


def _cached(tenant: Tenant, conversation_id: int) -> str:
    return f"{tenant.pk}:reach:{conversation_id}"
