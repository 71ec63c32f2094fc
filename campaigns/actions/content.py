"""Assign revisions to segment × language, one cell or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.edit import Draft, editing
from campaigns.models import Campaign, Cell
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from content.actions.contents import newest_revisions
from content.models import MessageContent, Revision
from conversations.addresses import check_language
from segments.models import Segment


@dataclass(frozen=True)
class Assignment:
    """One cell: public ids of a segment (None: Leftovers or everybody) and of a revision (None: empty it)."""

    segment: UUID | None
    language: str
    revision: UUID | None


@in_tenant
def assign_cells(
    tenant: Tenant,
    campaign_id: UUID,
    version: int,
    assignments: Sequence[Assignment],
    *,
    by: Member | None,
    now: datetime,
) -> Campaign:
    """Put revisions into cells, or empty them.

    Errors: as `editing`; Invalid naming `cells` for a segment or a revision that the campaign can't use.
    """
    with editing(tenant, campaign_id, version, by=by, now=now) as draft:
        segments, revisions = _segments(tenant, draft), _revisions(tenant, draft, assignments)
        for assignment in assignments:
            if assignment.segment not in segments:
                raise Invalid({"cells": _("This segment isn’t in the campaign’s segmentation model.")})
            language = check_language(assignment.language, "cells")
            revision = revisions.get(assignment.revision) if assignment.revision else None
            if assignment.revision and (revision is None or revision.language != language):
                raise Invalid({"cells": _("Choose content in this language from the list.")})
            _set(tenant, draft.campaign, segments[assignment.segment], language, revision)
    return draft.campaign


@in_tenant
def assign_content(
    tenant: Tenant,
    campaign_id: UUID,
    version: int,
    content_id: UUID,
    *,
    segments: Sequence[UUID | None],
    by: Member | None,
    now: datetime,
) -> Campaign:
    """Give segments the latest revision of a content in each of its languages.

    Errors: as `editing`; Invalid naming `content` or `segments`.
    """
    with editing(tenant, campaign_id, version, by=by, now=now) as draft:
        latest = newest_revisions(tenant, _content(tenant, draft, content_id))
        if not latest:
            raise Invalid({"content": _("This content has no revision yet.")})
        known = _segments(tenant, draft)
        if not segments or any(segment not in known for segment in segments):
            raise Invalid({"segments": _("Choose at least one segment.")})
        for segment in segments:
            for language, revision in latest.items():
                _set(tenant, draft.campaign, known[segment], language, revision)
    return draft.campaign


def _content(tenant: Tenant, draft: Draft, content_id: UUID) -> MessageContent:
    usable = MessageContent.objects.of(tenant).filter(archived_at=None, department=draft.campaign.department_id)
    found = usable.filter(public_id=content_id).first()
    if found is None:
        raise Invalid({"content": _("Choose from the list.")})
    return found


def _segments(tenant: Tenant, draft: Draft) -> dict[UUID | None, int | None]:
    model = draft.campaign.segmentation
    rows = Segment.objects.of(tenant).filter(model=model) if model else []
    known: dict[UUID | None, int | None] = {segment.public_id: segment.pk for segment in rows}
    return known if model and not model.leftovers_get_content else {**known, None: None}


def _revisions(tenant: Tenant, draft: Draft, assignments: Sequence[Assignment]) -> dict[UUID, Revision]:
    asked = {assignment.revision for assignment in assignments if assignment.revision}
    rows = Revision.objects.of(tenant).filter(public_id__in=asked, content__department=draft.campaign.department_id)
    return {revision.public_id: revision for revision in rows.defer("html", "text")}


def _set(tenant: Tenant, campaign: Campaign, segment: int | None, language: str, revision: Revision | None) -> None:
    cells = Cell.objects.of(tenant).filter(campaign=campaign, segment=segment, language=language)
    if revision is None:
        cells.delete()
    elif not cells.update(revision=revision):
        Cell.objects.create(tenant=tenant, campaign=campaign, segment_id=segment, language=language, revision=revision)
