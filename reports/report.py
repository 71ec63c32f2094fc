"""Puts one run's report together: what the pages show, in words and order; no HTTP in here.

Shape: everything is read in the open tenant; segments and links come with public ids, so that each opens its people.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from campaigns.frozen import SegmentRule, from_json
from campaigns.models import Campaign, Run
from campaigns.states import ExclusionReason, RunState
from connect.core.formats import country_name, zone_name
from connect.core.jinja import language_name
from connect.core.models import Tenant
from content.models import Revision
from conversations.models import Attribute
from reports import queries
from reports.queries import Group, HourCount, RunKey, StateCount
from reports.rates import Counts

#: Rows of a table before the rest is left out.
MOST_ROWS = 12
MOST_LINKS = 40
MOST_RUNS = 50
#: The chart shows the first days; later opens stay in the totals.
MOST_HOURS = 72
LIVE = frozenset({RunState.PLANNING, RunState.SENDING, RunState.PAUSED})


@dataclass(frozen=True)
class Step:
    """One step of the waterfall: `out` people left here, `left` remain. `query` opens those who left."""

    label: str
    why: str
    out: int
    left: int
    query: str


@dataclass(frozen=True)
class NamedGroup:
    """One row of a table of groups. `query` opens its people."""

    label: str
    counts: Counts
    query: str


@dataclass(frozen=True)
class NamedLink:
    """One link with the people who clicked it."""

    target: str
    people: int
    clicks: int
    machines: int
    query: str


@dataclass(frozen=True)
class Overview:
    """The report's first page."""

    run: Run
    live: bool
    totals: Counts
    presumed: int
    states: list[StateCount]
    planned: int
    seeds: list[StateCount]
    waterfall: list[Step]
    excluded: int
    hours: list[HourCount]
    segments: list[NamedGroup]
    languages: list[NamedGroup]
    domains: list[NamedGroup]
    links: list[NamedLink]
    machines: dict[str, int]

    @property
    def balances(self) -> bool:
        """Tell whether both sums hold: members over their fates, messages over their states."""
        return (
            self.run.members == self.run.filtered + self.excluded + self.run.recipients
            and self.planned == self.run.recipients
        )


def latest_run(tenant: Tenant, campaign: Campaign) -> Run | None:
    """Get a campaign's newest run."""
    return Run.objects.of(tenant).filter(campaign=campaign).order_by("-started_at", "-id").first()


def key_of(run: Run) -> RunKey:
    """Say where a run's messages lie."""
    return RunKey(run.tenant_id, run.month, run.pk)


def overview(tenant: Tenant, run: Run, *, now: datetime) -> Overview:
    """Read the whole first page."""
    key = key_of(run)
    states = queries.states(key)
    exclusions = queries.exclusions(key)
    return Overview(
        run=run,
        live=run.state in LIVE,
        totals=queries.totals_of([key])[run.pk],
        presumed=queries.presumed_delivered(key, now=now),
        states=states,
        planned=sum(state.count for state in states),
        seeds=queries.seeds(key),
        waterfall=_waterfall(run, exclusions),
        excluded=sum(exclusions.values()),
        hours=queries.hours(key, limit=MOST_HOURS),
        segments=_segments(run, queries.groups(key, "segment", limit=MOST_ROWS)),
        languages=_plain(queries.groups(key, "language", limit=MOST_ROWS), "language", language_name),
        domains=_plain(queries.groups(key, "domain", limit=MOST_ROWS), "domain"),
        links=_links(tenant, key),
        machines=queries.machines(key),
    )


def demographics(tenant: Tenant, run: Run) -> list[tuple[str, list[NamedGroup]]]:
    """Count a run by country, region, zone, and each reportable attribute."""
    key = key_of(run)
    tables = [
        (_("Country"), _plain(queries.groups(key, "country", limit=MOST_ROWS), "country", country_name)),
        (_("Region"), _plain(queries.groups(key, "region", limit=MOST_ROWS), "region")),
        (_("Time zone"), _plain(queries.groups(key, "zone", limit=MOST_ROWS), "zone", zone_name)),
    ]
    for attribute in Attribute.objects.of(tenant).filter(kind="attribute", reportable=True).order_by("label"):
        groups = queries.attribute_groups(key, attribute.name, limit=MOST_ROWS)
        named = [
            NamedGroup(group.value or _("not set"), group.counts, f"attribute={attribute.name}&value={group.value}")
            for group in groups
        ]
        tables.append((attribute.label, named))
    return tables


