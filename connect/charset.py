"""Forms come in UTF-8, which is how our pages ask for them: whatever else says that it is text is turned away.

Python would read a form in any of its codecs, such as UTF-7, which make half characters that no database holds.
"""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

OURS = frozenset({"", "utf-8", "utf8"})


class CharsetMiddleware:
    """Refuses a body in another charset with 400, before anybody reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if (request.content_params or {}).get("charset", "").lower() not in OURS:
            raise BadRequest("a form must be in UTF-8")
        return self.get_response(request)
