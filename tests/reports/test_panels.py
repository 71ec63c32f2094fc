"""A report goes by what its run was planned with, and lists ask once for all their campaigns."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.figures import Results
from campaigns.models import Run
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.plan import plan_run
from delivery.models import Message
from reports.panels import panels, results_of
from reports.report import overview, totals_of
from tests.delivery import factories

pytestmark = pytest.mark.django_db


def test_a_segment_keeps_the_name_that_it_had_when_the_run_was_planned(
    tenant: Tenant, department: Department, viewer: Member, client_of: Callable[[Member], Client], now: datetime
) -> None:
    cast = factories.make_run(tenant, department, now=now, customers=3)
    plan_run(tenant, cast.run.pk, now=now)
    public_id = "6f7c2b1e-2c1d-4c55-9a1f-0d6f3a0b9f11"
    with open_tenant(tenant):
        run = Run.objects.get(pk=cast.run.pk)
        segment = {"id": 4711, "public_id": public_id, "name": "Of old", "rule": {}}
        model = {"id": 1, "public_id": public_id, "name": "Winter", "version": 1, "leftovers": True}
        frozen = {**run.frozen, "segmentation": {**model, "segments": [segment]}}
        Run.objects.of(tenant).filter(pk=run.pk).update(frozen=frozen)
        first = Message.objects.of(tenant).order_by("id").values_list("pk", flat=True)[0]
        Message.objects.of(tenant).filter(pk=first).update(segment_id=4711)
        found = overview(tenant, Run.objects.get(pk=run.pk), now=now)
    assert {(one.label, one.query, one.counts.planned) for one in found.segments} == {
        ("Of old", f"segment={public_id}", 1),
        ("Leftovers", "segment=", 2),
    }
    page = client_of(viewer).get(f"/t/northwind/campaigns/{cast.campaign.public_id}/recipients/?segment={public_id}")
    assert page.content.decode().count("data-lead") == 1
    assert "Of old" in page.content.decode()


def test_a_campaign_has_report_tabs_once_it_ran(tenant: Tenant, department: Department, now: datetime) -> None:
    cast = factories.make_run(tenant, department, now=now, customers=1)
    with open_tenant(tenant):
        assert [one.title for one in panels(tenant, "campaign-tab", cast.campaign.public_id)] == [
            "Report",
            "Demographics",
            "People",
        ]
        Run.objects.of(tenant).filter(pk=cast.run.pk).delete()
        assert panels(tenant, "campaign-tab", cast.campaign.public_id) == []


def test_results_of_many_campaigns_are_two_queries(tenant: Tenant, department: Department, now: datetime) -> None:
    first = factories.make_run(tenant, department, now=now, customers=2)
    second = factories.make_run(tenant, department, now=now, conversation=first.conversation, algorithms=[])
    casts = [first, second]
    for cast in casts:
        plan_run(tenant, cast.run.pk, now=now)
    with open_tenant(tenant):
        Message.objects.of(tenant).filter(run_id=first.run.pk).update(state="accepted")
        with CaptureQueriesContext(connection) as asked:
            found = results_of(tenant, [cast.campaign.pk for cast in casts])
    assert len(asked) == 2
    assert found == {first.campaign.pk: Results(2, 0.0, 0.0), second.campaign.pk: Results(0, None, None)}
    assert totals_of([]) == {}