EXCLUSION_WORDS = {
    ExclusionReason.NO_CONSENT: (_lazy("No consent"), _lazy("No email subscription, or not confirmed")),
    ExclusionReason.SUPPRESSED: (_lazy("Suppressed"), _lazy("On a list in force")),
    ExclusionReason.FILTERED: (_lazy("Not in audience"), _lazy("Left out by the audience model")),
    ExclusionReason.NO_ADDRESS: (_lazy("No address"), _lazy("No email address")),
    ExclusionReason.LEFTOVER: (_lazy("Leftovers"), _lazy("Match no segment; leftovers get nothing")),
    ExclusionReason.NO_CONTENT: (_lazy("No content"), _lazy("Nothing in their language")),
    ExclusionReason.EXPIRED: (_lazy("Expired"), _lazy("Their time comes after the expiry")),
    ExclusionReason.DUPLICATE: (_lazy("Same address"), _lazy("One message for one address")),
}


def _waterfall(run: Run, exclusions: dict[str, int]) -> list[Step]:
    left = run.members
    steps = []
    for reason, (label, why) in EXCLUSION_WORDS.items():
        out = run.filtered if reason is ExclusionReason.FILTERED else exclusions.get(reason, 0)
        left -= out
        if out:
            steps.append(
                Step(
                    str(label),
                    str(why),
                    out,
                    left,
                    "" if reason is ExclusionReason.FILTERED else f"excluded={reason.value}",
                )
            )
    return steps


def segment_names(run: Run) -> dict[int | None, str]:
    """Tell what a run's segments were called when it was planned, by key; None is who matched no segment."""
    segments = _frozen_segments(run)
    return {**{one.id: one.name for one in segments}, None: _("Leftovers") if segments else _("Everybody")}


def _frozen_segments(run: Run) -> tuple[SegmentRule, ...]:
    model = from_json(run.frozen).segmentation
    return model.segments if model else ()


def _plain(groups: Sequence[Group], name: str, written: Callable[[str], str] = str) -> list[NamedGroup]:
    return [
        NamedGroup(written(group.value) if group.value else _("not set"), group.counts, f"{name}={group.value}")
        for group in groups
    ]


def _segments(run: Run, groups: Sequence[Group]) -> list[NamedGroup]:
    names = segment_names(run)
    ids = {one.id: one.public_id for one in _frozen_segments(run)}
    return [NamedGroup(names[group.value], group.counts, f"segment={ids.get(group.value, '')}") for group in groups]


def _links(tenant: Tenant, key: RunKey) -> list[NamedLink]:
    """Add up the clicks of each target over all revisions: a person got one revision, so people stay counted once."""
    counted = queries.links(key, limit=MOST_LINKS * MOST_ROWS)
    found = Revision.objects.of(tenant).filter(pk__in={link.revision_id for link in counted})
    revisions = {revision.pk: revision for revision in found.only("pk", "public_id", "links")}
    named: dict[str, NamedLink] = {}
    for link in counted:
        revision = revisions[link.revision_id]
        place = f"{revision.public_id}.{link.link}"
        target = _target(revision, link.link)
        known = named.get(target, NamedLink(target, 0, 0, 0, "link="))
        named[target] = NamedLink(
            target=target,
            people=known.people + link.people,
            clicks=known.clicks + link.clicks,
            machines=known.machines + link.machines,
            query=known.query + ("" if known.query == "link=" else ",") + place,
        )
    return sorted(named.values(), key=lambda link: (-link.people, link.target))[:MOST_LINKS]


def _target(revision: Revision, link: int) -> str:
    return str(revision.links[link]) if 0 <= link < len(revision.links) else ""


def internal(tenant: Tenant, run: Run, wanted: dict[str, str]) -> dict[str, str]:
    """Turn the public ids of a people page's query into the keys that queries take.

    A public id that isn't the run's selects nobody.
    """
    keys = dict(wanted)
    if keys.get("segment"):
        ids = {one.public_id: one.id for one in _frozen_segments(run)}
        keys["segment"] = str(ids.get(keys["segment"], 0))
    if "link" in keys:
        places = [place.partition(".") for place in keys["link"].split(",")[:MOST_LINKS]]
        found = Revision.objects.of(tenant).filter(
            public_id__in=[_uuid(revision_id) for revision_id, _dot, _link in places]
        )
        known = {revision.public_id: revision.pk for revision in found.only("pk", "public_id")}
        keys["link"] = ",".join(
            f"{known.get(_uuid(revision_id), 0)}.{link if link.isdigit() else 0}" for revision_id, _dot, link in places
        )
    return keys


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def ran(tenant: Tenant, campaigns: dict[int, Campaign]) -> list[tuple[Campaign, Run, Counts]]:
    """List the newest runs of these campaigns with their counts, newest first."""
    runs = Run.objects.of(tenant).filter(campaign_id__in=campaigns).order_by("-started_at", "-id")[:MOST_RUNS]
    counted = totals_of(runs)
    return [(campaigns[run.campaign_id], run, counted[run.pk]) for run in runs]


def totals_of(runs: Iterable[Run]) -> dict[int, Counts]:
    """Count whole runs by their keys, in one query."""
    return queries.totals_of([key_of(run) for run in runs])
