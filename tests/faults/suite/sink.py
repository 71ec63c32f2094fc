"""A receiver for the suite: at a pace, with the time of everything, and slow where a test wants it slow."""

import asyncio
import itertools
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.receiver import Copy, Receiver, Session
from tests.faults.suite.judge import Receipt

_SUBJECT = re.compile(rb"^Subject: \[(\w+) (\w+)\]", re.MULTILINE)
_EHLO = re.compile(r"^EHLO (\S+)", re.IGNORECASE)
_RCPT = re.compile(r"^RCPT TO:<([^>]*)>", re.IGNORECASE)


class Log(list[Any]):
    """A list that is only ever appended to and knows when, on the clock of `time.monotonic`."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, item: Any) -> None:
        """Append, with the time."""
        self.times.append(time.monotonic())
        super().append(item)


class SlowSession(Session):
    """A connection on which the content, too, may be waited for: nothing of it is read before."""

    async def _content(self) -> bytes:
        await self.receiver.hold_up("body", self.recipient)
        return await super()._content()


@dataclass
class Sink(Receiver):
    """A receiver that answers after `pace` seconds on average, and after `stalls[stage](recipient)` seconds.

    Stages: greeting, rcpt, data, body (before it reads the content), content (before the answer to the final dot).
    """

    pace: float = 0.0
    stalls: Mapping[str, Callable[[str], float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.copies = Log()
        self.commands = Log()
        super().__post_init__()

    def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Session:
        """Talk as told."""
        return SlowSession(self, reader, writer, number)

    async def hold_up(self, stage: str, recipient: str) -> None:
        """Wait as told."""
        if stage == "content" and self.pace:
            await asyncio.sleep(random.uniform(0, 2 * self.pace))
        if stage in self.stalls and (seconds := self.stalls[stage](recipient)):
            await asyncio.sleep(seconds)
        await super().hold_up(stage, recipient)

    # --- The log -------------------------------------------------------------------------------------------------

    def receipts(self, run: str | None = None) -> list[Receipt]:
        """List the copies that we took, in order: of one run, or of all."""
        found = [receipt_of(copy) for copy in list(self.copies) if taken(copy)]
        return [receipt for receipt in found if run is None or receipt.run == run]

    def copies_of(self, sender: str) -> int:
        """Count the copies that came over connections of one sender process, by the name it greets with."""
        names = {number: found[1] for number, line in list(self.commands) if (found := _EHLO.match(line))}
        return sum(1 for copy in list(self.copies) if names.get(copy.connection) == sender)

    def begun(self) -> list[tuple[float, str]]:
        """List when each recipient was named to us, in order."""
        lines = list(zip(_log(self.commands).times, list(self.commands), strict=False))
        return [(at, found[1]) for at, (_, line) in lines if (found := _RCPT.match(line))]

    def times(self) -> list[float]:
        """List when each copy was complete, on the clock of `time.monotonic`."""
        return list(_log(self.copies).times)

    def longest_gap(self, since: float, until: float) -> float:
        """Tell the longest time without any copy. Units: seconds."""
        times = [since, *(at for at in self.times() if since < at < until), until]
        return max(after - before for before, after in itertools.pairwise(times))


def _log(kept: list[Any]) -> Log:
    assert isinstance(kept, Log)
    return kept


def taken(copy: Copy) -> bool:
    """Tell whether the receiver took this copy: it didn't say no."""
    return not re.match(r"[45]\d\d", copy.answer)


def receipt_of(copy: Copy) -> Receipt:
    """Read run and revision from the marks that the suite puts into subjects."""
    found = _SUBJECT.search(copy.content[:8192])
    run, revision = (found[1].decode(), found[2].decode()) if found else ("", "")
    return Receipt(copy.recipient, run, revision)
