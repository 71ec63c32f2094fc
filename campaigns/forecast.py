"""The waterfall as it was last counted for a campaign: kept as JSON, read without counting, marked where it is old."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign, Forecast, Run
from campaigns.states import ExclusionReason
from campaigns.waterfall import Group, Waterfall
from connect.core.models import Tenant
from connect.core.sql import Sql, rows


@dataclass(frozen=True)
class Known:
    """What is known of where people go. `current` is False where the campaign was changed since it was counted."""

    waterfall: Waterfall
    current: bool


def known(tenant: Tenant, campaign: Campaign, fingerprint: str) -> Known | None:
    """Read the last count of a campaign, if there is one."""
    kept = Forecast.objects.of(tenant).filter(campaign=campaign).first()
    return Known(read(kept.numbers, kept.as_of), kept.basis == fingerprint) if kept else None


def people_counted(tenant: Tenant, campaigns: list[int]) -> dict[int, int]:
    """Read how many would get each campaign, as last counted."""
    kept = Forecast.objects.of(tenant).filter(campaign__in=campaigns).values_list("campaign_id", "numbers__recipients")
    return dict(kept)


def write(counted: Waterfall) -> dict[str, Any]:
    """Write a waterfall as JSON."""
    return {
        "members": counted.members,
        "recipients": counted.recipients,
        "out": {reason.value: people for reason, people in counted.out.items()},
        "groups": [[group.segment, group.tag, group.language, group.zone, group.people] for group in counted.groups],
        "late": counted.late,
        "bare": counted.bare,
    }


def read(numbers: dict[str, Any], as_of: datetime) -> Waterfall:
    """Read what `write` wrote."""
    return Waterfall(
        as_of=as_of,
        members=numbers["members"],
        out={reason: numbers["out"].get(reason.value, 0) for reason in ExclusionReason},
        recipients=numbers["recipients"],
        groups=tuple(Group(*group) for group in numbers["groups"]),
        late=numbers["late"],
        bare=tuple((segment, people) for segment, people in numbers.get("bare", [])),
    )


def books(tenant: Tenant, run: Run, *, as_of: datetime) -> Waterfall:
    """Read where the members of a run went, from its books. Groups aren't told: reports count messages."""
    found = rows(Sql("SELECT reason, count(*) FROM campaigns_exclusion WHERE run_id = %s GROUP BY reason", (run.pk,)))
    out = {**dict.fromkeys(ExclusionReason, 0), **{ExclusionReason(reason): people for reason, people in found}}
    out[ExclusionReason.FILTERED] = run.filtered
    return Waterfall(as_of, run.members, out, run.recipients, (), {})
