"""Pages for what goes wrong outside a tenant's view; none of them needs the database."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


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
    """Answer a fault of ours, without a trace."""
    return _answer(request, 500)
