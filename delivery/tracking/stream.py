"""Clicks and opens on their way to PostgreSQL: one Redis stream for all tenants, each entry naming its own.

The web adds, `actions/flush.py` takes. Redis never makes room by itself: a stream that is too long or that nobody takes
from, or a Redis that doesn't answer, refuses, and the click is written to PostgreSQL at once.

Source: docs/decisions/0018-clicks-wait-in-redis.md
"""

import json
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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

# Reading thousands of entries piece by piece would take longer than writing them down.
_FIRST = """
local found, written = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1]), {}
for place, entry in ipairs(found) do written[place] = entry[2][2] end
return {#found > 0 and found[#found][1] or '', '[' .. table.concat(written, ',') .. ']'}
"""


class Came(NamedTuple):
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
            self.client.execute_command("XADD", KEY, "*", "e", json.dumps(came, separators=(",", ":")))
        except RedisError as error:
            self._refuse_until = clock + AWAY_SECONDS
            log.warning("tracking_goes_direct", error=type(error).__name__)
            return False
        return True

    def _is_behind(self, now: float) -> bool:
        count, oldest = self.waiting()
        return count >= MOST_WAITING or (count > 0 and oldest < now - LONGEST_WAIT_SECONDS)

    def first(self, count: int) -> tuple[str, Sequence[Came]]:
        """Read the oldest entries, which stay, and the key of the last of them.

        Errors: RedisError.
        """
        last, written = self.client.eval(_FIRST, 1, KEY, count)
        return last.decode(), list(map(Came._make, json.loads(written)))

    def drop(self, last: str) -> None:
        """Take out the entries up to this one.

        Errors: RedisError.
        """
        moment, _, number = last.partition("-")
        self.client.execute_command("XTRIM", KEY, "MINID", f"{moment}-{int(number) + 1}")

    def waiting(self) -> tuple[int, float]:
        """Count what waits, and tell when the oldest came, in seconds since 1970 (0 where nothing waits).

        Errors: RedisError.
        """
        _last, oldest = self.first(1)
        return int(self.client.xlen(KEY)), oldest[0].at if oldest else 0.0


def stream() -> Stream:
    """Give this process's stream."""
    return _stream(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _stream(url: str) -> Stream:
    return Stream(url)
