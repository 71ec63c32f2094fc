"""The audit log: who did what, newest first."""

from operator import itemgetter

from django.http import HttpResponse

from connect.core import deeds
from connect.core.cursors import read_cursor, write_cursor
from connect.core.forms import AuditFilterForm
from connect.core.models import AuditEntry
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page

PAGE_ROWS = 100


@needs(Role.ADMIN)
def audit_log(request: ConsoleRequest) -> HttpResponse:
    """List deeds, filtered by member and deed, by keyset."""
    form = AuditFilterForm(request.GET)
    wanted = form.clean() if form.is_valid() else {"who": "", "did": ""}
    entries = AuditEntry.objects.of(request.tenant).order_by("-id")
    if wanted.get("who"):
        entries = entries.filter(member_name__icontains=wanted["who"])
    if wanted.get("did"):
        entries = entries.filter(did__startswith=wanted["did"])
    if before := read_cursor(request.GET.get("before", "")):
        entries = entries.filter(pk__lt=before)
    found = list(entries[: PAGE_ROWS + 1])
    more = write_cursor(found[PAGE_ROWS - 1].pk) if len(found) > PAGE_ROWS else ""
    codes = set(AuditEntry.objects.of(request.tenant).values_list("did", flat=True).distinct())
    things = deeds.things(request.tenant, found[:PAGE_ROWS])
    context = {
        "rows": [
            {
                "entry": entry,
                "says": deeds.words(entry.did),
                "about": things.get(entry.thing),
                "details": deeds.details(entry, things.get(entry.thing)),
            }
            for entry in found[:PAGE_ROWS]
        ],
        "more": more,
        "form": form,
        "deed_options": sorted(((code, str(deeds.words(code))) for code in codes), key=itemgetter(1)),
        "wanted": wanted,
    }
    return page(
        request, "core/audit.html", context, part="core/_audit_rows.html", status=200 if form.is_valid() else 422
    )
