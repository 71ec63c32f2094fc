"""Approvals are bound to a fingerprint, and nobody approves what they made."""

import pytest

from campaigns.states import CampaignState
from tests.campaigns.factories import Stage

pytestmark = pytest.mark.django_db


def test_two_approvals_launch_a_campaign(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.campaign()))
    assert campaign.state == CampaignState.SCHEDULED
    assert campaign.fires_at == stage.now
