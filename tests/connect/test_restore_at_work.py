"""A restore while senders are at work: nobody gets anything twice, and all that may have left is in doubt."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from connect.core import fence
from connect.core.models import Department, Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.dumps import back_up, restore
from delivery.actions.plan import plan_run
from delivery.models import Message
from tests.connect.test_backup import drop
from tests.delivery.factories import make_conversation, make_customers, make_run
from tests.faults.receiver import Receiver
from tests.plugins.database import TestServices

CUSTOMERS = 8_000
SENDERS = 2
CONNECTIONS = 2

Start = Callable[[Receiver, Tenant], None]


@pytest.fixture
def start(committed_db: TestServices, tmp_path: Path) -> Iterator[Start]:
    """Start senders that share a fence file with this process; they are killed in the end."""
    running: list[subprocess.Popen[bytes]] = []

    def do(receiver: Receiver, tenant: Tenant) -> None:
        environment = {
            **os.environ,
            **committed_db.environment,
            "DJANGO_SETTINGS_MODULE": "connect.settings",
            "SEND_EPOCH": "0",
            "SEND_EPOCH_FILE": str(tmp_path / "send_epoch"),
            "SMTP_PORT": str(receiver.port),
            "SMTP_CONNECTIONS": str(CONNECTIONS),
            "SENDERS_PER_TENANT": "8",
            "LOG_FORMAT": "json",
        }
        command = [sys.executable, "-m", "tests.faults.sender", str(tenant.pk)]
        running.extend(subprocess.Popen(command, env=environment, cwd=django_settings.BASE_DIR) for _ in range(SENDERS))

    yield do
    for process in running:
        process.kill()
        process.wait(10)


def _mail_anew(tenant: Tenant, department: Department, now: datetime) -> None:
    """Plan a run to one customer of another conversation."""
    with open_tenant(tenant):
        other = make_conversation(tenant, department, now=now, name="Later")
        make_customers(tenant, other, 1, now=now, prefix="later")
    later = make_run(tenant, department, now=now, conversation=other, algorithms=[])
    assert plan_run(tenant, later.run.pk, now=now)


def test_a_restore_under_way_mails_nobody_twice(
    committed_db: TestServices,
    tenant: Tenant,
    department: Department,
    start: Start,
    settings: Any,
    tmp_path: Path,
    now: datetime,
) -> None:
    settings.SEND_EPOCH, settings.SEND_EPOCH_FILE = 0, str(tmp_path / "send_epoch")
    cast = make_run(tenant, department, now=now, customers=CUSTOMERS)
    assert plan_run(tenant, cast.run.pk, now=now)
    with Receiver() as receiver:
        start(receiver, tenant)
        receiver.wait_until(lambda: len(receiver.copies) >= 200)
        back_up(tmp_path / "backup")
        reached = len(receiver.copies) + 200
        receiver.wait_until(lambda: len(receiver.copies) >= reached)
        done = restore(tmp_path / "backup", now=now)
        after = len(receiver.copies)
        try:
            # Once a later run is mailed, senders are back and have had the chance to do what they mustn’t.
            _mail_anew(tenant, department, now)
            receiver.wait_until(lambda: receiver.per_recipient()["later1@inbox.example"] == 1)
            copies = [copy.recipient for copy in receiver.copies if copy.recipient != "later1@inbox.example"]
        finally:
            drop(str(done.kept))
    assert fence.holds()
    with open_tenant(tenant):
        found = Message.objects.of(tenant).filter(run_id=cast.run.pk).values_list("address", "state", "reason")
        by_state = Counter((state, reason) for _address, state, reason in found)
        known = {address for address, state, _reason in found if state in ("accepted", "in_doubt")}
    assert [who for who, count in Counter(copies).items() if count > 1] == []
    assert len(copies) == after
    assert set(copies) <= known
    assert sum(by_state.values()) == CUSTOMERS
    assert set(by_state) == {("accepted", ""), ("in_doubt", "restore")}
    assert by_state[("in_doubt", "restore")] == done.fenced.messages
    assert by_state[("accepted", "")] < after < CUSTOMERS, "some left after the backup, and some not at all"
