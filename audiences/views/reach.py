"""Whom a model reaches in a conversation, stored or as it stands in the builder, and where to count."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, Subquery, Value, When
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from audiences.counts import TooSlow
from audiences.forms.model import ModelForm, read_id
from audiences.models import AudienceCount
from audiences.views.kinds import AnyKind, Found
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from conversations.models import Conversation


@needs(Role.VIEWER)
def reach(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Count a stored model in one conversation."""
    model: Any = kind.rows(request.tenant).visible_to(request.member).public(model_id)
    chosen = pick(conversations_for(request.tenant, request.member), request.GET)
    found = _find(
        chosen,
        lambda where: kind.count(request.tenant, model, where, now=request.now),
        _("It asks about a field that is no longer declared."),
    )
    form = kind.of(request.tenant, model)
    return _reach_page(request, kind, {"model": model, "chosen": chosen, "found": found, "form": form})


@needs(Role.MARKETER)
def draft_reach(request: ConsoleRequest, kind: AnyKind) -> HttpResponse:
    """Count a model as it stands in the builder, before it is saved, and say it in words."""
    form = kind.read(request.tenant, request.POST)
    chosen = pick(conversations_for(request.tenant, request.member), request.POST)
    found = find_in_draft(request, kind, form, chosen)
    return _reach_page(request, kind, {"model": None, "chosen": chosen, "found": found, "form": form})


def _reach_page(request: ConsoleRequest, kind: AnyKind, context: dict[str, Any]) -> HttpResponse:
    context = {**context, "kind": kind, **kind.said(request.tenant, context["form"])}
    return page(request, f"{kind.folder}/reach.html", context, part=f"{kind.folder}/_reach.html")


def find_in_draft(request: ConsoleRequest, kind: AnyKind, form: ModelForm, chosen: Conversation | None) -> Found:
    """Count a draft, or say why not."""
    return _find(
        chosen,
        lambda where: kind.count_draft(request.tenant, form, where, now=request.now),
        _("Complete the rules to count people."),
    )


def _find(chosen: Conversation | None, count: Callable[[Conversation], Any], incomplete: str) -> Found:
    if chosen is None:
        return Found(problem=_("There is no conversation yet to count in."))
    try:
        return Found(count(chosen))
    except TooSlow as error:
        return Found(problem=str(error))
    except Invalid:
        return Found(problem=incomplete)


def conversations_for(tenant: Tenant, member: Member) -> list[Conversation]:
    """List the conversations that a member may look at: the one last counted in first, then by name."""
    usual = AudienceCount.objects.of(tenant).order_by("-at").values("conversation_id")[:1]
    first = Case(When(pk=Subquery(usual), then=Value(0)), default=Value(1))
    mine = Conversation.objects.of(tenant).visible_to(member).filter(archived_at=None)
    return list(mine.order_by(first, "name"))


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
