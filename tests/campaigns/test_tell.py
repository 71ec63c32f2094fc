"""Whose campaign it is learns what became of it, unless it was their own act."""

import pytest

from campaigns.actions.launch import start_due
from campaigns.actions.review import approve, request_changes
from campaigns.actions.runs import do_finish, do_pause, do_planned, do_resume
from connect.core.models import Notice
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage

pytestmark = pytest.mark.django_db


def notices(stage: Stage) -> list[tuple[int, str]]:
    with open_tenant(stage.tenant):
        return list(Notice.objects.of(stage.tenant).order_by("id").values_list("member_id", "says"))


def test_the_owner_learns_of_decisions_and_of_what_the_run_does_by_itself(stage: Stage) -> None:
    campaign = stage.ask(stage.schedule(stage.campaign()))
    owner, name = stage.marketer.pk, campaign.name
    for asked in stage.asked(campaign):
        approve(stage.tenant, asked.public_id, asked.fingerprint, by=stage.approver, now=stage.now)
    who = stage.approver.name
    expected = [
        (owner, f"{who} approved the content of “{name}”."),
        (owner, f"{who} approved the launch of “{name}”."),
    ]
    assert notices(stage) == expected
    [started] = start_due(stage.tenant, now=stage.now)
    assert started.run is not None
    do_planned(stage.tenant, started.run.pk, members=1, filtered=0, recipients=1, now=stage.now)
    do_pause(stage.tenant, started.run.pk, reason="Bounces", now=stage.now)
    do_resume(stage.tenant, started.run.pk, by=stage.marketer, now=stage.now)
    do_pause(stage.tenant, started.run.pk, by=stage.marketer, now=stage.now)
    do_resume(stage.tenant, started.run.pk, by=stage.marketer, now=stage.now)
    do_finish(stage.tenant, started.run.pk, now=stage.now)
    assert notices(stage) == [
        *expected,
        (owner, f"“{name}” was paused: Bounces"),
        (owner, f"“{name}” is finished."),
    ]


def test_the_owner_learns_of_wanted_changes(stage: Stage) -> None:
    campaign = stage.ask(stage.schedule(stage.campaign()))
    [asked, _other] = stage.asked(campaign)
    request_changes(
        stage.tenant, asked.public_id, asked.fingerprint, reason="Shorter", by=stage.approver, now=stage.now
    )
    assert notices(stage) == [(stage.marketer.pk, f"{stage.approver.name} asks for changes of “{campaign.name}”.")]
