"""The list of segmentation models."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audiences.forms.listing import Listing, read_listing
from audiences.queries import DEFAULT_ORDER, ORDERS
from audiences.uses import SEGMENTATION
from connect.core.models import Tenant
from connect.core.panels import use_counts
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from segments.models import Segment, SegmentationModel

PAGE_SIZE = 50


@needs(Role.VIEWER)
def segmentations(request: ConsoleRequest) -> HttpResponse:
    """List the models with their segments in order, and how many campaigns use them."""
    asked = read_listing(request.GET, ORDERS, DEFAULT_ORDER)
    mine = SegmentationModel.objects.of(request.tenant).visible_to(request.member)
    shown = mine.archived() if asked.archived else mine.live()
    found = Paginator(shown.named_like(asked.find).sorted_by(asked.sort), PAGE_SIZE).get_page(asked.page)
    context = {
        "found": found,
        "listed": _listed(request.tenant, list(found)),
        "asked": asked,
        "states": _states(request, mine.tally(), asked),
        "may_make": request.member.may(Role.MARKETER),
        "here": request.get_full_path(),
    }
    return page(request, "segments/list.html", context, part="segments/_table.html")


def _states(request: ConsoleRequest, tally: tuple[int, int], asked: Listing) -> list[dict[str, Any]]:
    live, archived = tally
    url = here(request, "segmentations")
    return [
        {"label": _("In use"), "url": url, "count": live, "current": not asked.archived},
        {"label": _("Archived"), "url": f"{url}?archived=1", "count": archived, "current": asked.archived},
    ]


def _listed(tenant: Tenant, models: list[SegmentationModel]) -> list[dict[str, Any]]:
    uses = use_counts(tenant, SEGMENTATION, [one.public_id for one in models])
    names: dict[int, list[str]] = {}
    for model_id, name in (
        Segment.objects.of(tenant).filter(model__in=models).order_by("position").values_list("model_id", "name")
    ):
        names.setdefault(model_id, []).append(name)
    return [{"model": one, "segments": names.get(one.pk, []), "uses": uses[one.public_id]} for one in models]
