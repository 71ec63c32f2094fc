"""What approvals are bound to: the parts of a campaign as canonical JSON, and the hash of them.

A part holds what decides who gets what and when. Names are carried along as `label`, for people, and left out of
the hash: a model that is renamed, or a signing key that is rotated, changes nothing that was approved.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from campaigns.frozen import Frozen

Parts = dict[str, Any]

LABEL = "label"


def parts_of(frozen: Frozen) -> Parts:
    """Write the parts that a fingerprint is made of.

    Shape: conversation, audience, segments, content, seeds, start, quiet, expiry, rate, channels; JSON, None where
    unset.
    """
    return {
        "conversation": _conversation(frozen),
        "audience": _audience(frozen),
        "segments": _segments(frozen),
        "content": _content(frozen),
        "seeds": _seeds(frozen),
        "start": {"kind": frozen.start.kind.value, "at": frozen.start.at},
        "quiet": [frozen.quiet.start.isoformat(), frozen.quiet.end.isoformat()] if frozen.quiet else None,
        "expiry": frozen.expires_at.astimezone(UTC).isoformat() if frozen.expires_at else None,
        "rate": frozen.rate_per_minute,
        "channels": list(frozen.channels),
    }


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Hash parts.

    Shape: SHA-256 in hex, of JSON with sorted keys and without labels.
    """
    text = json.dumps(_without_labels(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint_of(frozen: Frozen) -> str:
    """Hash what is frozen."""
    return fingerprint(parts_of(frozen))


def changed_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name the parts that differ, in the order in which `parts_of` writes them."""
    return [name for name in after if _without_labels(before.get(name)) != _without_labels(after[name])]


def _without_labels(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_labels(inner) for key, inner in value.items() if key != LABEL}
    return [_without_labels(inner) for inner in value] if isinstance(value, list | tuple) else value


def _conversation(frozen: Frozen) -> Parts | None:
    speaker = frozen.speaker
    if speaker is None:
        return None
    return {
        "id": speaker.public_id,
        "zone": speaker.zone,
        "from_name": speaker.from_name,
        "from_email": speaker.from_email,
        "reply_to": speaker.reply_to,
        "bounce_domain": speaker.bounce_domain,
        "postal_address": speaker.postal_address,
        "footer": speaker.footer,
        LABEL: {"name": speaker.name},
    }


def _audience(frozen: Frozen) -> Parts | None:
    audience = frozen.audience
    if audience is None:
        return None
    return {
        "id": audience.public_id,
        "rule": audience.rule,
        LABEL: {"name": audience.name, "version": audience.version},
    }


def _segments(frozen: Frozen) -> Parts | None:
    model = frozen.segmentation
    if model is None:
        return None
    return {
        "id": model.public_id,
        "leftovers": model.leftovers,
        "segments": [
            {"id": segment.public_id, "rule": segment.rule, LABEL: {"name": segment.name}} for segment in model.segments
        ],
        LABEL: {"name": model.name, "version": model.version},
    }


def _content(frozen: Frozen) -> Parts:
    segments = frozen.segmentation.segments if frozen.segmentation else ()
    public = {segment.id: (segment.public_id, segment.name) for segment in segments}
    cells = []
    for cell in frozen.cells:
        segment, name = public.get(cell.segment, ("", "")) if cell.segment else ("", "")
        label = {"segment": name, "content": cell.content, "number": cell.number, "revision": cell.revision}
        cells.append({"segment": segment, "language": cell.language, "hash": cell.hash, LABEL: label})
    return {
        "language": frozen.language,
        "cells": sorted(cells, key=lambda cell: (str(cell["segment"]), str(cell["language"]))),
    }


def _seeds(frozen: Frozen) -> Parts | None:
    if frozen.seeds is None:
        return None
    return {
        "id": frozen.seeds.public_id,
        "mark": frozen.seeds.mark_subject,
        "addresses": [seed.email_key for seed in frozen.seeds.seeds],
        LABEL: {"name": frozen.seeds.name},
    }
