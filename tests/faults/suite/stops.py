"""Points at which a sender process ends itself by SIGKILL: hung into the engine from outside, in tests alone.

A process that is killed from outside stops at some point; here the point is named. What PostgreSQL and the receiver
have by then is what a real kill at that point leaves.
"""

import os
import signal
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from delivery.senders.claims import Claims
from delivery.senders.compose import RunComposer
from delivery.senders.engine import Engine
from delivery.senders.pipe import Pipe
from delivery.senders.smtp import Connection


def die() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, name: str) -> None:
    """Die instead of doing it."""
    setattr(owner, name, lambda *args, **kwargs: die())


def after(owner: type, name: str, when: Callable[[Any], bool] = lambda owner: True) -> None:
    """Die right after it was done."""
    original = getattr(owner, name)

    @wraps(original)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if when(args[0]):
            die()
        return result

    setattr(owner, name, hooked)


def asked_for(name: str, matters: Callable[[Sequence[Any]], bool]) -> None:
    """Die right after a statement has gone to PostgreSQL, before its answer: whether it commits is open."""
    original = Pipe.send

    @wraps(original)
    def hooked(self: Pipe, statements: Any, then: Any) -> None:
        original(self, statements, then)
        if any(statement == name and matters(values) for statement, values in statements):
            die()

    Pipe.send = hooked  # type: ignore[method-assign]


def has_permits(values: Sequence[Any]) -> bool:
    """Tell whether a tick asks for permits and settles nothing."""
    return values[1] == b"{}" and any(value != b"{}" for value in values[9:10])


def has_outcomes(values: Sequence[Any]) -> bool:
    """Tell whether a tick settles something."""
    return bool(values[1] != b"{}")


#: Each point inside the sender, and how to stop there. The others are held by the receiver: see `kills.py`.
POINTS: dict[str, Callable[[], None]] = {
    "after the claim": lambda: after(Claims, "_on_claimed", lambda claims: claims.jobs_in_hand > 0),
    "after rendering": lambda: after(RunComposer, "compose"),
    "while the permit commits": lambda: asked_for("tick", has_permits),
    "after the permit": lambda: before(Connection, "hand_over"),
    "after the reply": lambda: before(Engine, "settled"),
    "while the outcome commits": lambda: asked_for("tick", has_outcomes),
    "before the release": lambda: before(Claims, "_release"),
    "while reaping": lambda: asked_for("reap", lambda values: True),
}
