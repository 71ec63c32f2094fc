"""Audience models as a kind of model: what their pages show that others don't."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from audiences.actions import models as actions
from audiences.actions.counts import count_audience
from audiences.counts import Count, count, sample
from audiences.forms.audience import AudienceForm
from audiences.forms.builder import Builder
from audiences.models import AudienceCount, AudienceModel
from audiences.queries import ModelQuerySet
from audiences.rules.schema import check_in, read_rule
from audiences.rules.sentence import Word, plain, say
from audiences.rules.sources import Vocabulary, vocabulary
from audiences.uses import AUDIENCE
from audiences.views.kinds import Kind, draft_words
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from conversations.models import Conversation, Customer


@dataclass(frozen=True)
class Reach:
    """How many are let in, and who some of them are."""

    count: Count
    sample: Sequence[Customer]

    @property
    def share(self) -> float | None:
        """The part of the members who fit, of one."""
        return self.count.people / self.count.members if self.count.members else None


class Audiences(Kind[AudienceModel, AudienceForm]):
    """Models of one rule."""

    name, names, folder, use = "audience", "audiences", "audiences", AUDIENCE
    copy = staticmethod(actions.copy_audience)
    archive = staticmethod(actions.archive_audience)
    restore = staticmethod(actions.restore_audience)

    def rows(self, tenant: Tenant) -> ModelQuerySet:
        rows: ModelQuerySet = AudienceModel.objects.of(tenant)
        return rows

    def make(
        self, tenant: Tenant, form: AudienceForm, department_id: UUID, *, by: Member, now: datetime
    ) -> AudienceModel:
        return actions.create_audience(
            tenant,
            by=by,
            name=form.name,
            description=form.description,
            rule=form.json(),
            department_id=department_id,
            now=now,
        )

    def change(self, tenant: Tenant, model_id: UUID, form: AudienceForm, *, by: Member, now: datetime) -> AudienceModel:
        return actions.change_audience(
            tenant,
            model_id,
            form.version,
            by=by,
            name=form.name,
            description=form.description,
            rule=form.json(),
            now=now,
        )

    def empty(self, tenant: Tenant, department: str) -> AudienceForm:
        return AudienceForm.empty(_builder(tenant), department)

    def of(self, tenant: Tenant, model: AudienceModel) -> AudienceForm:
        return AudienceForm.of(_builder(tenant), model)

    def read(self, tenant: Tenant, data: QueryDict) -> AudienceForm:
        return AudienceForm.read(_builder(tenant), data)

    def listed(self, tenant: Tenant, models: Sequence[AudienceModel]) -> list[dict[str, Any]]:
        """Say each rule, and when and where it was last counted, as it stands now."""
        fields = vocabulary(tenant)
        known = AudienceCount.objects.of(tenant).filter(audience__in=models).select_related("conversation")
        counts = {count.audience_id: count for count in known.order_by("at")}
        current = {
            one.pk: counts[one.pk] for one in models if one.pk in counts and counts[one.pk].version == one.version
        }
        return [{"count": current.get(one.pk), "rule": _in_words(tenant, fields, one.rule)} for one in models]

    def said(self, tenant: Tenant, form: AudienceForm) -> dict[str, Any]:
        return {"words": draft_words(tenant, form.builder, form.json())}

    def parts(self, tenant: Tenant, form: AudienceForm) -> list[tuple[str, list[Word]]]:
        return [("", draft_words(tenant, form.builder, form.json()))]

    def count(self, tenant: Tenant, model: AudienceModel, conversation: Conversation, *, now: datetime) -> Reach:
        counted = count_audience(tenant, model.public_id, conversation, now=now)
        return Reach(counted, sample(tenant, conversation, model.rule, now=now))

    def count_draft(self, tenant: Tenant, form: AudienceForm, conversation: Conversation, *, now: datetime) -> Reach:
        rule = form.json()
        check_in(form.builder.fields, rule)
        return Reach(count(tenant, conversation, rule, now=now), sample(tenant, conversation, rule, now=now))


def _builder(tenant: Tenant) -> Builder:
    return Builder(vocabulary(tenant), tenant.default_zone)


def _in_words(tenant: Tenant, fields: Vocabulary, rule: object) -> str | None:
    """Say a stored rule in one line; None where it asks about something that is declared no more."""
    try:
        return plain(say(tenant, read_rule(fields, rule)))
    except Invalid:
        return None


AUDIENCES = Audiences()
