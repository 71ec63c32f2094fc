"""Lanes: receiving domains that are one receiver, and are paced as one. Knows no message and no database.

A chunk holds messages of one lane, or of all the domains that have none of their own; those share lane "".
"""

from collections.abc import Iterable

#: Large receivers and the domains that they answer for. What a tenant paces by itself gets a lane of its own.
GROUPS = {
    "google": ("gmail.com", "googlemail.com"),
    "microsoft": (
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "outlook.fr", "outlook.de"),
        *("hotmail.fr", "hotmail.de", "hotmail.co.uk", "hotmail.ca", "live.fr", "live.de", "live.co.uk", "live.ca"),
    ),
    "yahoo": (
        *("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aim.com", "verizon.net", "yahoo.ca", "yahoo.fr"),
        *("yahoo.de", "yahoo.co.uk", "yahoo.es", "yahoo.it", "yahoo.com.br", "yahoo.co.in"),
    ),
    "apple": ("icloud.com", "me.com", "mac.com"),
}
GROUP_OF = {domain: lane for lane, domains in GROUPS.items() for domain in domains}
OTHERS = ""


def lane_map(own: Iterable[str]) -> dict[str, str]:
    """Tell each domain's lane: those of the groups, and each of these domains by itself unless a group has it."""
    return {**{domain: domain for domain in own if domain not in GROUPS}, **GROUP_OF}
