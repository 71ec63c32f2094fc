"""Lists every route of the console with the parameters that it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One URL pattern: its whole route as written, its view, its name."""

    route: str
    view: Any
    name: str

    @property
    def in_tenant(self) -> bool:
        """Tell whether it lies below a tenant's address."""
        return self.route.startswith("t/<slug:slug>/")

    @property
    def parameters(self) -> dict[str, str]:
        """Name → converter of each parameter but the tenant's."""
        parts = [part.split(">")[0] for part in self.route.split("<")[1:]]
        pairs = [part.split(":") if ":" in part else ["str", part] for part in parts]
        return {name: kind for kind, name in pairs if name != "slug"}


def routes() -> list[Route]:
    """List all of them, those of the login apart."""
    return [route for route in _walk(get_resolver().url_patterns, "") if not route.route.startswith("accounts/")]


def _walk(patterns: list[Any], before: str) -> Iterator[Route]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Route(route, pattern.callback, pattern.name or "")
