"""Make, change, copy and archive a campaign: what it is called, to whom it goes, when."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audiences.models import AudienceModel, SeedList
from campaigns.actions.edit import Draft, access, editing
from campaigns.checks import (
    check_description,
    check_expiry,
    check_name,
    check_priority,
    check_quiet,
    check_rate,
    check_start,
    check_tags,
    collect,
)
from campaigns.did import Did
from campaigns.models import Campaign, Cell, Edit
from campaigns.people import demand
from campaigns.states import CampaignState, StartKind
from connect.core.audit import audit
from connect.core.errors import Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.queries import TenantQuerySet
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.addresses import check_language
from conversations.models import Conversation
from segments.models import Segment, SegmentationModel


@dataclass(frozen=True)
class Information:
    """What a campaign is called, and what sorts it."""

    name: str
    department: UUID
    language: str
    description: str = ""
    priority: int = 50
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """To whom a campaign goes: public ids, None for nobody's choice yet or for everybody."""

    conversation: UUID | None
    audience: UUID | None = None
    segmentation: UUID | None = None


@dataclass(frozen=True)
class Schedule:
    """When a campaign goes, when it doesn't, and when it gives up."""

    start_kind: StartKind
    start_at: str = ""
    quiet: tuple[time | None, time | None] = (None, None)
    expires_at: datetime | None = None
    rate_per_minute: int | None = None
    seed_list: UUID | None = None
    faults: dict[str, list[str]] = field(default_factory=dict)


@in_tenant
def make_campaign(tenant: Tenant, information: Information, *, by: Member | None, now: datetime) -> Campaign:
    """Make a draft.

    Errors: Invalid naming each field; Forbidden unless `by` is a marketer in its department.
    """
    values = _information(tenant, information, by)
    made = Campaign.objects.create(tenant=tenant, created_by=by, created_at=now, updated_at=now, **values)
    Edit.objects.create(tenant=tenant, campaign=made, member=by, part="content", at=now)
    audit(tenant, by, Did.MADE_CAMPAIGN, made.public_id, now=now, name=made.name)
    return made


@in_tenant
def change_information(
    tenant: Tenant, campaign_id: UUID, version: int, information: Information, *, by: Member | None, now: datetime
) -> Campaign:
    """Change what a campaign is called and what sorts it. Its language is a part of what approvals are bound to.

    Errors: as `editing`; Invalid naming each field.
    """
    with editing(tenant, campaign_id, version, by=by, now=now) as draft:
        draft.values = _information(tenant, information, by)
        _keep_department(draft)
    return draft.campaign


@in_tenant
def change_audience(
    tenant: Tenant, campaign_id: UUID, version: int, choice: Choice, *, by: Member | None, now: datetime
) -> Campaign:
    """Choose conversation, audience model and segmentation model. Content of segments that leave with their model goes.

    Errors: as `editing`; Invalid naming each field.
    """
    with editing(tenant, campaign_id, version, by=by, now=now) as draft:
        faults: dict[str, list[str]] = {}
        chosen = {
            "conversation": _pick(Conversation.objects.of(tenant), choice.conversation, draft, "conversation", faults),
            "audience": _pick(AudienceModel.objects.of(tenant), choice.audience, draft, "audience", faults),
            "segmentation": _pick(
                SegmentationModel.objects.of(tenant), choice.segmentation, draft, "segmentation", faults
            ),
        }
        if faults:
            raise Invalid(faults)
        _drop_cells(tenant, draft, chosen["segmentation"])
        draft.values = chosen
    return draft.campaign


@in_tenant
def change_schedule(
    tenant: Tenant, campaign_id: UUID, version: int, schedule: Schedule, *, by: Member | None, now: datetime
) -> Campaign:
    """Set start, quiet period, expiry, rate and seeds.

    Errors: as `editing`; Invalid naming each field: a start that is past, an expiry before the start or in the past, a
    quiet period without a length, a wall time that can't be read.
    """
    with editing(tenant, campaign_id, version, by=by, now=now) as draft:
        faults = dict(schedule.faults)
        zone = draft.campaign.conversation.default_zone if draft.campaign.conversation else tenant.default_zone
        start_at = collect(faults, check_start, schedule.start_kind, schedule.start_at, zone, now)
        quiet = collect(faults, check_quiet, *schedule.quiet)
        collect(faults, check_expiry, schedule.expires_at, schedule.start_kind, start_at or "", zone, now)
        collect(faults, check_rate, schedule.rate_per_minute)
        seeds = _pick(SeedList.objects.of(tenant), schedule.seed_list, draft, "seed_list", faults)
        if faults:
            raise Invalid(faults)
        draft.values = {
            "start_kind": schedule.start_kind,
            "start_at": start_at,
            "quiet_from": quiet and quiet[0],
            "quiet_until": quiet and quiet[1],
            "expires_at": schedule.expires_at,
            "rate_per_minute": schedule.rate_per_minute,
            "seed_list": seeds,
        }
    return draft.campaign


