"""What upper floors know of runs and campaigns in numbers: registries that `connect/wiring.py` fills.

Campaigns know no messages. Delivery tells how far runs have come, reports tell what came of campaigns; where nobody was
wired, nothing is known and pages show a dash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from connect.core.models import Tenant


class Progress(Protocol):
    """How far a run has come: its messages by what became of them; they add up to `total`.

    Units: `last_minute` are messages that were handed over within the last minute.
    """

    @property
    def total(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def in_doubt(self) -> int: ...
    @property
    def skipped(self) -> int: ...
    @property
    def expired(self) -> int: ...
    @property
    def cancelled(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def last_minute(self) -> int: ...


@dataclass(frozen=True)
class Results:
    """What came of a campaign. Rates are shares of one; None is a share of nothing, or not known."""

    delivered: int | None = None
    opened: float | None = None
    clicked: float | None = None


class ProgressOf(Protocol):
    """Tells how far runs have come, by their keys; an unknown one is left out."""

    def __call__(self, tenant: Tenant, run_ids: Sequence[int], *, now: datetime) -> Mapping[int, Progress]: ...


class ResultsOf(Protocol):
    """Tells what came of campaigns, by their keys; an unknown one is left out."""

    def __call__(self, tenant: Tenant, campaign_ids: Sequence[int]) -> Mapping[int, Results]: ...


_progress: list[ProgressOf] = []
_results: list[ResultsOf] = []


def wire(progress: ProgressOf | None = None, results: ResultsOf | None = None) -> None:
    """Set who knows. Called once, by `connect/wiring.py`."""
    _progress[:] = [progress] if progress else []
    _results[:] = [results] if results else []


def progress_of(tenant: Tenant, run_ids: Sequence[int], *, now: datetime) -> Mapping[int, Progress]:
    """Ask how far runs have come."""
    return _progress[0](tenant, run_ids, now=now) if _progress and run_ids else {}


def results_of(tenant: Tenant, campaign_ids: Sequence[int]) -> Mapping[int, Results]:
    """Ask what came of campaigns."""
    return _results[0](tenant, campaign_ids) if _results and campaign_ids else {}


def ends_at(progress: Progress, now: datetime) -> datetime | None:
    """Tell when a run is through if it goes on as in the last minute; None where it stands still or is through."""
    if not progress.last_minute or not progress.waiting:
        return None
    return now + timedelta(minutes=progress.waiting / progress.last_minute)
