"""The cache shared by all processes, which a missing Redis makes private to each process instead of an error.

It holds what may be lost, such as the counts behind login rate limits: with Redis down they hold per process.
"""

from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class SharedCache(RedisCache):
    """Django's Redis cache with a private stand-in for as long as Redis doesn't answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._private = LocMemCache("connect-private", {**params, "OPTIONS": {}})

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        """Set a key that isn't there yet."""
        return bool(self._ask("add", key, value, *args, **kwargs))

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """Get a key's value or the default."""
        return self._ask("get", key, *args, **kwargs)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        """Set a key."""
        self._ask("set", key, value, *args, **kwargs)

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        """Delete a key; tell whether it was there."""
        return bool(self._ask("delete", key, *args, **kwargs))

    def incr(self, key: Any, *args: Any, **kwargs: Any) -> int:
        """Add to a key.

        Errors: ValueError where there's no such key.
        """
        return int(self._ask("incr", key, *args, **kwargs))

    def has_key(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        """Tell whether a key is there."""
        return bool(self._ask("has_key", key, *args, **kwargs))

    def get_many(self, keys: Any, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Get several keys that are there."""
        return dict(self._ask("get_many", keys, *args, **kwargs))

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Set several keys; list those that couldn't be."""
        return list(self._ask("set_many", data, *args, **kwargs))

    def delete_many(self, keys: Any, *args: Any, **kwargs: Any) -> None:
        """Delete several keys."""
        self._ask("delete_many", keys, *args, **kwargs)

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), verb)(*args, **kwargs)
        except RedisError:
            return getattr(self._private, verb)(*args, **kwargs)
