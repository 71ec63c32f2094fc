"""Segmentation models as a kind of model: what their pages show that others don't."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from audiences.queries import ModelQuerySet
from audiences.rules.schema import check_in
from audiences.rules.sentence import Word
from audiences.rules.sources import vocabulary
from audiences.uses import SEGMENTATION
from audiences.views.kinds import Kind, draft_words
from connect.core.models import Member, Tenant
from conversations.models import Conversation
from segments.actions import models as actions
from segments.counts import SegmentCounts, count_segments
from segments.forms.segmentation import SegmentationForm
from segments.models import Segment, SegmentationModel


@dataclass(frozen=True)
class Split:
    """How a conversation's members fall into segments."""

    counts: SegmentCounts

    @property
    def most(self) -> int:
        """The largest part, as which bars are drawn longest."""
        return max((*self.counts.people, self.counts.leftovers))


class Segmentations(Kind[SegmentationModel, SegmentationForm]):
    """Models of ordered segments, each with a rule of its own."""

    name, names, folder, use = "segmentation", "segmentations", "segments", SEGMENTATION
    copy = staticmethod(actions.copy_segmentation)
    archive = staticmethod(actions.archive_segmentation)
    restore = staticmethod(actions.restore_segmentation)

    def rows(self, tenant: Tenant) -> ModelQuerySet:
        rows: ModelQuerySet = SegmentationModel.objects.of(tenant)
        return rows

    def make(
        self, tenant: Tenant, form: SegmentationForm, department_id: UUID, *, by: Member, now: datetime
    ) -> SegmentationModel:
        return actions.make_segmentation(tenant, form.wanted(), department_id=department_id, by=by, now=now)

    def change(
        self, tenant: Tenant, model_id: UUID, form: SegmentationForm, *, by: Member, now: datetime
    ) -> SegmentationModel:
        return actions.change_segmentation(tenant, model_id, form.version, form.wanted(), by=by, now=now)

    def empty(self, tenant: Tenant, department: str) -> SegmentationForm:
        return SegmentationForm.empty(vocabulary(tenant), tenant.default_zone, department)

    def of(self, tenant: Tenant, model: SegmentationModel) -> SegmentationForm:
        return SegmentationForm.of(vocabulary(tenant), tenant.default_zone, model, model.segments())

    def read(self, tenant: Tenant, data: QueryDict) -> SegmentationForm:
        return SegmentationForm.read(vocabulary(tenant), tenant.default_zone, data)

    def listed(self, tenant: Tenant, models: Sequence[SegmentationModel]) -> list[dict[str, Any]]:
        """Name the segments of each, in order."""
        names: dict[int | None, list[str]] = {}
        rows = Segment.objects.of(tenant).filter(model__in=models).order_by("position")
        for model_id, name in rows.values_list("model_id", "name"):
            names.setdefault(model_id, []).append(name)
        return [{"segments": names.get(one.pk, [])} for one in models]

    def said(self, tenant: Tenant, form: SegmentationForm) -> dict[str, Any]:
        return {"said": [words for _title, words in self.parts(tenant, form)]}

    def parts(self, tenant: Tenant, form: SegmentationForm) -> list[tuple[str, list[Word]]]:
        return [(one.title, draft_words(tenant, one.builder, one.builder.to_json(one.rule))) for one in form.segments]

    def count(self, tenant: Tenant, model: SegmentationModel, conversation: Conversation, *, now: datetime) -> Split:
        rules = [one.rule for one in model.segments()]
        return Split(count_segments(tenant, conversation, rules, now=now))

    def count_draft(
        self, tenant: Tenant, form: SegmentationForm, conversation: Conversation, *, now: datetime
    ) -> Split:
        rules = [one.rule for one in form.wanted().segments]
        for rule in rules:
            check_in(form.fields, rule)
        return Split(count_segments(tenant, conversation, rules, now=now))


SEGMENTATIONS = Segmentations()
