"""What the tests of approvals share: how a campaign's approvals stand, and all that a refusal must leave alone."""

from typing import Any

from audiences.actions.models import change_audience
from campaigns.models import Approval, Campaign, Edit, Note, Run
from campaigns.standing import Stands, review
from connect.core.models import AuditEntry
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage


def snapshot(stage: Stage) -> list[Any]:
    with open_tenant(stage.tenant):
        return [
            list(model.objects.order_by("pk").values()) for model in (Campaign, Approval, Note, Run, Edit, AuditEntry)
        ]


def states(stage: Stage, campaign: Campaign) -> list[tuple[str, str]]:
    with open_tenant(stage.tenant):
        return list(Approval.objects.filter(campaign=campaign).order_by("pk").values_list("kind", "state"))


def standing(stage: Stage, campaign: Campaign) -> tuple[Stands, Stands]:
    with open_tenant(stage.tenant):
        found = review(stage.tenant, Campaign.objects.get(pk=campaign.pk))
    return found.content.stands, found.launch.stands


def change_rule(stage: Stage, new: dict[str, Any]) -> None:
    """Let somebody change the shared audience model."""
    change_audience(stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="G", rule=new, now=stage.now)
