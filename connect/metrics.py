"""Figures for Prometheus, read from PostgreSQL: the same from whichever process is asked, and after any restart.

What waits in Redis is asked there.

Labels name a tenant by its public id and a receiver by its lane ("others" for domains without one of their own).

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

import hmac
import ipaddress
import time
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from redis.exceptions import RedisError

from connect.core import fence
from connect.core.web import public, uncached
from delivery.actions.places import taken_places
from delivery.overall import Figure, figures, stalled
from delivery.tracking.stream import stream

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: What of the figures is a metric of its own: its name, and what it says.
_GAUGES = {
    "due_chunks": ("connect_due_chunks", "Chunks of messages that may go now and wait for a sender."),
    "oldest_due_seconds": ("connect_oldest_due_seconds", "How long the oldest chunk that may go has been due."),
    "leases": ("connect_leases", "Chunks in the hands of senders."),
    "in_doubt_now": ("connect_messages_in_doubt", "Messages that were handed over without a definite answer."),
}
_SETTLED = ("connect_messages_last_minute", "Messages that came to this state in the last minute.")

Sample = tuple[Mapping[str, str], float]


@public("only for a token, or from this machine: nobody else finds anything there")
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus."""
    if not may_read(request):
        return HttpResponseNotFound()
    return uncached(HttpResponse(exposition(), content_type=CONTENT_TYPE))


def may_read(request: HttpRequest) -> bool:
    """Tell whether a request brings the token; without any set, whether it comes straight from this machine."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False  # a proxy on this machine speaks for anybody
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def exposition() -> str:
    """Write all metrics."""
    found = figures()
    settled = [(_labels(one, state=one.what), one.value) for one in found if one.what not in _GAUGES]
    parts = [_metric(*_SETTLED, settled)]
    for what, (name, says) in _GAUGES.items():
        parts.append(_metric(name, says, [(_labels(one), one.value) for one in found if one.what == what]))
    stands = stalled(settings.STALLED_SECONDS)
    single: dict[str, tuple[str, float]] = {
        "connect_senders": ("Senders at work.", sum(taken_places().values())),
        "connect_stalled_tenants": ("Tenants for whom something is due and nothing moves.", stands.tenants),
        "connect_fence_open": ("1 while the restore fence lets messages go, else 0.", int(fence.holds())),
    }
    single |= _tracked()
    parts += [_metric(name, says, [({}, value)]) for name, (says, value) in single.items()]
    return "".join(parts)


def _tracked() -> dict[str, tuple[str, float]]:
    """What waits in Redis; nothing while it is away."""
    try:
        count, oldest = stream().waiting()
    except RedisError:
        return {}
    waited = max(0.0, time.time() - oldest) if count else 0.0
    return {
        "connect_tracked_waiting": ("Clicks and opens that wait to be written down.", count),
        "connect_tracked_oldest_seconds": ("How long the oldest of them has waited.", waited),
    }


def _labels(one: Figure, **more: str) -> dict[str, str]:
    return {"tenant": one.tenant, "receiver": one.lane or "others", **more}


def _metric(name: str, says: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {says}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{written}}} {value:.15g}" if written else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
