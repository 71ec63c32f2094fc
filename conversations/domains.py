"""Domains, in the one form under which they are compared: small letters, punycode."""

from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from conversations.addresses import normalise_email, shown

DOMAIN_OCTETS = 253


def normalise_domain(raw: str, field: str = "domain") -> str:
    """Write a domain in the form in which it stands after the @ of a normalised address.

    Errors: Invalid naming `field`.
    """
    typed = raw.strip()
    refusal = Invalid({field: _("“%(value)s” isn't a domain such as example.com.") % {"value": shown(raw)}})
    if len(typed) > DOMAIN_OCTETS or "@" in typed:
        raise refusal
    try:
        return normalise_email(f"x@{typed}").rpartition("@")[2]
    except Invalid as error:
        raise refusal from error
