"""Whom a rule reaches in a conversation: the count, ten of them, and which conversation to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from audiences.actions.counts import count_audience
from audiences.counts import Count, TooSlow, count, sample
from audiences.forms.audience import AudienceForm, read_id
from audiences.forms.builder import Builder
from audiences.models import AudienceCount, AudienceModel
from audiences.rules.schema import check_in
from audiences.rules.sentence import Word, say
from audiences.rules.sources import vocabulary
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from conversations.models import Conversation, Customer


@dataclass(frozen=True)
class Reach:
    """A count and a sample; `problem` says why there are none. Without either, nobody has counted yet."""

    count: Count | None = None
    sample: Sequence[Customer] = ()
    problem: str = ""

    @property
    def share(self) -> float | None:
        """The part of the members who fit, of one."""
        return self.count.people / self.count.members if self.count and self.count.members else None


@needs(Role.VIEWER)
def reach(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Count a stored model in one conversation, and show ten who fit."""
    model = AudienceModel.objects.of(request.tenant).visible_to(request.member).public(audience_id)
    conversations = conversations_for(request.tenant, request.member)
    chosen = pick(conversations, request.GET)
    found = Reach(problem=_("There is no conversation yet to count in."))
    if chosen:
        try:
            counted = count_audience(request.tenant, audience_id, chosen, now=request.now)
            found = Reach(counted, sample(request.tenant, chosen, model.rule, now=request.now))
        except TooSlow as error:
            found = Reach(problem=str(error))
        except Invalid:
            found = Reach(problem=_("This rule asks about a field that is no longer declared."))
    context = {"model": model, "found": found, "conversations": conversations, "chosen": chosen, "words": None}
    return page(request, "audiences/reach.html", context, part="audiences/_reach.html")


@needs(Role.MARKETER)
def draft_reach(request: ConsoleRequest) -> HttpResponse:
    """Count a rule as it stands in the builder, before it is saved, and say it in words."""
    form = AudienceForm.read(Builder(vocabulary(request.tenant), request.tenant.default_zone), request.POST)
    return page(
        request, "audiences/reach.html", {"model": None, **draft_context(request, form)}, part="audiences/_reach.html"
    )


def draft_context(request: ConsoleRequest, form: AudienceForm, *, counted: bool = True) -> dict[str, Any]:
    """Gather what the pages show of a draft: its sentence, where to count it, and the count where it is asked for."""
    conversations = conversations_for(request.tenant, request.member)
    chosen = pick(conversations, request.POST)
    rule = form.json()
    return {
        "found": _draft_reach(request, chosen, form, rule) if chosen and counted else Reach(),
        "conversations": conversations,
        "chosen": chosen,
        "words": draft_words(request.tenant, form.builder, rule),
    }


def draft_words(tenant: Tenant, builder: Builder, rule: object) -> list[Word]:
    """Say a draft in words, as soon as it is complete."""
    try:
        return say(tenant, check_in(builder.fields, rule))
    except Invalid:
        return [Word(_("This rule isn’t complete yet."), "text")]


def _draft_reach(request: ConsoleRequest, chosen: Conversation, form: AudienceForm, rule: Mapping[str, Any]) -> Reach:
    try:
        check_in(form.builder.fields, rule)
        counted = count(request.tenant, chosen, rule, now=request.now)
        return Reach(counted, sample(request.tenant, chosen, rule, now=request.now))
    except Invalid:
        return Reach(problem=_("Complete the rule to see whom it lets in."))
    except TooSlow as error:
        return Reach(problem=str(error))


def conversations_for(tenant: Tenant, member: Member) -> list[Conversation]:
    """List the conversations that a member may look at: the one last counted in first, then by name."""
    mine = list(Conversation.objects.of(tenant).visible_to(member).filter(archived_at=None).order_by("name"))
    usual = AudienceCount.objects.of(tenant).order_by("-at").values_list("conversation_id", flat=True).first()
    return sorted(mine, key=lambda one: one.pk != usual)


def pick(conversations: Sequence[Conversation], query: QueryDict) -> Conversation | None:
    """Pick the conversation that was asked for, or the first.

    Errors: Conversation.DoesNotExist for one that the member may not look at.
    """
    asked = query.get("conversation", "")
    if not asked:
        return conversations[0] if conversations else None
    for conversation in conversations:
        if conversation.public_id == read_id(asked):
            return conversation
    raise Conversation.DoesNotExist
