"""Carry over from a former database who may not be written to: suppressions and unsubscribes as a union.

Reads the former database as the role that sees all tenants, and writes the new one as its owner, tenant by tenant: row
level security binds the owner too. Things are the same where their public ids are.
"""

from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from connect.core.models import Tenant
from conversations.states import SubscriptionState
from suppression.actions.entries import do_suppress
from suppression.states import Reason

SOURCE = "restore"
#: What a customer who has left is suppressed for, where the restored database doesn't know them at all.
REASONS = {SubscriptionState.UNSUBSCRIBED: Reason.UNSUBSCRIBE, SubscriptionState.BOUNCED_OUT: Reason.HARD_BOUNCE}


@dataclass(frozen=True)
class Carried:
    """What was carried over. `vanished` are (tenant id, address, state) of customers who came after the backup."""

    suppressions: int = 0
    unsubscribes: int = 0
    vanished: list[tuple[int, str, str]] = field(default_factory=list)


# Each is read from the former database into a temporary table of the new one.
_FORMER = {
    "former_list": """tenant_id bigint, public_id uuid, name text, description text, scope text, automatic bool,
        version int, created_at timestamptz, updated_at timestamptz""",
    "former_application": "tenant_id bigint, list uuid, conversation uuid",
    "former_entry": """tenant_id bigint, list uuid, public_id uuid, kind text, value text, reason text, source text,
        created_at timestamptz, expires_at timestamptz""",
    "former_left": """tenant_id bigint, customer uuid, address text, conversation uuid, channel text, state text,
        source text, changed_at timestamptz""",
}
_READ = {
    "former_list": """
        SELECT tenant_id, public_id, name, description, scope, automatic, version, created_at, updated_at
        FROM suppression_suppressionlist""",
    "former_application": """
        SELECT a.tenant_id, l.public_id, c.public_id FROM suppression_application a
        JOIN suppression_suppressionlist l ON l.tenant_id = a.tenant_id AND l.id = a.suppression_list_id
        JOIN conversations_conversation c ON c.tenant_id = a.tenant_id AND c.id = a.conversation_id""",
    "former_entry": """
        SELECT e.tenant_id, l.public_id, e.public_id, e.kind, e.value, e.reason, e.source, e.created_at, e.expires_at
        FROM suppression_entry e
        JOIN suppression_suppressionlist l ON l.tenant_id = e.tenant_id AND l.id = e.suppression_list_id""",
    "former_left": """
        SELECT s.tenant_id, c.public_id, c.email_key, v.public_id, s.channel, s.state, s.source, s.changed_at
        FROM conversations_subscription s
        JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id
        JOIN conversations_conversation v ON v.tenant_id = s.tenant_id AND v.id = s.conversation_id
        WHERE s.state IN ('unsubscribed', 'bounced_out')""",
}
_LISTS = """
INSERT INTO suppression_suppressionlist
    (tenant_id, public_id, name, description, scope, automatic, version, created_at, updated_at)
SELECT f.tenant_id, f.public_id, f.name, f.description, f.scope, f.automatic, f.version, f.created_at, f.updated_at
FROM former_list f WHERE f.tenant_id = %(tenant)s
ON CONFLICT DO NOTHING
"""
_APPLICATIONS = """
INSERT INTO suppression_application (tenant_id, suppression_list_id, conversation_id)
SELECT f.tenant_id, l.id, c.id FROM former_application f
JOIN suppression_suppressionlist l ON l.tenant_id = f.tenant_id AND l.public_id = f.list
JOIN conversations_conversation c ON c.tenant_id = f.tenant_id AND c.public_id = f.conversation
WHERE f.tenant_id = %(tenant)s
ON CONFLICT DO NOTHING
"""
# A list that isn't the same may have its name. Of two ends the later one counts, and none is later than any.
_ENTRIES = """
INSERT INTO suppression_entry AS e
    (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at, expires_at)
SELECT f.tenant_id, f.public_id, l.id, f.kind, f.value, f.reason, f.source, f.created_at, f.expires_at
FROM former_entry f
JOIN former_list fl ON fl.tenant_id = f.tenant_id AND fl.public_id = f.list
JOIN suppression_suppressionlist l ON l.tenant_id = f.tenant_id
     AND (l.public_id = f.list OR l.name = fl.name AND NOT EXISTS (
          SELECT FROM suppression_suppressionlist o WHERE o.tenant_id = f.tenant_id AND o.public_id = f.list))
WHERE f.tenant_id = %(tenant)s
ON CONFLICT (tenant_id, kind, value, suppression_list_id) DO UPDATE SET expires_at = excluded.expires_at
WHERE e.expires_at IS NOT NULL AND (excluded.expires_at IS NULL OR excluded.expires_at > e.expires_at)
"""
_LEFT = """
WITH found AS (
    SELECT s.id, s.conversation_id, s.customer_id, s.channel, s.state AS was, f.state, f.source, f.changed_at
    FROM former_left f
    JOIN conversations_customer c ON c.tenant_id = f.tenant_id AND c.public_id = f.customer
    JOIN conversations_conversation v ON v.tenant_id = f.tenant_id AND v.public_id = f.conversation
    JOIN conversations_subscription s ON s.tenant_id = f.tenant_id AND s.conversation_id = v.id
         AND s.channel = f.channel AND s.customer_id = c.id
    WHERE f.tenant_id = %(tenant)s AND s.state NOT IN ('unsubscribed', f.state)
), changed AS (
    UPDATE conversations_subscription s SET state = f.state, source = f.source, changed_at = f.changed_at
    FROM found f WHERE s.tenant_id = %(tenant)s AND s.id = f.id
)
INSERT INTO conversations_consententry
    (tenant_id, conversation_id, customer_id, channel, was, became, source, wording, proof, at)
SELECT %(tenant)s, f.conversation_id, f.customer_id, f.channel, f.was, f.state, f.source, '',
       jsonb_build_object('carried_over', 'restore'), f.changed_at
FROM found f
"""
# Whoever joined a conversation after the backup isn't its member any more, so only the address can stand for them.
_VANISHED = """
SELECT DISTINCT f.tenant_id, f.address, f.state FROM former_left f
WHERE f.tenant_id = %(tenant)s AND f.address <> '' AND NOT EXISTS (
    SELECT FROM conversations_subscription s
    JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id
    JOIN conversations_conversation v ON v.tenant_id = s.tenant_id AND v.id = s.conversation_id
    WHERE s.tenant_id = f.tenant_id AND c.public_id = f.customer AND v.public_id = f.conversation
      AND s.channel = f.channel)
ORDER BY 2, 3
"""


