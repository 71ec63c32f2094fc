"""What a person or a file wrote, read as what an entry holds: an address, a domain, or the hash of an address."""

import hashlib
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from conversations.addresses import normalise_email, shown
from conversations.domains import normalise_domain
from suppression.states import EntryKind

_HEX = re.compile(r"[0-9a-fA-F]+")
_HASHES = {64: EntryKind.SHA256, 32: EntryKind.MD5}


@dataclass(frozen=True)
class Value:
    """The key under which an entry is found."""

    kind: EntryKind
    value: str


def read_value(raw: str, field: str = "value") -> Value:
    """Read one address (`a@shop.example`), domain (`shop.example` or `@shop.example`), SHA-256 or MD5 in hexadecimals.

    Errors: Invalid naming `field`.
    """
    typed = raw.strip()
    if not typed:
        raise Invalid({field: _("There is no address, domain or hash.")})
    if _HEX.fullmatch(typed) and len(typed) in _HASHES:
        return Value(_HASHES[len(typed)], typed.lower())
    if typed.startswith(("*@", "@")):
        return Value(EntryKind.DOMAIN, normalise_domain(typed.partition("@")[2], field))
    if "@" in typed:
        return Value(EntryKind.EMAIL, normalise_email(typed, field))
    if "*" in typed:
        raise Invalid(
            {field: _("No wildcards: an entry names one domain exactly, each subdomain is an entry of its own.")}
        )
    try:
        return Value(EntryKind.DOMAIN, normalise_domain(typed, field))
    except Invalid as error:
        says = _("“%(value)s” is no address, domain, SHA-256 or MD5.") % {"value": shown(raw)}
        raise Invalid({field: says}) from error


def keys_of(address: str) -> list[Value]:
    """List every key under which a normalised address may be suppressed: the same four as in `predicates.py`."""
    octets = address.encode()
    return [
        Value(EntryKind.EMAIL, address),
        Value(EntryKind.DOMAIN, address.rpartition("@")[2]),
        Value(EntryKind.SHA256, hashlib.sha256(octets).hexdigest()),
        Value(EntryKind.MD5, hashlib.md5(octets, usedforsecurity=False).hexdigest()),
    ]
