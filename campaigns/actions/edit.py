"""The one way in which a campaign is changed: locked, allowed, at the version that was opened, with what that voids.

Compare-before-and-after decides what an edit was: only a part that really differs makes its author one, and voids.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.void import do_void
from campaigns.did import Did
from campaigns.fingerprint import Parts, changed_parts, parts_of
from campaigns.gather import gather_one
from campaigns.models import Campaign, Edit
from campaigns.people import demand
from campaigns.queries import EDITABLE
from campaigns.states import CampaignState
from campaigns.words import PART_NAMES, STATE_NAMES
from connect.core.audit import audit
from connect.core.errors import StaleVersion, WrongState
from connect.core.models import Member, Tenant
from connect.core.roles import Role


@dataclass
class Draft:
    """A locked campaign that is being edited. `values` are its columns to save."""

    campaign: Campaign
    before: Parts
    values: dict[str, Any]


@contextmanager
def editing(tenant: Tenant, campaign_id: UUID, version: int, *, by: Member | None, now: datetime) -> Iterator[Draft]:
    """Lock a campaign at the version that was opened, let the body change it, and settle what that means.

    A changed part of the fingerprint makes `by` its author, voids live approvals, and makes it a draft again.
    Errors: Campaign.DoesNotExist; Forbidden; WrongState when it can't be changed any more; StaleVersion.
    """
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    if campaign.state not in EDITABLE:
        state = STATE_NAMES[CampaignState(campaign.state)]
        raise WrongState(_("It is %(state)s and can’t be changed. Make a copy.") % {"state": str(state).lower()})
    if campaign.version != version:
        raise StaleVersion(campaign)
    draft = Draft(campaign, parts_of(gather_one(tenant, campaign)), {})
    yield draft
    row = Campaign.objects.of(tenant).filter(pk=campaign.pk)
    fields = sorted(name for name, value in draft.values.items() if getattr(campaign, name) != value)
    row.save_version(version, updated_at=now, **draft.values)
    campaign.refresh_from_db()
    _settle(tenant, draft, fields, by=by, now=now)


def access(tenant: Tenant, campaign_id: UUID, role: Role, by: Member | None) -> Campaign:
    """Lock a campaign that a member may see, and demand the role in its department.

    Errors: Campaign.DoesNotExist, also where the member may not see it; Forbidden, naming who can.
    """
    campaign = Campaign.objects.of(tenant).locked(campaign_id)
    if by and not by.may(Role.VIEWER, campaign.department_id):
        raise Campaign.DoesNotExist
    demand(tenant, by, role, campaign.department_id)
    return campaign


def _settle(tenant: Tenant, draft: Draft, fields: list[str], *, by: Member | None, now: datetime) -> None:
    campaign = draft.campaign
    parts = changed_parts(draft.before, parts_of(gather_one(tenant, campaign)))
    Edit.objects.bulk_create(Edit(tenant=tenant, campaign=campaign, member=by, part=part, at=now) for part in parts)
    if parts:
        do_void(tenant, campaign, _void_reason(parts, by), by=by, now=now)
        if campaign.state == CampaignState.EXPIRED:
            Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.DRAFT, fires_at=None)
            campaign.refresh_from_db()
    if fields or parts:
        audit(tenant, by, Did.CHANGED_CAMPAIGN, campaign.public_id, now=now, fields=fields, parts=parts)


def _void_reason(parts: list[str], by: Member | None) -> str:
    what = ", ".join(str(PART_NAMES[part]) for part in parts)
    return _("%(who)s changed: %(what)s.") % {"who": by.name if by else _("The system"), "what": what}
