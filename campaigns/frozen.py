"""What a run goes by, whatever changes afterwards: dataclasses that stand in `Run.frozen` as JSON.

Ids are bigint keys where SQL joins them. `fingerprint.py` hashes the same values; `actions/freeze.py` gathers them.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from campaigns.clock import Quiet
from campaigns.states import StartKind

FORMAT = 1
CHANNELS = ("email",)


@dataclass(frozen=True)
class Speaker:
    """The conversation that a run speaks in, and as whom."""

    id: int
    public_id: str
    name: str
    zone: str
    from_name: str
    from_email: str
    reply_to: str
    bounce_domain: str
    postal_address: str
    footer: str


@dataclass(frozen=True)
class Audience:
    """An audience model as it was."""

    id: int
    public_id: str
    name: str
    version: int
    rule: dict[str, Any]


@dataclass(frozen=True)
class SegmentRule:
    """One segment as it was, at its place in the order."""

    id: int
    public_id: str
    name: str
    rule: dict[str, Any]


@dataclass(frozen=True)
class Segmentation:
    """A segmentation model as it was. Without `leftovers`, who matches no segment gets nothing."""

    id: int
    public_id: str
    name: str
    version: int
    leftovers: bool
    segments: tuple[SegmentRule, ...]


@dataclass(frozen=True)
class CellContent:
    """The revision that a segment gets in a language. Segment None is Leftovers, or everybody without a model."""

    segment: int | None
    language: str
    revision: int
    hash: str
    content: str
    number: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class SeedAddress:
    """One person on the seed list."""

    name: str
    email: str
    email_key: str


@dataclass(frozen=True)
class Seeds:
    """A seed list as it was."""

    id: int
    public_id: str
    name: str
    mark_subject: bool
    seeds: tuple[SeedAddress, ...]


@dataclass(frozen=True)
class Start:
    """When it starts. `at` is a wall time such as `2026-12-03T19:00`, "" for now."""

    kind: StartKind
    at: str

    @property
    def local(self) -> datetime | None:
        """The wall time, without a zone."""
        return datetime.fromisoformat(self.at) if self.at else None


@dataclass(frozen=True)
class Frozen:
    """Everything that decides who gets what and when."""

    speaker: Speaker | None
    audience: Audience | None
    segmentation: Segmentation | None
    language: str
    cells: tuple[CellContent, ...]
    seeds: Seeds | None
    start: Start
    quiet: Quiet | None
    expires_at: datetime | None
    rate_per_minute: int | None = None
    channels: tuple[str, ...] = CHANNELS

    @property
    def languages(self) -> tuple[str, ...]:
        """The campaign's language, then the others that have content, in order."""
        return (self.language, *sorted({cell.language for cell in self.cells} - {self.language}))

    @property
    def rows(self) -> tuple[int | None, ...]:
        """The segments that need content, in order; None is Leftovers or everybody."""
        if self.segmentation is None:
            return (None,)
        ids = tuple(segment.id for segment in self.segmentation.segments)
        return (*ids, None) if self.segmentation.leftovers else ids

    def gaps(self) -> list[tuple[int | None, str]]:
        """List the pairs of segment and language without content."""
        filled = {(cell.segment, cell.language) for cell in self.cells}
        return [(row, language) for row in self.rows for language in self.languages if (row, language) not in filled]

    def cell_for(self, segment: int | None, language: str) -> CellContent | None:
        """Find what a segment gets in a language: `fr-CA`, else `fr`, else the campaign's language.

        Source: RFC 4647, 3.4.
        """
        cells = {cell.language: cell for cell in self.cells if cell.segment == segment}
        while language:
            if language in cells:
                return cells[language]
            language = language.rpartition("-")[0]
        return cells.get(self.language)


def to_json(frozen: Frozen) -> dict[str, Any]:
    """Write what `from_json` reads."""
    written = asdict(frozen)
    written["format"] = FORMAT
    written["expires_at"] = frozen.expires_at.isoformat() if frozen.expires_at else None
    quiet = frozen.quiet
    written["quiet"] = [quiet.start.isoformat("minutes"), quiet.end.isoformat("minutes")] if quiet else None
    return written


def from_json(written: dict[str, Any]) -> Frozen:
    """Read what `to_json` wrote."""
    audience, segmentation, seeds = written["audience"], written["segmentation"], written["seeds"]
    return Frozen(
        speaker=Speaker(**written["speaker"]) if written["speaker"] else None,
        audience=Audience(**audience) if audience else None,
        segmentation=_segmentation(segmentation) if segmentation else None,
        language=written["language"],
        cells=tuple(CellContent(**{**cell, "fields": tuple(cell["fields"])}) for cell in written["cells"]),
        seeds=_seeds(seeds) if seeds else None,
        start=Start(StartKind(written["start"]["kind"]), written["start"]["at"]),
        quiet=Quiet(*map(time.fromisoformat, written["quiet"])) if written["quiet"] else None,
        expires_at=datetime.fromisoformat(written["expires_at"]) if written["expires_at"] else None,
        rate_per_minute=written.get("rate_per_minute"),
        channels=tuple(written["channels"]),
    )


def _segmentation(written: dict[str, Any]) -> Segmentation:
    return Segmentation(**{**written, "segments": tuple(SegmentRule(**segment) for segment in written["segments"])})


def _seeds(written: dict[str, Any]) -> Seeds:
    return Seeds(**{**written, "seeds": tuple(SeedAddress(**seed) for seed in written["seeds"])})
