"""The stage on which campaigns are built."""

from datetime import datetime

import pytest

from connect.core.models import Department, Member, Tenant
from tests.audiences.factories import make_conversation
from tests.campaigns.factories import Stage, make_stage


@pytest.fixture
def stage(tenant: Tenant, department: Department, marketer: Member, approver: Member, now: datetime) -> Stage:
    """Northwind's usual things to build campaigns from."""
    conversation = make_conversation(tenant, department, now=now)
    return make_stage(tenant, department, marketer, approver, conversation, now)
