"""Write into the log what became of messages: one line for each that wasn't plainly accepted, by its public id.

At the level DEBUG each permit, acceptance and message whose server was never asked is told too, so that one id
follows a message from its permit to its outcome. While it is off, that costs one comparison a message.
"""

import logging
from collections import Counter
from typing import Any

import structlog

from delivery.senders.engine import Engine
from delivery.senders.ticks import Tick
from delivery.states import MessageState

log = structlog.get_logger(__name__)

_EVENTS = {MessageState.QUEUED: "message.put_off"}


class TellingEngine(Engine):
    """An engine that tells. `by_run` counts outcomes by run and state."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.by_run: Counter[tuple[int, str]] = Counter()
        self._tells_all = logging.getLogger(__name__).isEnabledFor(logging.DEBUG)

    def _on_tick(self, tick: Tick) -> None:
        for letter, outcome in tick.outcomes:
            job = letter.job
            self.by_run[(job.lease.run_id, outcome.state.value)] += 1
            is_plain = outcome.state is MessageState.ACCEPTED or not outcome.counts
            if is_plain and not self._tells_all:
                continue
            tell = log.debug if is_plain else log.info
            tell(
                _EVENTS.get(outcome.state, f"message.{outcome.state.value}"),
                message=job.public_id,
                run=job.lease.run_id,
                attempt=job.attempt_no + 1,
                code=outcome.code,
                reply=outcome.reply,
            )
        for job in tick.unfit:
            if job.refused:
                log.info("message.skipped", message=job.public_id, run=job.lease.run_id, reason=job.refused)
        if self._tells_all:
            for letter, _connection in tick.permitted:
                log.debug("message.permitted", message=letter.job.public_id, run=letter.job.lease.run_id)
        super()._on_tick(tick)
