"""The lists of models, audience and segmentation models alike."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audiences.forms.listing import Listing, read_listing
from audiences.queries import DEFAULT_ORDER, ORDERS
from audiences.views.kinds import AnyKind
from connect.core.panels import use_counts
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

PAGE_SIZE = 50


@needs(Role.VIEWER)
def listing(request: ConsoleRequest, kind: AnyKind) -> HttpResponse:
    """List the models, each in few words, and how many campaigns use them."""
    asked = read_listing(request.GET, ORDERS, DEFAULT_ORDER)
    mine = kind.rows(request.tenant).visible_to(request.member)
    shown = mine.archived() if asked.archived else mine.live()
    found = Paginator(shown.named_like(asked.find).sorted_by(asked.sort), PAGE_SIZE).get_page(asked.page)
    models = list(found)
    uses = use_counts(request.tenant, kind.use, [one.public_id for one in models])
    context = {
        "kind": kind,
        "found": found,
        "listed": [
            {**more, "model": one, "uses": uses[one.public_id]}
            for one, more in zip(models, kind.listed(request.tenant, models), strict=True)
        ],
        "asked": asked,
        "states": _tabs(request, kind, mine.tally(), asked),
        "may_make": request.member.may(Role.MARKETER),
        "here": request.get_full_path(),
    }
    return page(request, f"{kind.folder}/list.html", context, part=f"{kind.folder}/_table.html")


def _tabs(request: ConsoleRequest, kind: AnyKind, tally: tuple[int, int], asked: Listing) -> list[dict[str, Any]]:
    live, archived = tally
    url = here(request, kind.names)
    return [
        {"label": _("In use"), "url": url, "count": live, "current": not asked.archived},
        {"label": _("Archived"), "url": f"{url}?archived=1", "count": archived, "current": asked.archived},
    ]