@in_tenant
def copy_campaign(tenant: Tenant, campaign_id: UUID, *, by: Member | None, now: datetime) -> Campaign:
    """Make a draft like another campaign, without its start, its expiry and its approvals.

    Errors: Campaign.DoesNotExist; Forbidden.
    """
    source = access(tenant, campaign_id, Role.MARKETER, by)
    kept = ("department", "description", "type", "language", "priority", "tags", "conversation", "audience")
    also = ("segmentation", "seed_list", "quiet_from", "quiet_until", "rate_per_minute")
    made = Campaign.objects.create(
        tenant=tenant,
        name=_copy_name(source.name),
        created_by=by,
        created_at=now,
        updated_at=now,
        **{name: getattr(source, name) for name in kept + also},
    )
    cells = Cell.objects.of(tenant).filter(campaign=source)
    Cell.objects.bulk_create(
        Cell(
            tenant=tenant,
            campaign=made,
            segment_id=cell.segment_id,
            language=cell.language,
            revision_id=cell.revision_id,
        )
        for cell in cells
    )
    Edit.objects.create(tenant=tenant, campaign=made, member=by, part="content", at=now)
    audit(tenant, by, Did.COPIED_CAMPAIGN, made.public_id, now=now, source=str(source.public_id), name=made.name)
    return made


@in_tenant
def archive_campaign(tenant: Tenant, campaign_id: UUID, *, by: Member | None, now: datetime) -> Campaign:
    """Put a draft, or a campaign that is over, out of the way.

    Errors: Campaign.DoesNotExist; Forbidden; WrongState.
    """
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.ARCHIVED, updated_at=now)
    audit(tenant, by, Did.ARCHIVED_CAMPAIGN, campaign.public_id, now=now)
    return Campaign.objects.of(tenant).get(pk=campaign.pk)


def _information(tenant: Tenant, information: Information, by: Member | None) -> dict[str, Any]:
    faults: dict[str, list[str]] = {}
    values = {
        "name": collect(faults, check_name, information.name),
        "description": collect(faults, check_description, information.description),
        "language": collect(faults, check_language, information.language),
        "priority": collect(faults, check_priority, information.priority),
        "tags": collect(faults, check_tags, information.tags),
    }
    department = Department.objects.of(tenant).filter(public_id=information.department).first()
    if department is None or (by and not by.may(Role.VIEWER, department.pk)):
        faults["department"] = [_("Choose a department.")]
    if faults:
        raise Invalid(faults)
    assert department is not None
    demand(tenant, by, Role.MARKETER, department.pk)
    return {**values, "department": department}


def _keep_department(draft: Draft) -> None:
    """Refuse to move a campaign away from what it rests on: that belongs to its department."""
    chosen = (draft.campaign.conversation_id, draft.campaign.audience_id, draft.campaign.segmentation_id)
    if draft.values["department"].pk != draft.campaign.department_id and any(chosen):
        raise Invalid(
            {"department": _("Its audience belongs to its department. Make a new campaign in the other one.")}
        )


def _pick(
    rows: "TenantQuerySet[Any]", public_id: UUID | None, draft: Draft, name: str, faults: dict[str, list[str]]
) -> Any:
    """Find what was chosen in the campaign's department; what it has already may stay, archived or not."""
    if public_id is None:
        return None
    found = rows.filter(public_id=public_id).first()
    stays = found is not None and found.pk == getattr(draft.campaign, f"{name}_id")
    usable = found is not None and found.department_id == draft.campaign.department_id
    if usable and (stays or getattr(found, "archived_at", None) is None):
        return found
    faults[name] = [_("Choose from the list.")]
    return None


def _drop_cells(tenant: Tenant, draft: Draft, segmentation: SegmentationModel | None) -> None:
    cells = Cell.objects.of(tenant).filter(campaign=draft.campaign, segment__isnull=False)
    if segmentation:
        kept = Segment.objects.of(tenant).filter(model=segmentation).values_list("pk", flat=True)
        cells = cells.exclude(segment_id__in=list(kept))
    cells.delete()


def _copy_name(name: str) -> str:
    suffix = _(" (copy)")
    return name[: 120 - len(suffix)] + suffix
