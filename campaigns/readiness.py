"""What must be in order before a campaign may be asked for, launched or started; each with the step that mends it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audiences.rules.compile import compile_rule
from campaigns.clock import instant, zone_named
from campaigns.frozen import Frozen
from campaigns.states import StartKind
from connect.core.errors import Invalid
from connect.core.jinja import language_name
from connect.core.models import Tenant
from conversations.models import Conversation


@dataclass(frozen=True)
class Blocker:
    """One thing that keeps a campaign from going; `languages` are the empty cells of a segment's row."""

    step: str
    says: str
    act: str
    segment: int | None = None
    languages: tuple[str, ...] = ()


def blockers(tenant: Tenant, frozen: Frozen, *, now: datetime) -> list[Blocker]:
    """List what keeps a campaign from being approved and started, without counting anybody."""
    return [
        *_audience_blockers(tenant, frozen, now),
        *_content_blockers(frozen),
        *_schedule_blockers(frozen, now),
    ]


def row_names(frozen: Frozen) -> dict[int | None, str]:
    """Name the rows of the content matrix."""
    if frozen.segmentation is None:
        return {None: _("Everybody")}
    named: dict[int | None, str] = {segment.id: segment.name for segment in frozen.segmentation.segments}
    return {**named, None: _("Leftovers")} if frozen.segmentation.leftovers else named


def _audience_blockers(tenant: Tenant, frozen: Frozen, now: datetime) -> list[Blocker]:
    if frozen.speaker is None:
        return [Blocker("audience", _("no conversation is chosen"), _("Choose one"))]
    found = []
    if Conversation.objects.of(tenant).filter(pk=frozen.speaker.id, archived_at__isnull=False).exists():
        found.append(Blocker("audience", _("the conversation is archived"), _("Choose another")))
    rules = [frozen.audience.rule] if frozen.audience else []
    rules += [segment.rule for segment in frozen.segmentation.segments] if frozen.segmentation else []
    for rule in rules:
        try:
            compile_rule(tenant, rule, now=now)
        except Invalid:
            says = _("a rule asks about a field that is declared no more")
            return [*found, Blocker("audience", says, _("Choose another model"))]
    return found


def _content_blockers(frozen: Frozen) -> list[Blocker]:
    if not frozen.cells:
        return [Blocker("content", _("no content is assigned"), _("Assign content"))]
    gaps: dict[int | None, list[str]] = {}
    for segment, language in frozen.gaps():
        gaps.setdefault(segment, []).append(language)
    names = row_names(frozen)
    return [
        Blocker(
            "content",
            _("no %(languages)s content for %(segment)s")
            % {"languages": _(" and ").join(map(language_name, languages)), "segment": names[segment]},
            _("Add it in Content"),
            segment,
            tuple(languages),
        )
        for segment, languages in gaps.items()
    ]


def _schedule_blockers(frozen: Frozen, now: datetime) -> list[Blocker]:
    if frozen.expires_at and frozen.expires_at <= now:
        return [Blocker("schedule", _("the expiry is past"), _("Choose a later expiry"))]
    if frozen.start.kind == StartKind.NOW:
        return []
    if frozen.start.local is None:
        return [Blocker("schedule", _("no start is chosen"), _("Choose a start"))]
    zone = frozen.speaker.zone if frozen.speaker else "UTC"
    if instant(frozen.start.local, zone_named(zone, "UTC")) <= now:
        return [Blocker("schedule", _("the start is past"), _("Choose a later start"))]
    return []


def not_ready(found: list[Blocker]) -> str:
    """Say how much is in the way, and what."""
    count = len(found)
    says = "; ".join(blocker.says for blocker in found[:5])
    return ngettext("Not ready: %(what)s.", "Not ready, %(count)d things: %(what)s.", count) % {
        "count": count,
        "what": says,
    }
