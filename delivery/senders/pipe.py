"""A PostgreSQL connection that never waits: the sender's loop feeds it, and takes the rows when they are there.

Statements given together run as one transaction, in one round trip, with the tenant set in it: libpq's pipeline mode
makes everything up to its sync point one implicit transaction.

Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import Any

import psycopg
from django.db import connection
from psycopg import pq

from connect.core import fence
from connect.core.errors import Retryable

Row = list[bytes | None]
Rows = list[Row]
Then = Callable[[list[Rows]], None]

#: The plans of these few statements must not depend on what the tables held when they were made; and what is said to be
#: committed must be on disk, whatever the server's default.
SESSION = {
    "synchronous_commit": "on",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "application_name": "connect sender",
    "idle_in_transaction_session_timeout": "30s",
    "statement_timeout": "30s",
}
_SET_TENANT = "SELECT set_config('app.tenant', $1::text, true)"


class Lost(Retryable):
    """The connection broke, or the server refused a statement: what was under way may or may not have been done."""


class Pipe:
    """One connection, under one tenant at a time. Not thread-safe."""

    def __init__(self, statements: Mapping[str, str], tenant_id: int, selector: BaseSelector) -> None:
        """Connect, prepare, and have the loop watch: each key's data is called with the mask. This alone waits.

        Errors: Lost.
        """
        self._tenant = b"%d" % tenant_id
        self._selector = selector
        self._writing = False
        self._waiting: deque[tuple[int, Then]] = deque()
        self._results: list[Rows] = []
        self._error = ""
        try:
            self._connection = psycopg.connect(**_parameters(), autocommit=True)
        except psycopg.Error as error:
            raise Lost(str(error)) from error
        self._pg = self._connection.pgconn
        for name, sql in {"tenant": _SET_TENANT, **statements}.items():
            self._prepare(name, sql)
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        # Kept, as libpq forgets its socket when the connection breaks, and the loop must not.
        self._socket = self._pg.socket
        selector.register(self._socket, EVENT_READ, self._on_ready)

    def _prepare(self, name: str, sql: str) -> None:
        result = self._pg.prepare(name.encode(), sql.encode())
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise Lost(f"{name}: {result.get_error_message()}")

    @property
    def busy(self) -> bool:
        """Whether a transaction is under way."""
        return bool(self._waiting)

    def send(self, statements: Sequence[tuple[str, Sequence[bytes | None]]], then: Then) -> None:
        """Begin one transaction of prepared statements; `then` gets their rows after the commit.

        Shape: each statement gets the tenant as `$1` and its values after it.
        Errors: Lost.
        """
        try:
            self._pg.send_query_prepared(b"tenant", [self._tenant])
            for name, values in statements:
                self._pg.send_query_prepared(name.encode(), [self._tenant, *values])
            self._pg.pipeline_sync()
            self._waiting.append((len(statements) + 1, then))
            self._flush()
        except psycopg.Error as error:
            raise Lost(str(error)) from error

    def _flush(self) -> None:
        is_left = self._pg.flush() == 1
        if is_left != self._writing:
            self._writing = is_left
            self._selector.modify(self._socket, EVENT_READ | (EVENT_WRITE if is_left else 0), self._on_ready)

    def _on_ready(self, mask: int) -> None:
        """Write on, take what has come, and call back for each transaction that has ended.

        Errors: Lost when the connection broke or a statement failed.
        """
        try:
            if mask & EVENT_WRITE:
                self._flush()
            self._pg.consume_input()
            while self._waiting and not self._pg.is_busy():
                result = self._pg.get_result()
                if result is not None:
                    self._take(result)
        except psycopg.Error as error:
            raise Lost(str(error)) from error

    def _take(self, result: Any) -> None:
        status = result.status
        if status in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
            get, columns = result.get_value, range(result.nfields)
            self._results.append([[get(row, column) for column in columns] for row in range(result.ntuples)])
        elif status == pq.ExecStatus.PIPELINE_SYNC:
            count, then = self._waiting.popleft()
            results, self._results = self._results, []
            if self._error or len(results) != count:
                raise Lost(self._error or "statements are missing")
            then(results[1:])
        elif not self._error:
            self._error = result.get_error_message() or "statement failed"

    def close(self) -> None:
        """Close, whatever is under way."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(self._socket)
        self._connection.close()


def array(values: Sequence[Any]) -> bytes:
    """Write numbers (None is NULL) as a PostgreSQL array."""
    return ("{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}").encode()


def text_array(values: Sequence[str]) -> bytes:
    """Write texts as a PostgreSQL array."""
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return ("{" + ",".join(quoted) + "}").encode()


def _parameters() -> dict[str, Any]:
    options = connection.get_connection_params()
    names = (
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "connect_timeout",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
    )
    found = {name: options[name] for name in names if options.get(name)}
    session = {**SESSION, fence.SESSION_SETTING: str(fence.outside())}
    return {
        **found,
        "options": " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in session.items()),
    }
