"""How many customers a conversation has, and how many of them it may write to."""

from collections.abc import Sequence
from dataclasses import dataclass

from connect.core.models import Tenant
from connect.core.sql import Sql, rows

_REACH = """
    SELECT m.conversation_id, count(*), count(*) FILTER (WHERE m.state = 'subscribed' AND c.email_key <> '')
    FROM conversations_subscription m
    JOIN conversations_customer c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id
    WHERE m.tenant_id = %s AND m.channel = 'email' AND m.conversation_id = ANY (%s)
    GROUP BY m.conversation_id
"""


@dataclass(frozen=True)
class Reach:
    """Members of a conversation, and those among them with a live email subscription and an address."""

    members: int = 0
    by_email: int = 0


def reach_of(tenant: Tenant, conversation_ids: Sequence[int]) -> dict[int, Reach]:
    """Count members and reach of conversations, all in one statement."""
    counted = {
        key: Reach(members, by_email)
        for key, members, by_email in rows(Sql(_REACH, (tenant.pk, list(conversation_ids))))
    }
    return {key: counted.get(key, Reach()) for key in conversation_ids}
