"""What a sender has in hand: the lease of a chunk, a claimed message, and the letter that is made of it."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Lease:
    """A chunk of ours. `left` counts its messages that aren't done with; at 0 it is released.

    `needs_care`: something in it must be looked after first (`actions/care.py`). `lost`: it is another sender's by now.
    """

    chunk_id: int
    token: int
    run_id: int
    left: int = 0
    lost: bool = False
    needs_care: bool = False


@dataclass(slots=True)
class Job:
    """A claimed message, before rendering. `refused` is our own reason not to hand it over."""

    lease: Lease
    message_id: int
    public_id: str
    kind: str
    language: str
    revision_id: int
    address: str
    attempt_no: int
    values: dict[str, Any]
    refused: str = ""


@dataclass(slots=True)
class Letter:
    """A message ready to be handed over: the two addresses of the envelope, and the content.

    The content ends with CRLF, no line of it begins with a dot, and the final dot isn't part of it.
    `permit_at` is when its permit was asked for, on the clock of `time.monotonic`.
    """

    job: Job
    sender: bytes
    recipient: bytes
    content: tuple[bytes, ...]
    octets: int
    permit_at: float = 0.0
