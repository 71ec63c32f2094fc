"""The watch does what is due without Redis, and only what nobody else does."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connections

from campaigns.models import Run
from campaigns.states import RunState
from connect import wiring
from connect.core.handoff import Bell
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.watch import DONE, FAILED, MORE, Errand, Watch
from tests.audiences.factories import add_customer, make_conversation
from tests.campaigns.factories import make_stage
from tests.delivery.factories import Cast, make_run
from tests.faults.conftest import run_state, states
from tests.faults.receiver import Receiver, wait_until
from tests.plugins.database import TestServices

#: Nothing listens there.
NOWHERE = "redis://127.0.0.1:1/0"
STOP_SECONDS = 60


@pytest.fixture
def watch(committed_db: TestServices, settings: object) -> Iterator[Watch]:
    """A watch that this process looks out with, for two senders a tenant."""
    settings.SENDERS_PER_TENANT = 2  # type: ignore[attr-defined]
    yield Watch(senders=2)
    wiring.wire()


@pytest.fixture
def cast(committed_db: TestServices, tenant: Tenant, department: Department, now: datetime) -> Cast:
    """A run that isn't planned."""
    return make_run(tenant, department, now=now, customers=60)


def planning(cast: Cast) -> Errand:
    return Errand(Bell.RUN_STARTED, cast.tenant.pk, cast.run.pk)


def sending(cast: Cast) -> Errand:
    return Errand(Bell.SEND_DUE, cast.tenant.pk, 0)


def test_what_still_waits_at_the_second_look_was_heard_by_nobody(watch: Watch, cast: Cast, now: datetime) -> None:
    watch.look(now=now)
    assert list(watch.waiting) == []
    watch.look(now=now)
    assert list(watch.waiting) == [planning(cast)]


def test_what_somebody_did_between_two_looks_is_left_alone(watch: Watch, cast: Cast, now: datetime) -> None:
    watch.look(now=now)
    assert watch.do(planning(cast)) == DONE
    watch.look(now=now)
    assert list(watch.waiting) == []
    watch.look(now=now)
    assert list(watch.waiting) == [sending(cast)] * 2


def test_an_errand_tells_how_it_ended(watch: Watch, cast: Cast, settings: object) -> None:
    assert watch.do(planning(cast)) == DONE
    assert watch.do(Errand(Bell.SEND_DUE, 0, 0)) == FAILED
    settings.SEND_SLICE_SECONDS = 0  # type: ignore[attr-defined]
    assert watch.do(sending(cast)) == MORE
    assert states(cast) == {"queued": 60}


def test_behind_the_restore_fence_nothing_waits(watch: Watch, cast: Cast, now: datetime, settings: object) -> None:
    settings.SEND_EPOCH = 9  # type: ignore[attr-defined]
    watch.look(now=now)
    watch.look(now=now)
    assert list(watch.waiting) == []


def test_a_look_that_fails_is_followed_by_the_next(
    watch: Watch, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.look(now=now)
    with monkeypatch.context() as away:
        away.setitem(connections["default"].settings_dict, "PORT", "1")
        watch.look(now=now)
        assert list(watch.waiting) == []
    watch.look(now=now)
    watch.look(now=now)
    assert list(watch.waiting) == [planning(cast)]


def test_a_campaign_that_falls_due_is_started(
    watch: Watch, tenant: Tenant, department: Department, marketer: Member, approver: Member, now: datetime
) -> None:
    conversation = make_conversation(tenant, department, now=now)
    add_customer(tenant, "c-0", conversation, now=now, country="DE")
    stage = make_stage(tenant, department, marketer, approver, conversation, now)
    campaign = stage.approve(stage.ask(stage.campaign()))
    watch.look(now=now + timedelta(seconds=1))
    with open_tenant(tenant):
        assert Run.objects.get(campaign=campaign).state == RunState.PLANNING


def test_a_run_is_planned_sent_and_finished_while_redis_is_away(committed_db: TestServices, cast: Cast) -> None:
    with Receiver() as receiver, watching(committed_db, receiver) as process:
        wait_until(lambda: run_state(cast) == RunState.FINISHED)
        assert states(cast) == {"accepted": 60}
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 61))
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0


def test_told_to_end_it_waits_for_what_is_under_way(committed_db: TestServices, cast: Cast) -> None:
    with Receiver() as receiver, watching(committed_db, receiver) as process:
        with receiver.holding():
            receiver.wait_until(lambda: len(receiver.copies) > 0)
            process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
        assert process.wait(STOP_SECONDS) == 0
        assert states(cast) == {"accepted": 60}


@contextmanager
def watching(services: TestServices, receiver: Receiver) -> Iterator[subprocess.Popen[bytes]]:
    """Run `manage.py watch` without Redis for the length of a block."""
    environment = {
        **os.environ,
        **services.environment,
        "REDIS_URL": NOWHERE,
        "SMTP_PORT": str(receiver.port),
        "SMTP_CONNECTIONS": "4",
        "LOG_FORMAT": "json",
    }
    command = [sys.executable, "manage.py", "watch", "--senders", "2"]
    process = subprocess.Popen(command, env=environment, cwd=django_settings.BASE_DIR)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
