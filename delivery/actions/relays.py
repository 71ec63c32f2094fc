"""What members do with their tenant's relays: add, change, remove, try. Admins of the whole tenant only."""

import ipaddress
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.crypto import CannotOpen, seal
from connect.core.errors import Conflict, Forbidden, Invalid
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.addresses import check_header_text, shown
from conversations.domains import normalise_domain
from delivery.actions.next_hops import password_field, server_of
from delivery.did import Did
from delivery.models import Relay
from delivery.senders.names import may_lead_to
from delivery.senders.servers import is_loopback
from delivery.senders.trial import Trial, try_server
from delivery.states import TlsMode

NAME_KEY = "delivery_relay_name_key"
NAME_CHARACTERS = 120
USER_CHARACTERS = 254
PASSWORD_CHARACTERS = 500
MOST_RELAYS = 20
MOST_PRIORITY = 99
MOST_CONNECTIONS = 64
MOST_MESSAGES = 100_000
#: Where one of these changes, the password would be told to somebody else.
_WHO_HEARS = ("host", "port", "user")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: What is said about a relay that was tried before it was changed counts for nothing.
_UNKNOWN: dict[str, Any] = {"failures": 0, "away_until": None, "answered_at": None, "answer": "", "tls_seen": ""}


@dataclass(frozen=True)
class RelayFields:
    """What people write about a relay. An empty password keeps the one there is."""

    name: str
    host: str
    port: int
    tls: TlsMode
    user: str = ""
    password: str = ""
    priority: int = 10
    active: bool = True
    connections: int | None = None
    messages: int | None = None


@in_tenant
def add_relay(tenant: Tenant, fields: RelayFields, *, by: Member | None, now: datetime) -> Relay:
    """Add a relay. Where it is active, it is used from the next few seconds on.

    Errors: Forbidden; Invalid naming the field; Conflict where there are too many.
    """
    access_relays(by)
    fields, values = _check(fields, keeps_password=False)
    if Relay.objects.of(tenant).count() >= MOST_RELAYS:
        raise Conflict(_("There are %(most)d relays already, which is the most.") % {"most": MOST_RELAYS})
    relay = Relay(tenant=tenant, created_at=now, updated_at=now, **values)
    relay.sealed_password = _seal(relay, fields.password)
    with unique(NAME_KEY, {"name": _("Another relay has this name.")}):
        relay.save(force_insert=True)
    told = {**values, "password": "set"} if fields.password else values
    audit(tenant, by, Did.ADDED_RELAY, relay.public_id, now=now, **told)
    return relay


@in_tenant
def change_relay(
    tenant: Tenant, relay_id: UUID, version: int, fields: RelayFields, *, by: Member | None, now: datetime
) -> Relay:
    """Change a relay that still is as it was at `version`; what was found out about it before is forgotten.

    Its password isn't told to another server, or with another name, without being entered again.
    Errors: Relay.DoesNotExist; Forbidden; StaleVersion; Invalid naming the field.
    """
    one = Relay.objects.of(tenant).filter(public_id=relay_id)
    before = one.get()
    access_relays(by)
    fields, values = _check(fields, keeps_password=bool(before.sealed_password))
    moved = [name for name in _WHO_HEARS if values[name] != getattr(before, name)]
    if values["user"] and not fields.password and moved:
        raise Invalid(
            {"password": _("Enter the password again: it would be told to another server, or with another name.")}
        )
    values |= _UNKNOWN
    if fields.password or not values["user"]:
        values["sealed_password"] = _seal(before, fields.password)
    with unique(NAME_KEY, {"name": _("Another relay has this name.")}):
        one.save_version(version, updated_at=now, **values)
    kept = {*_UNKNOWN, "sealed_password"}
    changed = {name: new for name, new in values.items() if name not in kept and new != getattr(before, name)}
    if fields.password or (before.sealed_password and not values["user"]):
        changed["password"] = "set" if fields.password else "removed"
    audit(tenant, by, Did.CHANGED_RELAY, relay_id, now=now, name=before.name, changed=changed)
    return one.get()


@in_tenant
def remove_relay(tenant: Tenant, relay_id: UUID, version: int, *, by: Member | None, now: datetime) -> str:
    """Remove a relay with its password; tell its name. What is under way on it is brought to its end.

    Errors: Relay.DoesNotExist; Forbidden; StaleVersion.
    """
    one = Relay.objects.of(tenant).filter(public_id=relay_id)
    before = one.get()
    access_relays(by)
    one.save_version(version, updated_at=now)
    one.delete()
    audit(tenant, by, Did.REMOVED_RELAY, relay_id, now=now, name=before.name, host=before.host, port=before.port)
    return before.name