def carry(former: psycopg.Connection, *, now: datetime) -> Carried:
    """Bring a former database's suppressions and unsubscribes into the one that Django is turned to.

    Nothing is taken away: what was suppressed or left in either of them is so afterwards.
    """
    total = Carried()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        _advance_sequences(former, cursor)
        for table, select in _READ.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({_FORMER[table]}) ON COMMIT DROP")
            _copy(former, select, cursor, table)
        for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
            of = {"tenant": tenant_id}
            cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])
            cursor.execute(_LISTS, of)
            cursor.execute(_APPLICATIONS, of)
            cursor.execute(_ENTRIES, of)
            suppressions = cursor.rowcount
            cursor.execute(_LEFT, of)
            unsubscribes = cursor.rowcount
            cursor.execute(_VANISHED, of)
            vanished = [(int(tenant), address, state) for tenant, address, state in cursor.fetchall()]
            total = Carried(
                total.suppressions + suppressions, total.unsubscribes + unsubscribes, total.vanished + vanished
            )
    return total


def suppress_vanished(carried: Carried, *, now: datetime) -> None:
    """Put the addresses of those who left and vanished on their tenant's automatic list."""
    tenants = Tenant.objects.in_bulk({tenant for tenant, _address, _state in carried.vanished})
    for tenant_id, address, state in carried.vanished:
        if tenant_id in tenants:
            do_suppress(tenants[tenant_id], address, reason=REASONS[SubscriptionState(state)], source=SOURCE, now=now)


def _advance_sequences(former: psycopg.Connection, cursor: CursorWrapper) -> None:
    """Let no number be given out twice: links in mails name rows that the backup doesn't know."""
    used = former.execute(
        "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
        " WHERE schemaname = 'public' AND last_value IS NOT NULL"
    ).fetchall()
    for name, last in used:
        cursor.execute(
            "SELECT setval(to_regclass(%(name)s), greatest(%(last)s, coalesce(pg_sequence_last_value(to_regclass("
            "%(name)s)), 1))) WHERE to_regclass(%(name)s) IS NOT NULL",
            {"name": name, "last": last},
        )


def _copy(former: psycopg.Connection, select: str, cursor: CursorWrapper, table: str) -> None:
    with (
        former.cursor().copy(f"COPY ({select}) TO STDOUT") as source,
        cursor.cursor.copy(f"COPY {table} FROM STDIN") as into,
    ):
        for block in source:
            into.write(block)
