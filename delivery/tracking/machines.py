"""Tell people from machines that fetch what people were sent, and name the rule that told.

Nothing is thrown away: an event that a machine caused keeps the rule's name, and reports show it apart.
"""

import re
from collections.abc import Mapping

#: Rule → what a User-Agent of that kind holds. Asked in this order.
AGENTS = {
    "scanner": re.compile(
        r"barracuda|mimecast|proofpoint|symantec|messagelabs|trendmicro|sophos|fortigate|ironport|safelinks|urlscan"
        r"|virustotal|zscaler|paloalto|cloudmark|checkpoint|trustwave|forcepoint|bitdefender|fireeye",
        re.IGNORECASE,
    ),
    "preview": re.compile(
        r"facebookexternalhit|slackbot|twitterbot|linkedinbot|whatsapp|telegrambot|discordbot|skypeuripreview|bingpreview"
        r"|embedly|google-read-aloud|vkshare",
        re.IGNORECASE,
    ),
    "bot": re.compile(
        r"bot\b|crawl|spider|slurp|headless|phantomjs|python-|curl/|wget/|libwww|go-http|java/|okhttp", re.IGNORECASE
    ),
}
#: Apple's mail privacy proxy fetches every image beforehand, under this bare name.
APPLE_PRIVACY = "Mozilla/5.0"
PREFETCH = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AGENT_CHARACTERS = 200

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def machine(method: str, headers: Mapping[str, str]) -> str:
    """Name the rule that marks a request as a machine's; "" for a person's."""
    if method == "HEAD":
        return "head"
    if any(PREFETCH.search(headers.get(name, "")) for name in PREFETCH_HEADERS):
        return "prefetch"
    said = headers.get("User-Agent", "").strip()
    if not said:
        return "no_agent"
    if said == APPLE_PRIVACY:
        return "apple_privacy"
    return next((rule for rule, pattern in AGENTS.items() if pattern.search(said)), "")


def agent(headers: Mapping[str, str]) -> str:
    """What the client calls itself, printable and short."""
    return _UNPRINTABLE.sub(" ", headers.get("User-Agent", ""))[:AGENT_CHARACTERS]
