"""What a sender has in hand: the lease of a chunk, a claimed message, and the letter that is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from delivery.senders.dkim import Unsigned, sign


class Place(Enum):
    """Where a message stands among those in hand: it waits, is rendered, or a connection has it."""

    QUEUED = auto()
    READY = auto()
    FLYING = auto()


@dataclass(slots=True)
class Lease:
    """A chunk of ours. `left` counts its messages that aren't done with; at 0 it is released.

    `lane` is that of all its messages, "" where each has its domain's. `needs_care`: something in it must be looked
    after first (`actions/care.py`). `lost`: it is another sender's by now.
    """

    chunk_id: int
    token: int
    run_id: int
    lane: str = ""
    conversation_id: int = 0
    left: int = 0
    lost: bool = False
    needs_care: bool = False


@dataclass(slots=True)
class Job:
    """A claimed message, before rendering. `refused` is our own reason not to hand it over.

    `lane` is the receiver whose turn decides about it: see `lanes.py`.
    """

    lease: Lease
    message_id: int
    public_id: str
    kind: str
    language: str
    revision_id: int
    address: str
    attempt_no: int
    values: dict[str, Any]
    lane: str = ""
    refused: str = ""
    place: Place = Place.QUEUED


@dataclass(slots=True)
class Letter:
    """A message ready to be handed over: the two addresses of the envelope, and the content.

    The content ends with CRLF, no line of it begins with a dot, and the final dot isn't part of it.
    `unsigned` is what is still to be signed: then the signature goes ahead of the content.
    `permit_at` is when its permit was asked for, on the clock of `time.monotonic`.
    """

    job: Job
    sender: bytes
    recipient: bytes
    content: tuple[bytes, ...]
    unsigned: Unsigned | None = None
    permit_at: float = 0.0

    @property
    def octets(self) -> int:
        """How long the content is."""
        return sum(map(len, self.content))


def sign_letters(letters: Sequence[Letter]) -> None:
    """Put each letter's signature ahead of its content."""
    waiting = [(letter, letter.unsigned) for letter in letters if letter.unsigned is not None]
    for (letter, _), signature in zip(waiting, sign([unsigned for _, unsigned in waiting]), strict=True):
        letter.content = (signature, *letter.content)
        letter.unsigned = None
