"""What differs between what was approved and what is there now, part by part, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.rules.sentence import plain, sentence
from campaigns.fingerprint import LABEL, Parts, changed_parts
from campaigns.frozen import Start
from campaigns.states import StartKind
from campaigns.when import rate_words, start_words
from connect.core.errors import Invalid
from connect.core.formats import as_datetime
from connect.core.jinja import language_name
from connect.core.models import Tenant


@dataclass(frozen=True)
class Change:
    """One difference: `before` and `after` in words, None where there was or is nothing to show."""

    name: str
    before: str | None = None
    after: str | None = None
    where: str = ""
    text: str = ""
    compare: tuple[int, int] | None = None


def changes(tenant: Tenant, before: Parts, after: Parts) -> list[Change]:
    """List the differences between two sets of parts."""
    return [change for part in changed_parts(before, after) for change in _CHANGES[part](tenant, before, after)]


Differences = Iterator[Change]


def _pair(name: str, sides: Sequence[str | None], where: str = "") -> Change:
    before, after = sides
    return Change(name, before, after, where)


def _conversation(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    old, new = before.get("conversation") or {}, after.get("conversation") or {}
    if old.get("id") != new.get("id"):
        yield Change(_("Conversation"), _label(old), _label(new))
    for name, title in _SPEAKS.items():
        if old.get(name, "") != new.get(name, ""):
            yield Change(str(title), old.get(name) or None, new.get(name) or None)


def _audience(tenant: Tenant, before: Parts, after: Parts) -> Differences:
    old, new = before.get("audience"), after.get("audience")
    if (old or {}).get("id") != (new or {}).get("id"):
        yield Change(_("Audience"), _label(old) or _("Everybody"), _label(new) or _("Everybody"))
    if old and new and old["rule"] != new["rule"]:
        yield Change(_("Audience"), _say(tenant, old["rule"]), _say(tenant, new["rule"]), where=_label(new) or "")


def _segments(tenant: Tenant, before: Parts, after: Parts) -> Differences:
    old, new = before.get("segments"), after.get("segments")
    if (old or {}).get("id") != (new or {}).get("id"):
        yield Change(_("Segments"), _label(old) or _("None"), _label(new) or _("None"))
        return
    if not old or not new:
        return
    if old["leftovers"] != new["leftovers"]:
        says = {True: _("get content"), False: _("get nothing")}
        yield Change(_("Leftovers"), says[old["leftovers"]], says[new["leftovers"]])
    was = {one["id"]: one for one in old["segments"]}
    now = {one["id"]: one for one in new["segments"]}
    for key in was.keys() | now.keys():
        rule_was, rule_now = was.get(key), now.get(key)
        if (rule_was or {}).get("rule") != (rule_now or {}).get("rule"):
            yield Change(
                _("Segment"),
                _say(tenant, rule_was["rule"]) if rule_was else None,
                _say(tenant, rule_now["rule"]) if rule_now else None,
                where=_label(rule_now or rule_was) or "",
            )
    if list(was) != list(now) and was.keys() == now.keys():
        yield _pair(
            _("Order of segments"), [", ".join(_label(one) or "" for one in side.values()) for side in (was, now)]
        )


def _content(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    old, new = before.get("content") or {}, after.get("content") or {}
    if old.get("language") != new.get("language"):
        yield _pair(_("Language"), [language_name(side["language"]) if side else None for side in (old, new)])
    was, now = _cells(old), _cells(new)
    for key in sorted(was.keys() | now.keys()):
        left, right = was.get(key), now.get(key)
        if left and right and left["hash"] == right["hash"]:
            continue
        label = (right or left or {}).get(LABEL, {})
        where = ", ".join(filter(None, (language_name(key[1]), label.get("segment"))))
        compare = None
        if left and right and left[LABEL].get("content") == right[LABEL].get("content"):
            compare = (left[LABEL]["revision"], right[LABEL]["revision"])
        yield Change(_("Content"), _revision(left), _revision(right), where=where, compare=compare)


def _seeds(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    old, new = before.get("seeds"), after.get("seeds")
    if (old or {}).get("id") != (new or {}).get("id"):
        yield Change(_("Seed list"), _label(old) or _("None"), _label(new) or _("None"))
    elif old and new:
        counts = {"before": len(old["addresses"]), "after": len(new["addresses"])}
        yield Change(_("Seed list"), text=_("%(before)d → %(after)d people") % counts, where=_label(new) or "")


def _start(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    sides = [
        ", ".join(filter(None, start_words(Start(StartKind(side["start"]["kind"]), side["start"]["at"]), _zone(side))))
        for side in (before, after)
    ]
    yield _pair(_("Start"), sides)


def _quiet(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    sides = [
        f"{side['quiet'][0][:5]}–{side['quiet'][1][:5]}" if side.get("quiet") else _("None") for side in (before, after)
    ]
    yield _pair(_("Quiet period"), sides)


def _expiry(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    sides = [
        as_datetime(datetime.fromisoformat(side["expiry"]), _zone(side)) if side.get("expiry") else _("Never")
        for side in (before, after)
    ]
    yield _pair(_("Expiry"), sides)


def _rate(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    yield _pair(_("Rate"), [rate_words(side.get("rate")) for side in (before, after)])


def _channels(_tenant: Tenant, before: Parts, after: Parts) -> Differences:
    yield _pair(_("Channels"), [", ".join(side.get("channels", [])) for side in (before, after)])


_CHANGES = {
    "conversation": _conversation,
    "audience": _audience,
    "segments": _segments,
    "content": _content,
    "seeds": _seeds,
    "start": _start,
    "quiet": _quiet,
    "expiry": _expiry,
    "rate": _rate,
    "channels": _channels,
}
_SPEAKS = {
    "from_name": gettext_lazy("From name"),
    "from_email": gettext_lazy("From address"),
    "reply_to": gettext_lazy("Reply-to address"),
    "bounce_domain": gettext_lazy("Bounce domain"),
    "postal_address": gettext_lazy("Postal address"),
    "footer": gettext_lazy("Footer"),
    "zone": gettext_lazy("Time zone"),
}


def approved_hashes(parts: Parts) -> dict[tuple[str, str], str]:
    """Tell the hash of each cell that was approved, by segment's public id ("" for the rest) and language."""
    return {key: cell["hash"] for key, cell in _cells(parts.get("content") or {}).items()}


def _cells(content: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["segment"], cell["language"]): cell for cell in content.get("cells", [])}


def _revision(cell: Mapping[str, Any] | None) -> str | None:
    return f"{cell[LABEL]['content']}, r{cell[LABEL]['number']}" if cell else None


def _label(part: Mapping[str, Any] | None) -> str | None:
    return part[LABEL]["name"] if part else None


def _zone(parts: Parts) -> str:
    return str((parts.get("conversation") or {}).get("zone", "UTC"))


def _say(tenant: Tenant, rule: dict[str, Any]) -> str:
    try:
        return plain(sentence(tenant, rule))
    except Invalid:
        return _("a rule about a field that is declared no more")


def public_ids(pairs: Mapping[int, UUID], change: Change) -> tuple[UUID, UUID] | None:
    """Turn the keys of two revisions into their public ids, for the page that compares them."""
    if change.compare is None or any(key not in pairs for key in change.compare):
        return None
    return pairs[change.compare[0]], pairs[change.compare[1]]
