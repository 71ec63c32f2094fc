"""What campaigns are made of at this moment, gathered from all floors below into `Frozen`, many campaigns at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from audiences.models import AudienceModel, Seed, SeedList
from campaigns.clock import Quiet
from campaigns.frozen import (
    Audience,
    CellContent,
    Frozen,
    SeedAddress,
    Seeds,
    Segmentation,
    SegmentRule,
    Speaker,
    Start,
)
from campaigns.models import Campaign, Cell
from campaigns.states import StartKind
from connect.core.models import Tenant
from connect.core.queries import TenantQuerySet
from conversations.models import Conversation
from segments.models import Segment, SegmentationModel

T = TypeVar("T")


def gather_one(tenant: Tenant, campaign: Campaign) -> Frozen:
    """Gather one campaign's parts."""
    return gather(tenant, [campaign])[campaign.pk]


def gather(tenant: Tenant, campaigns: Collection[Campaign]) -> dict[int, Frozen]:
    """Gather the parts of campaigns, by their keys, with the same few queries for one as for a hundred."""
    speakers = _found(Conversation.objects.of(tenant), (campaign.conversation_id for campaign in campaigns), _speaker)
    audiences = _found(AudienceModel.objects.of(tenant), (campaign.audience_id for campaign in campaigns), _audience)
    segmentations = _segmentations(tenant, {campaign.segmentation_id for campaign in campaigns})
    cells = _cells(tenant, campaigns)
    seeds = _seeds(tenant, {campaign.seed_list_id for campaign in campaigns})
    return {
        campaign.pk: Frozen(
            speaker=speakers.get(campaign.conversation_id),
            audience=audiences.get(campaign.audience_id),
            segmentation=segmentations.get(campaign.segmentation_id),
            language=campaign.language,
            cells=_in_use(cells[campaign.pk], segmentations.get(campaign.segmentation_id)),
            seeds=seeds.get(campaign.seed_list_id),
            start=Start(StartKind(campaign.start_kind), campaign.start_at),
            quiet=_quiet(campaign),
            expires_at=campaign.expires_at,
            rate_per_minute=campaign.rate_per_minute,
        )
        for campaign in campaigns
    }


def _found(rows: "TenantQuerySet[Any]", keys: Iterable[int | None], make: Any) -> Mapping[int | None, Any]:
    wanted = {key for key in keys if key is not None}
    return {row.pk: make(row) for row in rows.filter(pk__in=wanted)} if wanted else {}


def _speaker(row: Conversation) -> Speaker:
    return Speaker(
        id=row.pk,
        public_id=str(row.public_id),
        name=row.name,
        zone=row.default_zone,
        from_name=row.from_name,
        from_email=row.from_email,
        reply_to=row.reply_to,
        bounce_domain=row.bounce_domain,
        postal_address=row.postal_address,
        footer=row.footer,
    )


def _audience(row: AudienceModel) -> Audience:
    return Audience(row.pk, str(row.public_id), row.name, row.version, row.rule)


def _segmentations(tenant: Tenant, keys: Collection[int | None]) -> Mapping[int | None, Segmentation]:
    by_model: dict[int, list[SegmentRule]] = defaultdict(list)
    for segment in Segment.objects.of(tenant).filter(model_id__in=keys - {None}).order_by("model_id", "position"):  # type: ignore[operator]
        rule = SegmentRule(segment.pk, str(segment.public_id), segment.name, segment.rule)
        by_model[segment.model_id].append(rule)

    def make(row: SegmentationModel) -> Segmentation:
        return Segmentation(
            id=row.pk,
            public_id=str(row.public_id),
            name=row.name,
            version=row.version,
            leftovers=row.leftovers_get_content,
            segments=tuple(by_model[row.pk]),
        )

    return _found(SegmentationModel.objects.of(tenant), keys, make)


def _cells(tenant: Tenant, campaigns: Collection[Campaign]) -> Mapping[int, list[CellContent]]:
    found: dict[int, list[CellContent]] = defaultdict(list)
    rows = Cell.objects.of(tenant).filter(campaign__in=[campaign.pk for campaign in campaigns])
    of_revision = ("id", "hash", "number", "fields", "content__name")
    named = rows.order_by("campaign_id", "segment_id", "language").values_list(
        "campaign_id", "segment_id", "language", *(f"revision__{name}" for name in of_revision)
    )
    for campaign, segment, language, revision, digest, number, fields, content in named:
        cell = CellContent(segment, language, revision, digest, content, number, tuple(fields))
        found[campaign].append(cell)
    return found


def _in_use(cells: list[CellContent], segmentation: Segmentation | None) -> tuple[CellContent, ...]:
    """Keep what some row of the matrix has; a segment that left its model takes its content along."""
    rows = {None} | ({segment.id for segment in segmentation.segments} if segmentation else set())
    if segmentation and not segmentation.leftovers:
        rows.discard(None)
    return tuple(cell for cell in cells if cell.segment in rows)


def _seeds(tenant: Tenant, keys: Collection[int | None]) -> Mapping[int | None, Seeds]:
    by_list: dict[int, list[SeedAddress]] = defaultdict(list)
    for seed in Seed.objects.of(tenant).filter(seed_list_id__in=keys - {None}).order_by("seed_list_id", "email_key"):  # type: ignore[operator]
        by_list[seed.seed_list_id].append(SeedAddress(seed.name, seed.email, seed.email_key))

    def make(row: SeedList) -> Seeds:
        return Seeds(row.pk, str(row.public_id), row.name, row.mark_subject, tuple(by_list[row.pk]))

    return _found(SeedList.objects.of(tenant), keys, make)


def _quiet(campaign: Campaign) -> Quiet | None:
    if campaign.quiet_from is None or campaign.quiet_until is None:
        return None
    return Quiet(campaign.quiet_from, campaign.quiet_until)
