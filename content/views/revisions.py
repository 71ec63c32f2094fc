"""The revisions of a content: all of them, and what differs between two."""

from uuid import UUID

from django.http import HttpResponse

from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from content.compare import compare
from content.forms import CompareForm
from content.models import MessageContent, Revision

MOST_ROWS = 500


@needs(Role.VIEWER)
def revisions(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """List the revisions of each language, newest first."""
    content = MessageContent.objects.of(request.tenant).visible_to(request.member).public(content_id)
    found = Revision.objects.of(request.tenant).filter(content=content).without_words().select_related("member")
    listed = list(found.order_by("language", "-number")[:MOST_ROWS])
    by_language: dict[str, list[Revision]] = {}
    for revision in listed:
        by_language.setdefault(revision.language, []).append(revision)
    groups = [
        {"language": language, "rows": list(zip(rows, [*rows[1:], None], strict=True))}
        for language, rows in by_language.items()
    ]
    pair = next((rows[:2] for rows in by_language.values() if len(rows) > 1), listed[:2])
    context = {
        "content": content,
        "groups": groups,
        "amount": len(listed),
        "may_edit": request.member.may(Role.MARKETER, content.department_id) and content.archived_at is None,
        "after": pair[0].public_id if pair else None,
        "before": pair[-1].public_id if pair else None,
    }
    return page(request, "content/revisions.html", context)


@needs(Role.VIEWER)
def compared(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Show what differs between two revisions of a content.

    Errors: Revision.DoesNotExist unless both are named and are this content's.
    """
    content = MessageContent.objects.of(request.tenant).visible_to(request.member).public(content_id)
    form = CompareForm(request.GET)
    if not form.is_valid():
        raise Revision.DoesNotExist
    own = Revision.objects.of(request.tenant).filter(content=content).select_related("member")
    before, after = own.public(form.cleaned_data["before"]), own.public(form.cleaned_data["after"])
    changes = compare(before, after)
    context = {
        "content": content,
        "before": before,
        "after": after,
        "changes": [change for change in changes if change.lines],
        "same": [change.part for change in changes if not change.lines],
        "may_edit": request.member.may(Role.MARKETER, content.department_id) and content.archived_at is None,
    }
    return page(request, "content/compare.html", context)
