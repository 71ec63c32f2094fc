"""Whether a conversation is fit to speak: signed, with an address, a footer and a place for bounces."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from conversations.dkim import is_aligned
from conversations.models import Conversation, DkimKey
from conversations.states import DnsState


class Verdict(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, how it stands, and why."""

    what: str
    verdict: Verdict
    says: str


def health_of(conversation: Conversation, keys: Sequence[DkimKey]) -> list[Finding]:
    """Look at a conversation and its own keys.

    Shape: signature, postal address, footer, bounces, always all four, in this order.
    """
    return [_signature(conversation, keys), _address(conversation), _footer(conversation), _bounces(conversation)]


def worst(findings: Sequence[Finding]) -> Verdict:
    """Tell the worst verdict among findings."""
    order = list(Verdict)
    return max((finding.verdict for finding in findings), key=order.index, default=Verdict.GOOD)


def _signature(conversation: Conversation, keys: Sequence[DkimKey]) -> Finding:
    domain = conversation.sending_domain
    signing = [key for key in keys if key.active and is_aligned(key.domain, domain)]
    what = _("Signature")
    if not signing:
        return Finding(what, Verdict.BAD, _("No key signs for %(domain)s.") % {"domain": domain})
    states = {DnsState(key.dns_state) for key in signing}
    if states & {DnsState.MISSING, DnsState.DIFFERENT}:
        return Finding(what, Verdict.BAD, _("A key signs whose record isn't in DNS."))
    if DnsState.UNREACHABLE in states:
        return Finding(what, Verdict.WARNING, _("It signs, but DNS gave no answer when its record was checked."))
    if DnsState.UNCHECKED in states:
        return Finding(what, Verdict.WARNING, _("It signs; its record in DNS hasn’t been checked yet."))
    return Finding(what, Verdict.GOOD, _("It signs for %(domain)s.") % {"domain": domain})


def _address(conversation: Conversation) -> Finding:
    if conversation.postal_address.strip():
        return Finding(_("Postal address"), Verdict.GOOD, _("Stands in each message."))
    return Finding(_("Postal address"), Verdict.BAD, _("Missing. The law asks for it in each message."))


def _footer(conversation: Conversation) -> Finding:
    if conversation.footer.strip():
        return Finding(_("Footer"), Verdict.GOOD, _("Stands above the postal address."))
    return Finding(
        _("Footer"), Verdict.GOOD, _("Empty: a message ends with postal address and unsubscribe link alone.")
    )


def _bounces(conversation: Conversation) -> Finding:
    domain = conversation.bounce_domain
    if domain:
        return Finding(_("Bounces"), Verdict.GOOD, _("Come back to %(domain)s.") % {"domain": domain})
    says = _("Come back to the From address's domain, %(domain)s.") % {"domain": conversation.sending_domain}
    return Finding(_("Bounces"), Verdict.GOOD, says)
