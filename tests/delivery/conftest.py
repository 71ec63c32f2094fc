"""A run whose messages are planned."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from connect.core.models import Department, Tenant
from delivery.actions.plan import plan_run
from tests.delivery.factories import Cast, make_run


@pytest.fixture
def planned(db: None, tenant: Tenant, department: Department, now: datetime) -> Callable[..., Cast]:
    """Make a run and plan it: `planned(3)`."""

    def make(customers: int, **options: Any) -> Cast:
        cast = make_run(tenant, department, now=now, customers=customers, **options)
        assert plan_run(tenant, cast.run.pk, now=now)
        return cast

    return make
