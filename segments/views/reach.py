"""How a conversation's members fall into segments, for stored models and for drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from audiences.counts import TooSlow
from audiences.rules.schema import check_in
from audiences.rules.sources import vocabulary
from audiences.views.reach import conversations_for, pick
from connect.core.errors import Invalid
from connect.core.models import Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from conversations.models import Conversation
from segments.counts import SegmentCounts, count_segments
from segments.forms.segmentation import SegmentationForm
from segments.models import SegmentationModel


@dataclass(frozen=True)
class Split:
    """The counts; `problem` says why there are none. Without either, nobody has counted yet."""

    counts: SegmentCounts | None = None
    problem: str = ""

    @property
    def most(self) -> int:
        """The largest part, as which bars are drawn longest."""
        return max((*self.counts.people, self.counts.leftovers)) if self.counts else 0


@needs(Role.VIEWER)
def reach(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Count a stored model's segments in one conversation."""
    model = SegmentationModel.objects.of(request.tenant).visible_to(request.member).public(model_id)
    segments = model.segments()
    conversations = conversations_for(request.tenant, request.member)
    chosen = pick(conversations, request.GET)
    context = {
        "model": model,
        "names": [one.name for one in segments],
        "leftovers_get_content": model.leftovers_get_content,
        "chosen": chosen,
        "found": split(request, chosen, [one.rule for one in segments]),
    }
    return page(request, "segments/reach.html", context, part="segments/_reach.html")


@needs(Role.MARKETER)
def draft_reach(request: ConsoleRequest) -> HttpResponse:
    """Count the segments as they stand in the builder, before they are saved."""
    form = SegmentationForm.read(vocabulary(request.tenant), request.tenant.default_zone, request.POST)
    context = {"model": None, **draft_context(request, form)}
    return page(request, "segments/reach.html", context, part="segments/_reach.html")


def draft_context(request: ConsoleRequest, form: SegmentationForm, *, counted: bool = True) -> dict[str, Any]:
    """Gather what the pages show of a draft: where to count it, and the counts where they are asked for."""
    conversations = conversations_for(request.tenant, request.member)
    chosen = pick(conversations, request.POST)
    return {
        "names": [one.title for one in form.segments],
        "leftovers_get_content": form.leftovers_get_content,
        "conversations": conversations,
        "chosen": chosen,
        "found": _draft_split(request, chosen, form) if counted else Split(),
    }


def _draft_split(request: ConsoleRequest, chosen: Conversation | None, form: SegmentationForm) -> Split:
    rules = [one.rule for one in form.wanted().segments]
    try:
        for rule in rules:
            check_in(form.fields, rule)
    except Invalid:
        return Split(problem=_("Complete the rules to see who falls where."))
    return split(request, chosen, rules)


def split(request: ConsoleRequest, chosen: Conversation | None, rules: Sequence[object]) -> Split:
    """Count, or say why not."""
    if chosen is None:
        return Split(problem=_("There is no conversation yet to count in."))
    try:
        return Split(_counted(request.tenant, chosen, rules, request))
    except TooSlow as error:
        return Split(problem=str(error))
    except Invalid:
        return Split(problem=_("A rule asks about a field that is no longer declared."))


def _counted(tenant: Tenant, chosen: Conversation, rules: Sequence[object], request: ConsoleRequest) -> SegmentCounts:
    return count_segments(tenant, chosen, rules, now=request.now)
