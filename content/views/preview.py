"""A revision as one reader would see it: the pane beside the editor, the page of its own, and the bare mail in a frame.

The mail itself comes from an address of its own that no script can run at: sandboxed, nothing but images and styles.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.html import escape
from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from connect.core.jinja import language_name
from connect.core.links import with_query
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.actions.contents import newest_revisions
from content.forms import PreviewForm
from content.models import MessageContent, Revision
from content.reader import Reader, conversations_of, find_customer, first_customer, render_for
from content.rendering.preview import Preview
from conversations.models import Conversation, Customer

FRAME_POLICY = (
    "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


@needs(Role.VIEWER)
def preview(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Show a content's preview: the pane for htmx, a page of its own otherwise."""
    content = MessageContent.objects.of(request.tenant).visible_to(request.member).public(content_id)
    newest = newest_revisions(request.tenant, content)
    form = PreviewForm(request.GET)
    context = {"content": content, **pane(request, content, newest, form, wide=not request.htmx)}
    status = 200 if form.is_valid() else 422
    return page(request, "content/preview.html", context, part="content/_preview.html", status=status)


@needs(Role.VIEWER)
def revision_html(request: ConsoleRequest, revision_id: UUID) -> HttpResponse:
    """Answer with the bare HTML of a revision for one reader."""
    return _bare(request, revision_id, "text/html")


@needs(Role.VIEWER)
def revision_text(request: ConsoleRequest, revision_id: UUID) -> HttpResponse:
    """Answer with the text part of a revision for one reader."""
    return _bare(request, revision_id, "text/plain")


def pane(
    request: ConsoleRequest,
    content: MessageContent,
    newest: dict[str, Revision],
    form: PreviewForm,
    *,
    wide: bool = False,
) -> dict[str, Any]:
    """Gather what the pane shows; a wide one has room for computer and phone beside each other.

    Errors: Revision.DoesNotExist, Conversation.DoesNotExist for what isn't there or isn't this member's.
    """
    wanted = form.cleaned_data if form.is_valid() else {}
    revision = _chosen_revision(request, content, newest, wanted)
    conversations = conversations_of(request.tenant, request.member)
    reader, missing = reader_of(request, wanted, conversations)
    shown: Preview | None = None
    broken = ""
    if revision is not None:
        try:
            shown = render_for(request.tenant, revision, reader)
        except Invalid as error:
            broken = " ".join(error.fields["html"])
    kept = {
        "language": revision.language if revision else wanted.get("language") or None,
        "revision": wanted.get("revision"),
        "customer": reader.customer.public_id if reader.customer else None,
        "nobody": None if reader.customer else "1",
        "conversation": reader.conversation.public_id if reader.conversation else None,
        "on": wanted.get("on") or ("both" if wide else "desktop"),
        "wide": "1" if wide or wanted.get("wide") else None,
        "part": wanted.get("part") or "html",
    }
    return {
        "pane": {
            "form": form,
            "url": with_query(here(request, "content-preview", content.public_id), **kept),
            "action": here(request, "content-preview", content.public_id),
            "kept": kept,
            "revision": revision,
            "asked_revision": wanted.get("revision"),
            "languages": [(code, language_name(code)) for code in sorted(newest)],
            "reader": reader,
            "asked": wanted.get("customer") if missing else form["customer"].value() if form.errors else "",
            "faults": [missing] if missing else [*form.errors.get("customer", [])],
            "conversations": [(one.public_id, one.name) for one in conversations],
            "shown": shown,
            "broken": broken,
            "src": _source(request, revision, reader),
            "draft": None
            if wanted.get("revision") or kept["wide"]
            else _drafts(request, content, reader, str(kept["part"])),
            "sender": sender_of(reader.conversation),
            **_choices(with_query(here(request, "content-preview", content.public_id), **kept), kept),
        }
    }


#: How a choice is taken by script; without it the link opens the preview's own page.
SWAP = {"hx-target": "#preview", "hx-swap": "outerHTML"}


