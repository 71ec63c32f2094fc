"""What senders need of relays: which there are, what they are told about them, and where to go without any.

A sender reads and writes here from inside its loop: seldom, one row at a time, and never at the cost of a message.
Where PostgreSQL is away, what was found out is lost, and found out again.
"""

from collections.abc import Sequence

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from connect.core.crypto import CannotOpen, open_sealed
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import in_tenant
from delivery.models import Relay
from delivery.senders.relays import LONGEST_AWAY_SECONDS, Known, Note
from delivery.senders.servers import Server
from delivery.states import TlsMode

log = structlog.get_logger(__name__)

_AWAY = """
SELECT id, extract(epoch FROM away_until - now())::float FROM delivery_relay
WHERE tenant_id = %s AND away_until > now()
"""

# Whoever tried with what was entered before has nothing to say about what is entered now.
_NOTE = """
UPDATE delivery_relay
SET answered_at = now(), answer = %s, tls_seen = CASE WHEN %s > 0 THEN tls_seen ELSE %s END, failures = %s,
    away_until = CASE WHEN %s > 0 THEN now() + make_interval(secs => %s) END
WHERE tenant_id = %s AND id = %s AND version = %s
"""


def installation_server() -> Server:
    """The next hop of tenants without a relay, as the settings name it."""
    return Server(
        host=settings.SMTP_HOST,
        port=settings.SMTP_PORT,
        name=settings.SMTP_NAME,
        reply_seconds=settings.SMTP_REPLY_TIMEOUT_SECONDS,
        final_seconds=settings.SMTP_FINAL_TIMEOUT_SECONDS,
        tls=TlsMode(settings.SMTP_TLS),
        user=settings.SMTP_USER,
        password=settings.SMTP_PASSWORD,
        ca_file=settings.SMTP_CA_FILE,
    )


def server_of(relay: Relay) -> Server:
    """A tenant's relay, with its password opened.

    Errors: CannotOpen.
    """
    return Server(
        host=relay.host,
        port=relay.port,
        name=settings.SMTP_NAME,
        reply_seconds=settings.SMTP_REPLY_TIMEOUT_SECONDS,
        final_seconds=settings.SMTP_FINAL_TIMEOUT_SECONDS,
        tls=TlsMode(relay.tls),
        user=relay.user,
        password=_password_of(relay),
        ca_file=settings.SMTP_CA_FILE,
        number=relay.pk,
        version=relay.version,
        connections=relay.connections or 0,
        messages=relay.messages or 0,
        private=settings.SMTP_PRIVATE_RELAYS,
    )


def password_field(relay: Relay) -> str:
    """Name the place that a relay's password is sealed for: it opens nowhere else."""
    return f"relay:{relay.public_id}"


@in_tenant
def known_relays(tenant: Tenant) -> list[Known]:
    """List the relays to use, the preferred one first; the installation's own where the tenant has none in use."""
    away = {int(pk): float(seconds) for pk, seconds in rows(Sql(_AWAY, (tenant.pk,)))}
    relays = Relay.objects.of(tenant).filter(active=True).order_by("priority", "id")
    return [_known(relay, away.get(relay.pk, 0.0)) for relay in relays] or [Known(installation_server())]


def known_relays_now(tenant: Tenant) -> Sequence[Known] | None:
    """List them, or None where PostgreSQL is away."""
    try:
        return known_relays(tenant)
    except (OperationalError, InterfaceError):
        connection.close()
        return None


def note_relay(tenant: Tenant, note: Note) -> None:
    """Write down what was found out about a relay."""
    if note.failures:
        log.warning("relay.set_aside", tenant=tenant.pk, relay=note.server.number, why=note.answer)
    else:
        log.info("relay.works", tenant=tenant.pk, relay=note.server.number)
    try:
        do_note(tenant, note)
    except (OperationalError, InterfaceError):
        connection.close()


@in_tenant
def do_note(tenant: Tenant, note: Note) -> None:
    """Write down what was found out, unless the relay was changed since."""
    seconds = note.away_seconds
    about = (note.answer[:500], note.failures, note.tls[:120], note.failures, seconds, seconds)
    run_sql(Sql(_NOTE, (*about, tenant.pk, note.server.number, note.server.version)))


def _known(relay: Relay, away_seconds: float) -> Known:
    try:
        return Known(server_of(relay), relay.failures, away_seconds, relay.answer)
    except CannotOpen:
        log.exception("relay.cannot_open", tenant=relay.tenant_id, relay=relay.pk)
        server = Server(relay.host, relay.port, settings.SMTP_NAME, number=relay.pk, version=relay.version)
        return Known(server, 1, LONGEST_AWAY_SECONDS, "the key that its password was sealed with is missing")


def _password_of(relay: Relay) -> str:
    sealed = bytes(relay.sealed_password)
    return open_sealed(sealed, tenant_id=relay.tenant_id, field=password_field(relay)).decode() if sealed else ""
