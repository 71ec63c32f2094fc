"""The shared cache goes on, in private, while Redis is away."""

from pathlib import Path

import pytest
from redis.backoff import NoBackoff
from redis.retry import Retry

from connect.cache import SharedCache


@pytest.fixture
def without_redis(tmp_path: Path) -> SharedCache:
    return SharedCache(f"unix://{tmp_path}/nobody.sock", {"OPTIONS": {"retry": Retry(NoBackoff(), 0)}})


def test_without_redis_a_process_keeps_its_own_values(without_redis: SharedCache) -> None:
    assert without_redis.add("tries", 1) is True
    assert without_redis.add("tries", 5) is False
    assert without_redis.incr("tries") == 2
    assert without_redis.get("tries") == 2
    assert without_redis.has_key("tries") is True
    without_redis.set_many({"a": 1, "b": 2})
    assert without_redis.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    without_redis.delete_many(["a", "b"])
    assert without_redis.delete("tries") is True
    assert without_redis.get("tries", "none") == "none"


def test_without_redis_a_missing_key_is_still_an_error(without_redis: SharedCache) -> None:
    with pytest.raises(ValueError, match="never"):
        without_redis.incr("never")
