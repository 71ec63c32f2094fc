"""Let a sender keep its memory while it works: what comes with a message goes with it, and nothing in it is circular.

Python's collector would look through everything every few messages and find nothing; the C library would give pages
back after each mail and ask for them again with the next.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

#: Containers that must have been added before the collector looks. A message leaves none behind.
ADDED = 50_000
#: glibc's names for when free memory goes back, and from which size on a piece is a mapping of its own.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_OCTETS, MAPPED_OCTETS = 64 * 1024 * 1024, 16 * 1024 * 1024


@contextmanager
def kept_memory() -> Iterator[None]:
    """Collect once, then hardly ever, for the length of a block."""
    _keep_pages()
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(ADDED, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@cache
def _keep_pages() -> None:
    """Tell glibc, where it is the C library, to keep what it has."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_OCTETS)
        mallopt(M_MMAP_THRESHOLD, MAPPED_OCTETS)