@in_tenant
def ask_trial(tenant: Tenant, relay_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Have a worker try a relay.

    Errors: Relay.DoesNotExist; Forbidden.
    """
    relay = Relay.objects.of(tenant).public(relay_id)
    access_relays(by)
    Relay.objects.of(tenant).filter(pk=relay.pk).update(trial_asked_at=now)
    audit(tenant, by, Did.TRIED_RELAY, relay_id, now=now, name=relay.name)
    ring(Bell.RELAY_TRIAL_ASKED, tenant.pk, relay.pk)


def try_relay(tenant: Tenant, relay_id: int, *, now: datetime) -> Trial:
    """Try a relay and keep what was said. The trial itself stands outside any transaction.

    One that passed is no longer set aside.
    Errors: Relay.DoesNotExist.
    """
    with open_tenant(tenant):
        relay = Relay.objects.of(tenant).get(pk=relay_id)
    try:
        trial = try_server(server_of(relay))
    except CannotOpen:
        trial = Trial(lines=["* the key that its password was sealed with is missing"])
    values: dict[str, Any] = {
        "tried_at": now,
        "trial_passed": trial.passed,
        "transcript": "\n".join(trial.lines),
    }
    if trial.passed:
        values |= {**_UNKNOWN, "answered_at": now, "tls_seen": trial.tls}
    with open_tenant(tenant):
        Relay.objects.of(tenant).filter(pk=relay_id, version=relay.version).update(**values)
    return trial


def access_relays(by: Member | None) -> None:
    """Let only an admin of the whole tenant go on.

    Errors: Forbidden.
    """
    if by and by.departments(Role.ADMIN) is not None:
        raise Forbidden(_("Only an admin of the whole tenant says where its messages go."))


def check_host(raw: str, *, private: bool) -> str:
    """Write a host in the form in which it is looked up: a name in punycode, or an IP address.

    Errors: Invalid naming `host`.
    """
    host = raw.strip().removeprefix("[").removesuffix("]").lower().rstrip(".")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        if private and _LABEL.fullmatch(host) and not host.isdigit():
            return host
        try:
            return normalise_domain(host, "host")
        except Invalid as error:
            refused = _("“%(host)s” isn't a server's name or IP address.") % {"host": shown(raw)}
            raise Invalid({"host": refused}) from error
    if not may_lead_to(address, private=private):
        raise Invalid({"host": _("No relay may be at this address.")})
    return address


def _seal(relay: Relay, password: str) -> bytes:
    if not password:
        return b""
    return seal(password.encode(), tenant_id=relay.tenant_id, field=password_field(relay))


def _check(fields: RelayFields, *, keeps_password: bool) -> tuple[RelayFields, dict[str, Any]]:
    faults: dict[str, str] = {}
    name = _line(fields.name, "name", NAME_CHARACTERS, faults)
    user = _line(fields.user, "user", USER_CHARACTERS, faults)
    if not name and "name" not in faults:
        faults["name"] = _("A relay needs a name.")
    if not fields.password.isprintable() or len(fields.password) > PASSWORD_CHARACTERS:
        most = {"most": PASSWORD_CHARACTERS}
        faults["password"] = _("A password has at most %(most)d characters, and no control characters.") % most
    elif fields.password and not user:
        faults["user"] = _("A password needs a user name.")
    elif user and not fields.password and not keeps_password:
        faults["password"] = _("A user name needs a password.")
    try:
        host = check_host(fields.host, private=settings.SMTP_PRIVATE_RELAYS)
    except Invalid as error:
        host = ""
        faults["host"] = " ".join(error.fields["host"])
    if user and fields.tls in {TlsMode.NONE, TlsMode.OPPORTUNISTIC} and not _is_here(host):
        faults["tls"] = _("A password is told only where the certificate is checked: choose a TLS that is required.")
    _check_numbers(fields, faults)
    if faults:
        raise Invalid(faults)
    fields = replace(fields, name=name, user=user, host=host)
    values = {
        "name": name,
        "host": host,
        "port": fields.port,
        "tls": fields.tls.value,
        "user": user,
        "priority": fields.priority,
        "active": fields.active,
        "connections": fields.connections,
        "messages": fields.messages,
    }
    return fields, values


def _line(raw: str, field: str, most: int, faults: dict[str, str]) -> str:
    try:
        text = check_header_text(raw, field)
    except Invalid:
        faults[field] = _("One line, without control characters.")
        return ""
    if len(text) > most:
        faults[field] = _("At most %(most)d characters.") % {"most": most}
    return text


def _check_numbers(fields: RelayFields, faults: dict[str, str]) -> None:
    for field, value, most in (
        ("port", fields.port, 65535),
        ("priority", fields.priority, MOST_PRIORITY),
        ("connections", fields.connections, MOST_CONNECTIONS),
        ("messages", fields.messages, MOST_MESSAGES),
    ):
        if value is not None and not 1 <= value <= most:
            faults[field] = _("Enter a number from 1 to %(most)d.") % {"most": most}


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or is_loopback(host)
    except ValueError:
        return False
