"""What DNS holds where a DKIM key's record should be. Slow and remote: never inside a transaction.

Source: RFC 6376, 3.6.1 (the record's tags) and 3.6.2.2 (its place).
"""

import re
from dataclasses import dataclass

import dns.exception
import dns.resolver

from conversations.dkim import record_name
from conversations.states import DnsState

#: For all tries together. A resolver that needs longer counts as unreachable.
LOOKUP_SECONDS = 4.0
#: What is kept of a foreign record, to be shown.
SEEN_CHARACTERS = 1000


@dataclass(frozen=True)
class Finding:
    """What one look found: its state, and the text that was there."""

    state: DnsState
    seen: str = ""


def look_up_key(domain: str, selector: str, record: str, *, resolver: dns.resolver.Resolver | None = None) -> Finding:
    """Look whether a key's record is published, and is this key's.

    Shape: UNREACHABLE wherever DNS gave no answer either way; MISSING only where it said that nothing is there.
    """
    try:
        found = (resolver or dns.resolver.Resolver()).resolve(
            record_name(domain, selector), "TXT", lifetime=LOOKUP_SECONDS, search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Finding(DnsState.MISSING)
    except (dns.exception.DNSException, OSError):
        return Finding(DnsState.UNREACHABLE)
    texts = [b"".join(answer.strings).decode("ascii", "replace") for answer in found]
    if len(texts) == 1 and _tags(texts[0]) == _tags(record):
        return Finding(DnsState.PUBLISHED, texts[0][:SEEN_CHARACTERS])
    return Finding(DnsState.DIFFERENT, "\n".join(texts)[:SEEN_CHARACTERS])


def _tags(record: str) -> tuple[str, str, str]:
    tags = {}
    for part in record.split(";"):
        name, _, value = part.partition("=")
        tags[name.strip()] = re.sub(r"\s", "", value)
    return tags.get("v", "DKIM1"), tags.get("k", "rsa"), tags.get("p", "")
