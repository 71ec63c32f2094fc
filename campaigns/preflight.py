"""The pre-flight list and the state of each of the builder's steps: what blocks, what to mind, what is in order."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.flight import fly
from campaigns.forecast import Known
from campaigns.frozen import Frozen
from campaigns.models import Campaign
from campaigns.readiness import Blocker
from campaigns.standing import Review, Stands
from campaigns.states import ExclusionReason
from connect.core.formats import number
from connect.core.jinja import language_name
from connect.core.models import Tenant
from conversations.health import Verdict, health_of
from conversations.models import Conversation, DkimKey


class Level(StrEnum):
    """How much a finding weighs."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"
    GOOD = "good"


@dataclass(frozen=True)
class Check:
    """One finding, and the step that mends it."""

    level: Level
    text: str
    step: str = ""
    go: str = ""


@dataclass(frozen=True)
class Step:
    """One of the builder's steps and how it stands: empty, incomplete, ready or voided."""

    name: str
    state: str
    detail: str = ""


def preflight(
    tenant: Tenant, found: Review, known: Known | None, blocking: list[Blocker], *, now: datetime
) -> list[Check]:
    """List all findings, those that block first."""
    checks = [_with_people(blocker, known) for blocker in blocking]
    if known and known.current:
        checks += _of_numbers(found.frozen, known, now)
    checks += _of_sender(tenant, found.frozen)
    if found.frozen.seeds is None:
        checks.append(Check(Level.INFO, _("No seed list: nobody gets a copy to look at"), "schedule", _("Choose one")))
    order = list(Level)
    return sorted(checks, key=lambda check: order.index(check.level))


def steps(campaign: Campaign, found: Review, known: Known | None, blocking: list[Blocker]) -> list[Step]:
    """Tell the state of each step."""
    left = {name: sum(blocker.step == name for blocker in blocking) for name in ("audience", "content", "schedule")}
    frozen = found.frozen
    late = known.waterfall.out[ExclusionReason.EXPIRED] if known and known.current else 0
    return [
        Step("information", "ready"),
        Step("audience", "empty") if frozen.speaker is None else _step("audience", left["audience"]),
        _content_step(found, left["content"]),
        _step("schedule", left["schedule"] or bool(late)),
        _review_step(campaign, found),
    ]


def tally(checks: list[Check]) -> str:
    """Say how much blocks and how much is to be minded."""
    blocking = sum(check.level == Level.BLOCKING for check in checks)
    warnings = sum(check.level == Level.WARNING for check in checks)
    says = []
    if blocking:
        says.append(_("%(count)s blocking") % {"count": number(blocking)})
    if warnings:
        says.append(ngettext("%(count)s warning", "%(count)s warnings", warnings) % {"count": number(warnings)})
    return ", ".join(says) or _("nothing blocks")


def _step(name: str, left: int) -> Step:
    return Step(name, "incomplete", _("%(count)s to fix") % {"count": number(left)}) if left else Step(name, "ready")


def _content_step(found: Review, left: int) -> Step:
    if found.content.stands == Stands.VOIDED:
        return Step("content", "voided")
    return Step("content", "empty") if not found.frozen.cells else _step("content", left)


def _review_step(campaign: Campaign, found: Review) -> Step:
    stands = {standing.stands for standing in found.both}
    if Stands.VOIDED in stands:
        return Step("review", "voided")
    if found.holds:
        return Step("review", "ready", _("Approved"))
    if Stands.ASKED in stands:
        return Step("review", "incomplete", _("Asked"))
    if stands & {Stands.REJECTED, Stands.CHANGES_REQUESTED}:
        return Step("review", "incomplete", _("Sent back"))
    return Step("review", "empty")


def _with_people(blocker: Blocker, known: Known | None) -> Check:
    says = blocker.says
    if blocker.languages and known and known.current:
        counted = known.waterfall
        people = counted.without_content(blocker.segment)
        people += sum(counted.reading(blocker.segment, language) for language in blocker.languages)
        if people:
            says = ngettext("%(what)s, %(count)s person", "%(what)s, %(count)s people", people)
            says %= {"what": blocker.says, "count": number(people)}
    return Check(Level.BLOCKING, says, blocker.step, blocker.act)


def _of_numbers(frozen: Frozen, known: Known, now: datetime) -> list[Check]:
    counted = known.waterfall
    checks = []
    if not counted.recipients:
        checks.append(Check(Level.BLOCKING, _("nobody would get it"), "audience", _("Look where they go")))
    if late := counted.out[ExclusionReason.EXPIRED]:
        says = ngettext(
            "%(count)s message would come after the expiry", "%(count)s messages would come after the expiry", late
        )
        checks.append(Check(Level.WARNING, says % {"count": number(late)}, "schedule", _("Change start or expiry")))
    waiting = fly(frozen, counted, at=now).waiting
    if waiting:
        says = ngettext(
            "%(count)s person waits for the end of the quiet period",
            "%(count)s people wait for the end of the quiet period",
            waiting,
        )
        checks.append(Check(Level.INFO, says % {"count": number(waiting)}, "schedule", _("See the flight plan")))
    others = sum(group.people for group in counted.groups if not group.tag)
    if others:
        says = ngettext(
            "%(count)s person reads another language, or none that is known, and gets %(language)s",
            "%(count)s people read another language, or none that is known, and get %(language)s",
            others,
        )
        words = {"count": number(others), "language": language_name(frozen.language)}
        checks.append(Check(Level.INFO, says % words, "content", _("See Content")))
    if twins := counted.out[ExclusionReason.DUPLICATE]:
        says = ngettext(
            "%(count)s person shares an address with another, who gets it",
            "%(count)s people share an address with another, who gets it",
            twins,
        )
        checks.append(Check(Level.INFO, says % {"count": number(twins)}))
    return checks


def _of_sender(tenant: Tenant, frozen: Frozen) -> list[Check]:
    if frozen.speaker is None:
        return []
    conversation = Conversation.objects.of(tenant).get(pk=frozen.speaker.id)
    keys = list(DkimKey.objects.of(tenant).filter(conversation=conversation))
    minded = [finding for finding in health_of(conversation, keys) if finding.verdict != Verdict.GOOD]
    checks = [
        Check(
            Level.INFO if finding.verdict == Verdict.WARNING else Level.WARNING,
            f"{finding.what}: {finding.says}",
            "conversation",
            _("Open the conversation"),
        )
        for finding in minded
    ]
    return checks or [Check(Level.GOOD, _("Sender, DKIM and footer are in order"))]
