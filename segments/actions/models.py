"""Make, change, copy and archive segmentation models. A segment keeps its id, so that content stays bound to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audiences.actions.models import access_as_marketer, find_department, gather, set_archived
from audiences.naming import check_description, check_name, name_of_copy
from audiences.rules.schema import Weight, canonical, check_in, weigh
from audiences.rules.sources import Vocabulary, vocabulary
from audiences.rules.tree import Rule
from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Conflict, Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from segments.did import Did
from segments.models import Segment, SegmentationModel

NAME_KEY = "segments_model_name_key"
MAX_SEGMENTS = 50
#: Groups and comparisons of all rules together. What a form of so many posts, the settings let in.
MAX_PARTS = 1_000


@dataclass(frozen=True)
class SegmentOf:
    """One segment as somebody wants it. `id` is that of the segment that stays; None makes a new one."""

    name: str
    rule: object
    id: UUID | None = None


@dataclass(frozen=True)
class SegmentationOf:
    """A whole model as somebody wants it, its segments in order."""

    name: str
    segments: Sequence[SegmentOf]
    leftovers_get_content: bool
    description: str = ""


def create_segmentation(
    tenant: Tenant,
    *,
    by: Member | None,
    name: str,
    segments: Sequence[tuple[str, object]],
    leftovers_get_content: bool,
    department_id: UUID,
    now: datetime,
    description: str = "",
) -> SegmentationModel:
    """Make a segmentation model of (name, rule) pairs, in order.

    Errors: Invalid naming each field, a segment's as `segments.1.name` or `segments.1.rule.rules.0.value`; Forbidden
    unless `by` is a marketer in the department.
    """
    wanted = SegmentationOf(name, [SegmentOf(*pair) for pair in segments], leftovers_get_content, description)
    return make_segmentation(tenant, wanted, department_id=department_id, by=by, now=now)


@in_tenant
def make_segmentation(
    tenant: Tenant, wanted: SegmentationOf, *, department_id: UUID, by: Member | None, now: datetime
) -> SegmentationModel:
    """Make a segmentation model; see `create_segmentation`."""
    values, segments = _check(tenant, wanted)
    department = find_department(tenant, department_id, by)
    with unique(NAME_KEY, {"name": _("Another segmentation model has this name.")}):
        made = SegmentationModel.objects.create(
            tenant=tenant, department=department, created_at=now, updated_at=now, **values
        )
    _write(tenant, made, segments)
    audit(tenant, by, Did.MADE_SEGMENTATION, made.public_id, now=now, name=made.name, segments=len(segments))
    return made


@in_tenant
def change_segmentation(
    tenant: Tenant, model_id: UUID, version: int, wanted: SegmentationOf, *, by: Member | None, now: datetime
) -> SegmentationModel:
    """Change a model that still is as it was at `version`. What is left out goes, with the content bound to it.

    Errors: SegmentationModel.DoesNotExist; StaleVersion with the model as it is now; Conflict when it is archived;
    Invalid and Forbidden as above.
    """
    one = SegmentationModel.objects.of(tenant).filter(public_id=model_id)
    before = one.get()
    access_as_marketer(before.department_id, by)
    if before.archived_at:
        raise Conflict(_("It is archived. Bring it back before you change it."))
    values, segments = _check(tenant, wanted)
    with unique(NAME_KEY, {"name": _("Another segmentation model has this name.")}):
        one.save_version(version, updated_at=now, **values)
    changed = sorted(field for field, value in values.items() if getattr(before, field) != value)
    if _write(tenant, before, segments):
        changed.append("segments")
    audit(tenant, by, Did.CHANGED_SEGMENTATION, model_id, now=now, fields=changed)
    after: SegmentationModel = one.get()
    return after


@in_tenant
def copy_segmentation(tenant: Tenant, model_id: UUID, *, by: Member | None, now: datetime) -> SegmentationModel:
    """Make a second model with the same segments, under a name of its own.

    Errors: SegmentationModel.DoesNotExist; Forbidden unless `by` is a marketer in its department.
    """
    first = SegmentationModel.objects.of(tenant).public(model_id)
    access_as_marketer(first.department_id, by)
    taken = set(SegmentationModel.objects.of(tenant).values_list("name", flat=True))
    made = SegmentationModel.objects.create(
        tenant=tenant,
        department_id=first.department_id,
        name=name_of_copy(first.name, taken),
        description=first.description,
        leftovers_get_content=first.leftovers_get_content,
        created_at=now,
        updated_at=now,
    )
    _write(tenant, made, [(None, {"name": one.name, "rule": one.rule}) for one in first.segments()])
    audit(tenant, by, Did.COPIED_SEGMENTATION, made.public_id, now=now, name=made.name, source=str(model_id))
    return made


@in_tenant
def archive_segmentation(tenant: Tenant, model_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Take a model out of the lists; campaigns that use it go on.

    Errors: SegmentationModel.DoesNotExist; Conflict when it is archived already; Forbidden.
    """
    set_archived(SegmentationModel.objects.of(tenant).filter(public_id=model_id), now, by)
    audit(tenant, by, Did.ARCHIVED_SEGMENTATION, model_id, now=now)


