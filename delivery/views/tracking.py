"""What customers meet: the way through a link, the pixel, and the page on which they leave. No login, no cookie.

The token is all there is to trust. Whatever isn't a whole, unchanged token of ours gets one neutral page, and is never
led anywhere. A GET changes no subscription: scanners follow every link.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from connect.core.errors import Invalid
from connect.core.models import Tenant
from connect.core.web import public
from delivery.actions import tracking
from delivery.actions.tracking import Reader, Visit
from delivery.tracking.machines import agent, machine
from delivery.tracking.pixel import PIXEL
from delivery.tracking.tokens import LinkKind, Target, read
from delivery.tracking.wordings import WORDINGS, Words, language_of, masked

ONE_CLICK = "one-click"
PAGE = "unsubscribe page"

Tracked = Callable[[HttpRequest, Tenant, Target], HttpResponse]


def tracked(kind: LinkKind) -> Callable[[Tracked], Callable[[HttpRequest, str], HttpResponse]]:
    """Read the token, find its tenant, and forbid everybody on the way to keep the answer."""

    def decorate(view: Tracked) -> Callable[[HttpRequest, str], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            target = read(kind, token)
            tenant = Tenant.objects.filter(pk=target.tenant_id).first() if target else None
            if target is None or tenant is None:
                return gone(request)
            try:
                response = view(request, tenant, target)
            except ObjectDoesNotExist:
                return gone(request)
            return _unkept(response)

        return guarded

    return decorate


@public("A link in a mail: the signed token stands for its reader.")
@csrf_exempt
@tracked(LinkKind.CLICK)
def click(request: HttpRequest, tenant: Tenant, target: Target) -> HttpResponse:
    """Note a click and lead on to the link as the revision froze it."""
    leads_to = tracking.follow(tenant, target, _visit(request), now=datetime.now(UTC))
    return HttpResponseRedirect(leads_to) if leads_to else gone(request)


@public("The pixel in a mail: the signed token stands for its reader.")
@csrf_exempt
@tracked(LinkKind.OPEN)
def pixel(request: HttpRequest, tenant: Tenant, target: Target) -> HttpResponse:
    """Note an open and answer with one transparent point."""
    tracking.note_open(tenant, target, _visit(request), now=datetime.now(UTC))
    return HttpResponse(PIXEL, content_type="image/gif")


@public(
    "The unsubscribe link of a mail: the signed token stands for its reader (RFC 8058 allows no login and no cookie)."
)
@csrf_exempt
@tracked(LinkKind.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, tenant: Tenant, target: Target) -> HttpResponse:
    """Show the button; leave on a press or a one-click POST; come back on a press."""
    if request.method != "POST":
        return _page(request, "ask", tracking.reader_of(tenant, target))
    act = _act(request)
    words = _words(tracking.reader_of(tenant, target))
    if act == "back":
        try:
            reader = tracking.come_back(tenant, target, source=PAGE, wording=words.back, now=datetime.now(UTC))
        except Invalid:
            return gone(request)
        return _page(request, "back", reader)
    source = PAGE if act == "leave" else ONE_CLICK
    reader = tracking.leave(tenant, target, source=source, wording=words.leave, now=datetime.now(UTC))
    if act == "leave":
        return _page(request, "done", reader)
    return HttpResponse("unsubscribed", content_type="text/plain")


def gone(request: HttpRequest) -> HttpResponse:
    """Answer alike for a token that is missing, short, changed, or another tenant's."""
    language = language_of(translation.get_language() or "en")
    with translation.override(language):
        return _unkept(render(request, "delivery/gone.html", {"words": WORDINGS[language]}, status=404))


def _page(request: HttpRequest, step: str, reader: Reader) -> HttpResponse:
    words = _words(reader)
    said = {"name": reader.conversation.name, "address": masked(reader.message.address)}
    context = {
        "step": "seed" if reader.is_seed and step != "ask" else step,
        "words": words,
        "said": said,
        "brand": reader.conversation.from_name,
        "postal_address": reader.conversation.postal_address,
    }
    with translation.override(language_of(reader.message.language)):
        return render(request, "delivery/unsubscribe.html", context)


def _act(request: HttpRequest) -> str:
    """What the POST asks for; whatever can't be read is a wish to leave."""
    try:
        return request.POST.get("act", "")
    except MultiPartParserError:
        return ""


def _words(reader: Reader) -> Words:
    return WORDINGS[language_of(reader.message.language)]


def _visit(request: HttpRequest) -> Visit:
    return Visit(machine(request.method or "GET", request.headers), agent(request.headers))


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
