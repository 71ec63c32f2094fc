"""A member's notices, newest first."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.actions.notices import read_notices
from connect.core.errors import Invalid
from connect.core.models import Notice
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

MOST_ROWS = 100


@needs(Role.VIEWER)
def notices(request: ConsoleRequest) -> HttpResponse:
    """List what the member was told."""
    found = list(Notice.objects.of(request.tenant).filter(member=request.member).order_by("-id")[:MOST_ROWS])
    context = {"notices": found, "unread": sum(one.read_at is None for one in found)}
    return page(request, "core/notices.html", context)


@needs(Role.VIEWER)
def read(request: ConsoleRequest) -> HttpResponse:
    """Mark what was shown as read."""
    try:
        up_to = datetime.fromisoformat(request.POST.get("up_to", ""))
    except ValueError as error:
        raise Invalid({"up_to": _("Say up to when.")}) from error
    if up_to.tzinfo is None:
        raise Invalid({"up_to": _("Say up to when.")})
    read_notices(request.tenant, by=request.member, up_to=up_to, now=request.now)
    return redirect(here(request, "notices"))