@in_tenant
def restore_segmentation(tenant: Tenant, model_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Bring an archived model back.

    Errors: SegmentationModel.DoesNotExist; Conflict when it isn't archived; Forbidden.
    """
    set_archived(SegmentationModel.objects.of(tenant).filter(public_id=model_id), None, by)
    audit(tenant, by, Did.RESTORED_SEGMENTATION, model_id, now=now)


Written = tuple[UUID | None, dict[str, Any]]


def _check(tenant: Tenant, wanted: SegmentationOf) -> tuple[dict[str, Any], list[Written]]:
    fields = vocabulary(tenant)
    checks = {
        "name": lambda: check_name(wanted.name),
        "description": lambda: check_description(wanted.description),
        "segments": lambda: _check_segments(fields, wanted.segments),
    }
    values = gather(checks)
    segments = values.pop("segments")
    return {**values, "leftovers_get_content": wanted.leftovers_get_content}, segments


def _check_segments(fields: Vocabulary, wanted: Sequence[SegmentOf]) -> list[Written]:
    if not wanted:
        raise Invalid({"segments": _("Add at least one segment.")})
    if len(wanted) > MAX_SEGMENTS:
        raise Invalid({"segments": _("A model has %(most)d segments at most.") % {"most": MAX_SEGMENTS}})
    taken: set[str] = set()
    faults: dict[str, list[str]] = {}
    written: list[Written] = []
    weight = Weight()
    for place, segment in enumerate(wanted):
        try:
            values = _check_segment(fields, segment, f"segments.{place}", taken)
            weight += values.pop("weight")
            written.append((segment.id, values))
        except Invalid as error:
            faults |= error.fields
    if too_much := weight.complaint(MAX_PARTS):
        faults.setdefault("segments", []).append(too_much)
    if faults:
        raise Invalid(faults)
    return written


def _check_segment(fields: Vocabulary, segment: SegmentOf, at: str, taken: set[str]) -> dict[str, Any]:
    values = gather(
        {
            "name": lambda: check_name(segment.name, f"{at}.name"),
            "rule": lambda: check_in(fields, segment.rule, at=f"{at}.rule."),
        }
    )
    if values["name"].casefold() in taken:
        raise Invalid({f"{at}.name": _("Another segment of this model has this name.")})
    taken.add(values["name"].casefold())
    rule: Rule = values["rule"]
    return {"name": values["name"], "rule": canonical(rule), "weight": weigh(rule)}


def _write(tenant: Tenant, model: SegmentationModel, wanted: Sequence[Written]) -> bool:
    """Bring the stored segments to what is wanted, in its order; tell whether anything changed."""
    stored = {one.public_id: one for one in Segment.objects.of(tenant).filter(model=model).select_for_update()}
    kept = [public_id for public_id, _values in wanted if public_id]
    if strange := [public_id for public_id in kept if public_id not in stored] or len(kept) != len(set(kept)):
        raise Invalid({"segments": _("One of these segments isn’t part of this model.")}) from LookupError(strange)
    changed = bool(stored.keys() - set(kept))
    Segment.objects.of(tenant).filter(model=model).exclude(public_id__in=kept).delete()
    for position, (public_id, values) in enumerate(wanted, start=1):
        placed = {**values, "position": position}
        if public_id is None:
            Segment.objects.create(tenant=tenant, model=model, **placed)
            changed = True
        elif any(getattr(stored[public_id], field) != value for field, value in placed.items()):
            Segment.objects.of(tenant).filter(public_id=public_id).update(**placed)
            changed = True
    return changed
