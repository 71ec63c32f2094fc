"""One thread makes batches, others use them up: a short queue between them, and the first failure stops everything."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def pump(batches: Iterator[T], write: Callable[[T], None], writers: int) -> None:
    """Hand each batch to one of so many writer threads, at most as many in flight; without any, write here.

    Errors: whatever `write` raises first; no further batch is begun after it.
    """
    if not writers:
        for batch in batches:
            write(batch)
        return

    def write_and_let_go(batch: T) -> None:
        try:
            write(batch)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(writers, thread_name_prefix="import") as pool:
        under_way: set[Future[None]] = set()
        for batch in batches:
            if len(under_way) >= writers:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
            under_way.add(pool.submit(write_and_let_go, batch))
        for one in under_way:
            one.result()
