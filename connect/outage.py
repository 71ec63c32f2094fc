"""What people see while PostgreSQL or Redis is away: a clear page with 503, no trace, and nothing half done."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from redis.exceptions import ConnectionError as RedisAway

log = structlog.get_logger(__name__)

RETRY_SECONDS = 10
#: What a lost PostgreSQL or Redis raises.
AWAY = (OperationalError, InterfaceError, RedisAway)


class OutageMiddleware:
    """Turns a server that a view lost into the 503 page. The transaction was rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a view that lost its database or Redis."""
        return away(exception) if isinstance(exception, AWAY) else None


def away(exception: BaseException) -> HttpResponse:
    """Write the 503 page, and the fact into the log."""
    log.warning("server_away", error=type(exception).__name__)
    response = HttpResponse(render_to_string("errors/503.html", {}), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
