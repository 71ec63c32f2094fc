"""The list of audience models."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audiences.forms.listing import Listing, read_listing
from audiences.models import AudienceCount, AudienceModel
from audiences.queries import DEFAULT_ORDER, ORDERS
from audiences.rules.schema import read_rule
from audiences.rules.sentence import plain, say
from audiences.rules.sources import Vocabulary, vocabulary
from audiences.uses import AUDIENCE
from connect.core.errors import Invalid
from connect.core.models import Tenant
from connect.core.panels import use_counts
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

PAGE_SIZE = 50


@needs(Role.VIEWER)
def audiences(request: ConsoleRequest) -> HttpResponse:
    """List the models with their rule in words, their last count, and how many campaigns use them."""
    asked = read_listing(request.GET, ORDERS, DEFAULT_ORDER)
    mine = AudienceModel.objects.of(request.tenant).visible_to(request.member)
    shown = mine.archived() if asked.archived else mine.live()
    found = Paginator(shown.named_like(asked.find).sorted_by(asked.sort), PAGE_SIZE).get_page(asked.page)
    context = {
        "found": found,
        "listed": _listed(request.tenant, list(found)),
        "asked": asked,
        "states": _tabs(request, mine.tally(), asked),
        "may_make": request.member.may(Role.MARKETER),
        "here": request.get_full_path(),
    }
    return page(request, "audiences/list.html", context, part="audiences/_table.html")


def _tabs(request: ConsoleRequest, tally: tuple[int, int], asked: Listing) -> list[dict[str, Any]]:
    live, archived = tally
    url = here(request, "audiences")
    return [
        {"label": _("In use"), "url": url, "count": live, "current": not asked.archived},
        {"label": _("Archived"), "url": f"{url}?archived=1", "count": archived, "current": asked.archived},
    ]


def _listed(tenant: Tenant, models: list[AudienceModel]) -> list[dict[str, Any]]:
    fields = vocabulary(tenant)
    uses = use_counts(tenant, AUDIENCE, [one.public_id for one in models])
    known = AudienceCount.objects.of(tenant).filter(audience__in=models).select_related("conversation").order_by("at")
    counts = {count.audience_id: count for count in known}
    return [
        {
            "model": one,
            "count": counts[one.pk] if one.pk in counts and counts[one.pk].version == one.version else None,
            "uses": uses[one.public_id],
            "rule": in_words(tenant, fields, one.rule),
        }
        for one in models
    ]


def in_words(tenant: Tenant, fields: Vocabulary, rule: object) -> str | None:
    """Say a stored rule in one line; None where it asks about something that is declared no more."""
    try:
        return plain(say(tenant, read_rule(fields, rule)))
    except Invalid:
        return None
