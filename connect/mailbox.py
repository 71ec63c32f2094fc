"""The catcher's mailbox in the console: what the demo's customers received from this tenant's conversations."""

from collections import deque
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse

from connect.catcher import Caught, body, caught
from connect.core.models import Member, User
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from conversations.models import Conversation

SHOWN = 100
CSP = "default-src 'none'; img-src data: http: https:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@needs(Role.VIEWER)
def mailbox(request: ConsoleRequest) -> HttpResponse:
    """List the newest messages, perhaps of one address."""
    wanted = request.GET.get("address", "").strip().lower()
    newest = deque((mail for mail in _mine(request) if wanted in mail.recipient.lower()), maxlen=SHOWN)
    context = {"mails": list(reversed(newest)), "wanted": wanted, "shown": SHOWN}
    return page(request, "mailbox/list.html", context, part="mailbox/_rows.html")


@needs(Role.VIEWER)
def mail(request: ConsoleRequest, number: int) -> HttpResponse:
    """Show one message: headers, HTML in a sandbox, plain text."""
    found = _find(request, number)
    message = body(_folder(), found)
    text = message.get_body(("plain",)) if message else None
    context = {
        "mail": found,
        "headers": list(message.items()) if message else [],
        "text": text.get_content() if text else "",
        "has_html": message is not None and message.get_body(("html",)) is not None,
    }
    return page(request, "mailbox/mail.html", context)


@needs(Role.VIEWER)
def mail_html(request: ConsoleRequest, number: int) -> HttpResponse:
    """Serve one message's HTML for the sandboxed frame."""
    message = body(_folder(), _find(request, number))
    part = message.get_body(("html",)) if message else None
    response = HttpResponse(part.get_content() if part else "")
    response["Content-Security-Policy"] = CSP
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, no-store"
    return response


def _folder() -> Path:
    if settings.CATCHER_FOLDER is None:
        raise Http404
    return Path(settings.CATCHER_FOLDER)


def _mine(request: ConsoleRequest) -> Iterator[Caught]:
    """Read what the tenant's conversations sent; for admins also what the console itself wrote to their members."""
    domains = {talk.sending_domain for talk in Conversation.objects.of(request.tenant)}
    ours = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    members = _members(request) if request.member.may(Role.ADMIN) else set()
    return (
        mail
        for mail in caught(_folder())
        if mail.domain in domains or (mail.domain == ours and mail.recipient.lower() in members)
    )


def _members(request: ConsoleRequest) -> set[str]:
    users = Member.objects.of(request.tenant).values_list("user_id", flat=True)
    return set(User.objects.filter(pk__in=list(users)).values_list("email", flat=True))


def _find(request: ConsoleRequest, number: int) -> Caught:
    for mail in _mine(request):
        if mail.number == number:
            return mail
    raise Http404
