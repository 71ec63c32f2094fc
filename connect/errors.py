"""Pages for what goes wrong outside a tenant's view; none of them needs the database."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from connect.outage import AWAY, away


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(f"errors/{status}.html", {"reason": ""}, request=None), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that can't be read."""
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that isn't allowed, without a tenant's page around it."""
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer alike for what is missing and what is a neighbour's."""
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours without a trace; a server that was lost outside a view gets its 503."""
    fault = sys.exc_info()[1]
    return away(fault) if isinstance(fault, AWAY) else _answer(request, 500)
