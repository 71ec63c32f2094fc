"""Look after chunks before their sender lets go of them: dead addresses, quiet windows, messages that came too late.

Everything here may be done twice; a sender that dies before costs time alone, as the next one finds it undone.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from campaigns.models import Run
from campaigns.plan import next_windows
from connect.core.models import Tenant
from connect.core.sql import Sql, rows, run
from connect.core.tenancy import in_tenant
from conversations.actions.subscriptions import do_bounce_out
from conversations.states import Channel
from delivery.models import Event, Message
from delivery.states import EventKind, MessageState, RejectReason
from suppression.actions.entries import do_suppress
from suppression.states import Reason

SOURCE = "smtp"

_IN_CHUNKS = "m.tenant_id = %s AND m.month = %s AND m.chunk_id = ANY (%s)"

_EXPIRE = f"""
UPDATE delivery_message m SET state = 'expired', reason = 'too_late', settled_at = now()
WHERE {_IN_CHUNKS} AND m.state = 'queued' AND m.not_after <= now()
"""

_QUIET_RUNS = f"""
SELECT DISTINCT m.run_id FROM delivery_message m
WHERE {_IN_CHUNKS} AND m.state = 'queued' AND m.quiet_at <= now() ORDER BY m.run_id
"""

#: A zone that the table doesn't know takes the window of everybody else, whose zone is "".
_MOVE = f"""
UPDATE delivery_message m
SET not_before = greatest(m.not_before, coalesce(own.not_before, other.not_before)),
    quiet_at = coalesce(own.quiet_at, other.quiet_at)
FROM conversations_customer c
JOIN windows other ON other.zone = ''
LEFT JOIN windows own ON own.zone = c.zone AND own.zone <> ''
WHERE {_IN_CHUNKS} AND m.run_id = %s AND m.state = 'queued' AND m.quiet_at <= now()
  AND c.tenant_id = m.tenant_id AND c.id = m.customer_id
"""

_DEAD = f"""
SELECT m.id, m.customer_id, m.address, m.run_id, r.conversation_id, m.code, m.reply
FROM delivery_message m JOIN campaigns_run r ON r.tenant_id = m.tenant_id AND r.id = m.run_id
WHERE {_IN_CHUNKS} AND m.state = 'rejected' AND m.reason = 'no_mailbox' AND m.kind = 'main'
ORDER BY m.id FOR UPDATE OF m
"""


@in_tenant
def look_after(tenant: Tenant, month: date, chunk_ids: Sequence[int], *, now: datetime) -> None:
    """Bounce out dead addresses, end what expired, and move what waits in a quiet window to the next open one."""
    chunks = (tenant.pk, month, list(chunk_ids))
    for dead in rows(Sql(_DEAD, chunks)):
        _bounce_out(tenant, month, dead, now)
    run(Sql(_EXPIRE, chunks))
    for (run_id,) in rows(Sql(_QUIET_RUNS, chunks)):
        windows = next_windows(Run.objects.of(tenant).get(pk=run_id), at=now)
        run("WITH windows AS (" + windows + ")" + Sql(_MOVE, (*chunks, run_id)))


def _bounce_out(tenant: Tenant, month: date, dead: tuple[Any, ...], now: datetime) -> None:
    """Suppress a dead address and end its subscription, once, with the event that says so."""
    message_id, customer_id, address, run_id, conversation_id, code, reply = dead
    Message.objects.of(tenant).filter(month=month, pk=message_id, state=MessageState.REJECTED).update(
        reason=RejectReason.BOUNCED_OUT
    )
    do_suppress(tenant, address, reason=Reason.HARD_BOUNCE, source=f"{SOURCE} {code}", now=now)
    do_bounce_out(
        tenant,
        customer_id,
        conversation_id,
        channel=Channel.EMAIL,
        source=SOURCE,
        proof={"code": code, "reply": reply, "run": run_id},
        now=now,
    )
    Event.objects.create(
        tenant=tenant,
        month=month,
        message_id=message_id,
        run_id=run_id,
        customer_id=customer_id,
        kind=EventKind.BOUNCED,
        at=now,
        details={"code": code, "reply": reply, "hard": True, "answered": True},
    )
