"""Find anything: campaigns, content, customers, models and lists by the beginning or a part of their name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audiences.models import AudienceModel
from campaigns.models import Campaign
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.models import MessageContent
from conversations.models import Conversation, Customer
from segments.models import SegmentationModel

MOST_EACH = 8
FEWEST_CHARACTERS = 2


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    name: str
    note: str
    url: str


@needs(Role.VIEWER)
def search(request: ConsoleRequest) -> HttpResponse:
    """List what fits the words, by kind."""
    text = request.GET.get("q", "").replace("\x00", "").strip()
    found = list(_groups(request, text)) if len(text) >= FEWEST_CHARACTERS else []
    context = {"text": text, "groups": [(label, hits) for label, hits in found if hits], "search_text": text}
    return page(request, "search.html", context)


def _groups(request: ConsoleRequest, text: str) -> Iterable[tuple[str, list[Hit]]]:
    tenant, member = request.tenant, request.member
    yield (
        _("Campaigns"),
        [_hit(request, "campaign", one, one.description) for one in _named(Campaign, tenant, member, text)],
    )
    yield _("Content"), [_hit(request, "content", one) for one in _named(MessageContent, tenant, member, text)]
    yield _("Customers"), [_hit(request, "customer", one, one.email) for one in _customers(tenant, text)]
    yield _("Audiences"), [_hit(request, "audience", one) for one in _named(AudienceModel, tenant, member, text)]
    yield _("Segments"), [_hit(request, "segmentation", one) for one in _named(SegmentationModel, tenant, member, text)]
    yield _("Conversations"), [_hit(request, "conversation", one) for one in _named(Conversation, tenant, member, text)]


def _named(model: Any, tenant: Tenant, member: Member, text: str) -> list[Any]:
    return list(model.objects.of(tenant).visible_to(member).filter(name__icontains=text).order_by("name")[:MOST_EACH])


def _customers(tenant: Tenant, text: str) -> list[Customer]:
    wanted = Q(external_id__startswith=text) | Q(email_key__startswith=text.lower())
    return list(Customer.objects.of(tenant).filter(wanted).order_by("external_id")[:MOST_EACH])


def _hit(request: ConsoleRequest, url_name: str, thing: Any, note: str = "") -> Hit:
    return Hit(str(thing), note, here(request, url_name, thing.public_id))