def _choices(url: str, kept: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """List what the pane offers as links: how wide, which part, and whether for somebody or nobody."""

    def choice(label: str, *, current: bool, **changes: str | None) -> dict[str, Any]:
        to = with_query(url, **changes)
        return {"label": label, "url": to, "current": current, "attrs": {"hx-get": to, **SWAP}}

    on, part, nobody = kept["on"], kept["part"], bool(kept["nobody"])
    both = [choice(_("Both"), current=on == "both" and part == "html", on="both", part="html")] if kept["wide"] else []
    return {
        "widths": [
            *both,
            choice(_("Computer"), current=on == "desktop" and part == "html", on="desktop", part="html"),
            choice(_("Phone"), current=on == "phone" and part == "html", on="phone", part="html"),
            choice(_("Plain text"), current=part == "text", part="text"),
        ],
        "readers": [
            choice(_("A customer"), current=not nobody, nobody=None),
            choice(_("Nobody known"), current=nobody, nobody="1", customer=None),
        ],
    }


def sender_of(conversation: Conversation | None) -> str:
    """Write from whom a message comes, as mail programs show it."""
    return f"{conversation.from_name} <{conversation.from_email}>" if conversation else ""


def _source(request: ConsoleRequest, revision: Revision | None, reader: Reader) -> str:
    if revision is None:
        return ""
    return _for(reader, here(request, "revision-html", revision.public_id))


def _drafts(request: ConsoleRequest, content: MessageContent, reader: Reader, part: str) -> dict[str, str] | None:
    """Tell where a draft is checked and shown for this reader; None where the member may write none."""
    if content.archived_at is not None or not request.member.may(Role.MARKETER, content.department_id):
        return None
    names = {"check": "content-draft", "html": "content-draft-html"}
    urls = {key: with_query(here(request, name, content.public_id), part=part) for key, name in names.items()}
    return {key: _for(reader, url) for key, url in urls.items()}


def _for(reader: Reader, url: str) -> str:
    return with_query(
        url,
        customer=reader.customer.public_id if reader.customer else None,
        nobody=None if reader.customer else "1",
        conversation=reader.conversation.public_id if reader.conversation else None,
    )


def _bare(request: ConsoleRequest, revision_id: UUID, kind: str) -> HttpResponse:
    revision = Revision.objects.of(request.tenant).select_related("content").public(revision_id)
    _visible(request.tenant, request.member, revision)
    form = PreviewForm(request.GET)
    if not form.is_valid():
        raise Revision.DoesNotExist
    reader, missing = reader_of(request, form.cleaned_data, conversations_of(request.tenant, request.member))
    if missing:
        raise Customer.DoesNotExist
    status = 200
    try:
        shown = render_for(request.tenant, revision, reader)
        body = shown.html if kind == "text/html" else shown.text
    except Invalid as error:
        status, says = 422, " ".join(error.fields["html"])
        body = f"<p>{escape(says)}</p>" if kind == "text/html" else says
    return bare(body, kind, status=status)


def bare(body: str, kind: str, *, status: int = 200) -> HttpResponse:
    """Answer with a message alone: nothing in it can run, and nobody else can frame it."""
    answer = HttpResponse(body, content_type=f"{kind}; charset=utf-8", status=status)
    answer["Content-Security-Policy"] = FRAME_POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _visible(tenant: Tenant, member: Member, revision: Revision) -> None:
    MessageContent.objects.of(tenant).visible_to(member).get(pk=revision.content_id)


def _chosen_revision(
    request: ConsoleRequest, content: MessageContent, newest: dict[str, Revision], wanted: dict[str, Any]
) -> Revision | None:
    if wanted.get("revision"):
        return Revision.objects.of(request.tenant).filter(content=content).public(wanted["revision"])
    asked = wanted.get("language")
    if asked:
        return newest.get(asked)
    return newest.get(request.tenant.default_language) or next(iter(newest.values()), None)


def reader_of(request: ConsoleRequest, wanted: dict[str, Any], conversations: list[Conversation]) -> tuple[Reader, str]:
    """Choose customer and conversation; the second is what is said where no such customer is found."""
    conversation = next(iter(conversations), None)
    if wanted.get("conversation"):
        visible = Conversation.objects.of(request.tenant).visible_to(request.member)
        conversation = visible.public(wanted["conversation"])
    if wanted.get("nobody"):
        return Reader(None, conversation), ""
    asked = (wanted.get("customer") or "").strip()
    if not asked:
        return Reader(first_customer(request.tenant), conversation), ""
    try:
        return Reader(find_customer(request.tenant, asked), conversation), ""
    except Customer.DoesNotExist:
        says = _("No customer has the ID or address “%(asked)s”.") % {"asked": asked[:80]}
        return Reader(None, conversation), says
