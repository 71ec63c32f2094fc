"""Set how fast messages go to a receiver or in a conversation, and end a receiver's pause by hand."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.models import Run
from connect.core.audit import audit
from connect.core.errors import Invalid, StaleVersion
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from conversations.domains import normalise_domain
from conversations.models import Conversation
from delivery.did import Did
from delivery.lanes import GROUP_OF, GROUPS
from delivery.models import Pace
from delivery.states import PaceKind

MOST_PER_MINUTE = 1_000_000
MOST_CONNECTIONS = 500
MOST_DAILY = 100_000_000


@dataclass(frozen=True)
class PaceOf:
    """What people set for one receiver or conversation; None is no limit. Units: messages a minute; a day, in UTC."""

    per_minute: int | None = None
    connections: int | None = None
    daily_first: int | None = None
    daily_most: int | None = None
    daily_since: date | None = None


def pace_of(tenant: Tenant, kind: PaceKind, key: str) -> PaceOf:
    """Read what is set. Wants the tenant open."""
    kept = Pace.objects.of(tenant).filter(kind=kind, key=key).first()
    if kept is None:
        return PaceOf()
    return PaceOf(kept.per_minute, kept.connections, kept.daily_first, kept.daily_most, kept.daily_since)


def read_lane(raw: str) -> str:
    """Read a receiver: the name of a group, or a domain; a domain of a group is its group.

    Errors: Invalid naming `lane`.
    """
    text = raw.strip().lower()
    if text in GROUPS:
        return text
    try:
        domain = normalise_domain(text)
    except Invalid as error:
        raise Invalid({"lane": [word for says in error.fields.values() for word in says]}) from error
    return GROUP_OF.get(domain, domain)


@in_tenant
def pace_receiver(tenant: Tenant, lane: str, wanted: PaceOf, *, was: PaceOf, by: Member, now: datetime) -> str:
    """Set the pace of a group of domains or of one domain; tells which lane that is.

    Shape: `was` is what was on the screen. Messages that are planned already keep the lane that they have.
    Errors: Invalid naming `lane`, `per_minute` or `connections`; StaleVersion.
    """
    key = read_lane(lane)
    if wanted.daily_first is not None or wanted.daily_most is not None:
        raise Invalid({"": _("A warm-up is a conversation’s.")})
    _set(tenant, PaceKind.DOMAIN, key, wanted, was)
    audit(tenant, by, Did.PACED_RECEIVER, now=now, lane=key, pace=_said(wanted))
    return key


@in_tenant
def pace_conversation(
    tenant: Tenant, conversation_id: UUID, wanted: PaceOf, *, was: PaceOf, by: Member, now: datetime
) -> None:
    """Set the pace and the warm-up of a conversation.

    Errors: Conversation.DoesNotExist; Invalid naming what is out of bounds; StaleVersion.
    """
    conversation = Conversation.objects.of(tenant).public(conversation_id)
    if (wanted.daily_first is None) != (wanted.daily_since is None):
        raise Invalid({"daily_since": _("A warm-up needs its first day and how many messages may go on it.")})
    if wanted.daily_most is not None and (wanted.daily_first is None or wanted.daily_most < wanted.daily_first):
        raise Invalid({"daily_most": _("Enter more than on the first day.")})
    _set(tenant, PaceKind.CONVERSATION, str(conversation.pk), wanted, was)
    audit(tenant, by, Did.PACED_CONVERSATION, conversation.public_id, now=now, pace=_said(wanted))


@in_tenant
def end_pause(tenant: Tenant, lane: str, *, by: Member, now: datetime) -> None:
    """Let messages go to a receiver again before its pause is over.

    Errors: Pace.DoesNotExist where it doesn't pause.
    """
    paused = Pace.objects.of(tenant).filter(kind=PaceKind.DOMAIN, key=lane, slow_until__gt=now)
    if not paused.update(slow_until=None, level=0, said=""):
        raise Pace.DoesNotExist
    audit(tenant, by, Did.ENDED_PAUSE, now=now, lane=lane)


@in_tenant
def keep_rate(tenant: Tenant, run_id: int) -> None:
    """Have a run go as fast as its campaign was approved to; twice is once."""
    rate = Run.objects.of(tenant).values_list("frozen__rate_per_minute", flat=True).get(pk=run_id)
    if rate is not None:
        values = {"tenant": tenant, "per_minute": rate}
        Pace.objects.of(tenant).get_or_create(kind=PaceKind.RUN, key=str(run_id), defaults=values)


def _set(tenant: Tenant, kind: PaceKind, key: str, wanted: PaceOf, was: PaceOf) -> None:
    bounds = {
        "per_minute": (wanted.per_minute, MOST_PER_MINUTE),
        "connections": (wanted.connections, MOST_CONNECTIONS),
        "daily_first": (wanted.daily_first, MOST_DAILY),
        "daily_most": (wanted.daily_most, MOST_DAILY),
    }
    faults = {
        name: _("Enter a number from 1 to %(most)d, or nothing for no limit.") % {"most": most}
        for name, (value, most) in bounds.items()
        if value is not None and not 1 <= value <= most
    }
    if faults:
        raise Invalid(faults)
    kept, _made = (
        Pace.objects.of(tenant).select_for_update().get_or_create(kind=kind, key=key, defaults={"tenant": tenant})
    )
    if PaceOf(kept.per_minute, kept.connections, kept.daily_first, kept.daily_most, kept.daily_since) != was:
        raise StaleVersion(kept)
    # A new limit holds from now on, whatever was taken under the old one.
    Pace.objects.of(tenant).filter(pk=kept.pk).update(next_at=None, **vars(wanted))


def _said(wanted: PaceOf) -> dict[str, object]:
    values = vars(wanted)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
