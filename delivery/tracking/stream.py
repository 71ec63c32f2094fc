"""Clicks and opens on their way to PostgreSQL: one Redis stream for all tenants, each entry naming its own.

The web adds, `actions/flush.py` takes. Redis never makes room by itself: a stream that is too long or that nobody takes
from, or a Redis that doesn't answer, refuses, and the click is written to PostgreSQL at once.

Source: docs/decisions/0018-clicks-wait-in-redis.md
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

KEY = "connect:tracked"
MOST_WAITING = 500_000
#: Redis forgets what waits when it dies: nothing is put behind what has waited for so long.
LONGEST_WAIT_SECONDS = 60
#: How often a process looks how long the stream is, and how long it leaves a Redis alone that failed.
LOOK_SECONDS, AWAY_SECONDS = 1.0, 5.0
TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Came:
    """A click or an open. `month` is ISO 8601, `at` in seconds since 1970; `link` is None in opens."""

    tenant_id: int
    month: str
    message_id: int
    kind: str
    link: int | None
    at: float
    machine: str
    agent: str


class Stream:
    """The stream, as one process knows it."""

    def __init__(self, url: str) -> None:
        self.client: Any = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._look_at = self._refuse_until = 0.0

    def add(self, came: Came) -> bool:
        """Put it into the stream; False where that can't be."""
        clock = time.monotonic()
        if clock < self._refuse_until:
            return False
        try:
            if clock >= self._look_at:
                self._look_at = clock + LOOK_SECONDS
                if self._is_behind(came.at):
                    self._refuse_until = self._look_at
                    return False
            self.client.execute_command("XADD", KEY, "*", "e", json.dumps(astuple(came), separators=(",", ":")))
        except RedisError as error:
            self._refuse_until = clock + AWAY_SECONDS
            log.warning("tracking_goes_direct", error=type(error).__name__)
            return False
        return True

    def _is_behind(self, now: float) -> bool:
        count, oldest = self.waiting()
        return count >= MOST_WAITING or (count > 0 and oldest < now - LONGEST_WAIT_SECONDS)

    def first(self, count: int) -> Sequence[tuple[bytes, Came]]:
        """Read the oldest entries, which stay.

        Errors: RedisError.
        """
        return [(key, Came(*json.loads(fields[b"e"]))) for key, fields in self.client.xrange(KEY, count=count)]

    def drop(self, keys: Iterable[bytes]) -> None:
        """Take entries out.

        Errors: RedisError.
        """
        self.client.xdel(KEY, *keys)

    def waiting(self) -> tuple[int, float]:
        """Count what waits, and tell when the oldest came, in seconds since 1970 (0 where nothing waits).

        Errors: RedisError.
        """
        oldest = self.first(1)
        return int(self.client.xlen(KEY)), oldest[0][1].at if oldest else 0.0


def stream() -> Stream:
    """Give this process's stream."""
    return _stream(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _stream(url: str) -> Stream:
    return Stream(url)
