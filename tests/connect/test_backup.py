"""A backup is everything; restoring it sends nothing again and forgets nobody who has left. On databases of its own."""

import stat
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from psycopg import sql

from campaigns.actions.runs import do_resume
from campaigns.models import Campaign, Run
from connect.core import fence
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.rowsecurity import faults
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from connect.dumps import DumpFailed, Restored, _seal, back_up, restore
from conversations.actions.subscriptions import do_subscribe, do_unsubscribe
from conversations.models import ConsentEntry, Subscription
from conversations.states import Channel
from delivery.actions.doubt import confirm, propose
from delivery.actions.drain import drain
from delivery.actions.fence import Fenced
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs, make_rounds
from delivery.models import Message
from delivery.states import DoubtVerdict
from suppression.actions.entries import add_entry, do_suppress
from suppression.models import Entry
from suppression.states import Reason
from tests.delivery.factories import Cast, customer, make_customers, make_run
from tests.plugins.database import TestServices
from tests.suppression.factories import a_list

Restore = Callable[[Path], Restored]


@pytest.fixture
def epoch_file(settings: Any, tmp_path: Path) -> Path:
    """The outer number in a file of the test's own."""
    settings.SEND_EPOCH = 0
    settings.SEND_EPOCH_FILE = str(tmp_path / "send_epoch")
    return tmp_path / "send_epoch"


@pytest.fixture
def restored(committed_db: TestServices, epoch_file: Path, now: datetime) -> Iterator[Restore]:
    """Restore a file, and drop the former database in the end."""
    kept = []

    def do(source: Path) -> Restored:
        done = restore(source, now=now)
        kept.append(done.kept)
        return done

    yield do
    for name in kept:
        drop(str(name))


def maintenance() -> psycopg.Connection:
    given = connections["owner"].get_connection_params()
    wanted = {name: given[name] for name in ("host", "port", "user", "password") if given.get(name)}
    return psycopg.connect(**wanted, dbname="postgres", autocommit=True)


def drop(name: str) -> None:
    with maintenance() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def databases() -> set[str]:
    with maintenance() as server:
        return {name for (name,) in server.execute("SELECT datname FROM pg_database").fetchall()}


def row_counts() -> dict[str, int]:
    """Count the rows of every table, over all tenants, as the role that dumps."""
    given = {**connections["owner"].get_connection_params(), "user": "connect_backup"}
    wanted = {name: given[name] for name in ("host", "port", "user", "dbname") if given.get(name)}
    with psycopg.connect(**wanted) as reader:
        tables = reader.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        counts = {}
        for (table,) in tables:
            count = reader.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            counts[table] = count[0] if count else -1
        return counts


def states(cast: Cast) -> Counter[str]:
    with open_tenant(cast.tenant):
        found = Message.objects.of(cast.tenant).filter(run_id=cast.run.pk)
        return Counter(f"{message.state} {message.reason}".strip() for message in found)


@pytest.fixture
def planned(committed_db: TestServices, tenant: Tenant, department: Department, now: datetime) -> Callable[..., Cast]:
    def make(customers: int, **options: Any) -> Cast:
        cast = make_run(tenant, department, now=now, customers=customers, **options)
        assert plan_run(tenant, cast.run.pk, now=now)
        return cast

    return make


# --- A backup is everything ----------------------------------------------------------------------------------------


def test_a_restore_brings_back_every_row_with_its_protection(
    planned: Callable[..., Cast],
    restored: Restore,
    neighbour: Tenant,
    neighbour_department: Department,
    tmp_path: Path,
    now: datetime,
) -> None:
    planned(7)
    make_run(neighbour, neighbour_department, now=now, customers=3)
    before = row_counts()
    assert (before["delivery_message"], before["conversations_customer"]) == (7, 10)
    size = back_up(tmp_path / "backup")
    assert size == (tmp_path / "backup").stat().st_size
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    done = restored(tmp_path / "backup")
    added = {"core_fence": 1, "core_auditentry": 3, "core_notice": 0}
    after = row_counts()
    assert {name: after[name] - count for name, count in before.items() if after[name] != count} == {
        name: count for name, count in added.items() if count
    }
    assert faults() == []
    assert (done.epoch, done.follows, done.kept in databases()) == (2, True, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text")
        assert cursor.fetchone() == ("connect_app",)
    with open_tenant(neighbour):
        assert rows(Sql("SELECT count(*) FROM conversations_customer")) == [(3,)]


def test_a_file_that_is_no_backup_changes_nothing(
    planned: Callable[..., Cast], epoch_file: Path, tmp_path: Path, now: datetime
) -> None:
    cast = planned(2)
    names, counts = databases(), row_counts()
    back_up(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    changed = whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:]
    for octets in (b"", b"PGDMP nonsense", whole[:-1], whole[: len(whole) // 2], changed, whole + b"\n"):
        (tmp_path / "broken").write_bytes(octets)
        with pytest.raises(DumpFailed, match="isn't whole"):
            restore(tmp_path / "broken", now=now)
    (tmp_path / "other").write_bytes(b"PGDMP nonsense")
    _seal(tmp_path / "other")
    with pytest.raises(DumpFailed, match="pg_restore failed"):
        restore(tmp_path / "other", now=now)
    assert (databases(), row_counts()) == (names, counts)
    assert not epoch_file.exists()
    assert fence.holds()
    assert states(cast) == {"queued": 2}


def test_a_backup_that_fails_leaves_the_one_before(committed_db: TestServices, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("yesterday's")
    settings.DATABASE_BACKUP_URL = settings.DATABASE_BACKUP_URL.replace("connect_backup", "connect_app")
    with pytest.raises(CommandError, match="permission denied"):
        call_command("backup", tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


# --- Nothing goes again --------------------------------------------------------------------------------------------


def test_nothing_goes_until_the_numbers_agree(
    planned: Callable[..., Cast], receiver_of_drain: Callable[[Cast], list[str]], epoch_file: Path
) -> None:
    cast = planned(3)
    epoch_file.write_text("2")
    assert not fence.holds()
    assert receiver_of_drain(cast) == []
    assert states(cast) == {"queued": 3}
    epoch_file.write_text("nonsense")
    assert receiver_of_drain(cast) == []
    epoch_file.unlink()
    assert sorted(receiver_of_drain(cast)) == [f"c{number}@inbox.example" for number in (1, 2, 3)]


def test_a_sender_at_work_is_stopped_by_its_own_statements(
    planned: Callable[..., Cast],
    receiver_of_drain: Callable[[Cast], list[str]],
    epoch_file: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast = planned(3)
    monkeypatch.setattr("delivery.actions.drain.fence.holds", lambda: True)
    epoch_file.write_text("2")
    assert receiver_of_drain(cast) == []
    assert states(cast) == {"queued": 3}


def test_what_left_after_the_backup_is_in_doubt_and_reaches_nobody_twice(
    planned: Callable[..., Cast],
    receiver_of_drain: Callable[[Cast], list[str]],
    restored: Restore,
    epoch_file: Path,
    tmp_path: Path,
    marketer: Member,
    approver: Member,
    now: datetime,
) -> None:
    cast = planned(6)
    with open_tenant(cast.tenant):
        later = "UPDATE delivery_message SET not_before = now() + interval '1 day' WHERE address = 'c6@inbox.example'"
        run_sql(Sql(later))
    back_up(tmp_path / "backup")
    assert len(receiver_of_drain(cast)) == 5
    assert states(cast) == {"accepted": 5, "queued": 1}
    done = restored(tmp_path / "backup")
    assert done.fenced == Fenced(messages=5, runs=1, held=0)
    assert (fence.inside(), fence.outside(), epoch_file.read_text()) == (2, 2, "2\n")
    assert states(cast) == {"in_doubt restore": 5, "queued": 1}
    look_after_runs(cast.tenant, now=now)
    assert receiver_of_drain(cast) == []
    with open_tenant(cast.tenant):
        assert AuditEntry.objects.get(did="run.fenced").details["messages"] == 5
    made = propose(
        cast.tenant, cast.run.public_id, verdict=DoubtVerdict.WRITE_OFF, reason="They went", by=marketer, now=now
    )
    assert confirm(cast.tenant, made.public_id, by=approver, now=now).messages == 5
    assert receiver_of_drain(cast) == []
    assert states(cast) == {"written_off restore": 5, "queued": 1}


def test_a_paused_run_that_goes_on_after_a_restore_hands_nothing_over_again(
    planned: Callable[..., Cast],
    receiver_of_drain: Callable[[Cast], list[str]],
    restored: Restore,
    tmp_path: Path,
    now: datetime,
) -> None:
    cast = planned(2)
    with open_tenant(cast.tenant):
        Run.objects.update(state="paused")
        Campaign.objects.update(state="paused")
    back_up(tmp_path / "backup")
    restored(tmp_path / "backup")
    do_resume(cast.tenant, cast.run.pk, now=now)
    assert receiver_of_drain(cast) == []
    assert states(cast) == {"in_doubt restore": 2}


def test_what_was_planned_or_due_waits_for_a_person(
    committed_db: TestServices,
    tenant: Tenant,
    department: Department,
    restored: Restore,
    tmp_path: Path,
    now: datetime,
) -> None:
    cast = make_run(tenant, department, now=now, customers=2)
    due = make_run(tenant, department, now=now, conversation=cast.conversation, algorithms=[])
    with open_tenant(tenant):
        Run.objects.filter(pk=due.run.pk).delete()
        Campaign.objects.filter(pk=due.campaign.pk).update(state="scheduled", fires_at=now - timedelta(minutes=5))
    back_up(tmp_path / "backup")
    assert restored(tmp_path / "backup").fenced == Fenced(messages=0, runs=1, held=1)
    with open_tenant(tenant):
        assert Run.objects.get(pk=cast.run.pk).state == "cancelled"
        held = Campaign.objects.get(pk=due.campaign.pk)
        assert (held.state, held.held_reason.startswith("The database was restored")) == ("held", True)
    make_rounds(now=now)
    assert states(cast) == {}


def test_the_command_fences_a_database_that_came_back_by_other_means(
    planned: Callable[..., Cast],
    receiver_of_drain: Callable[[Cast], list[str]],
    epoch_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cast = planned(3)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET state = 'sending', attempt_id = 7 WHERE address = 'c1@inbox.example'"))
    call_command("fence")
    assert "In doubt: 3 messages of 1 runs" in capsys.readouterr().out
    assert states(cast) == {"in_doubt restore": 3}
    assert (fence.inside(), fence.outside()) == (2, 2)
    assert receiver_of_drain(cast) == []


def test_a_number_in_the_environment_has_to_be_set_by_hand(
    planned: Callable[..., Cast], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(1)
    settings.SEND_EPOCH = 4
    call_command("fence")
    assert "SEND_EPOCH=5" in capsys.readouterr().out
    assert not fence.holds()
    settings.SEND_EPOCH = 5
    assert fence.holds()


# --- Nobody is forgotten -------------------------------------------------------------------------------------------


def test_suppressions_and_unsubscribes_are_a_union(
    committed_db: TestServices,
    tenant: Tenant,
    department: Department,
    marketer: Member,
    restored: Restore,
    tmp_path: Path,
    now: datetime,
) -> None:
    cast = make_run(tenant, department, now=now, customers=5)
    before = a_list(tenant, now=now)
    add_entry(tenant, before.public_id, value="old@shop.example", reason=Reason.MANUAL, by=marketer, now=now)
    ends = now + timedelta(days=9000)
    add_entry(
        tenant, before.public_id, value="ends@shop.example", reason=Reason.MANUAL, expires_at=ends, by=marketer, now=now
    )
    of: dict[str, Any] = {"channel": Channel.EMAIL, "source": "page", "wording": "", "proof": {}, "now": now}
    with open_tenant(tenant):
        everybody = [customer(tenant, f"c{number}").pk for number in range(1, 6)]
    do_unsubscribe(tenant, everybody[0], cast.conversation.pk, **of)
    back_up(tmp_path / "backup")

    later = now + timedelta(hours=1)
    of["now"] = later
    do_subscribe(tenant, everybody[0], cast.conversation.pk, **{**of, "proof": {"act": "their own"}})
    do_unsubscribe(tenant, everybody[1], cast.conversation.pk, **of)
    do_suppress(tenant, "c3@inbox.example", reason=Reason.COMPLAINT, source="fbl", now=later)
    with open_tenant(tenant):
        Entry.objects.filter(value="old@shop.example").delete()
        Entry.objects.filter(value="ends@shop.example").update(expires_at=None)
        make_customers(tenant, cast.conversation, 1, now=later, prefix="new")
    do_unsubscribe(tenant, customer(tenant, "new1").pk, cast.conversation.pk, **of)

    done = restored(tmp_path / "backup")
    assert (done.carried.suppressions, done.carried.unsubscribes) == (2, 1)
    assert done.carried.vanished == [(tenant.pk, "new1@inbox.example", "unsubscribed")]
    with open_tenant(tenant):
        assert set(Entry.objects.values_list("value", "reason", "source", "expires_at")) == {
            ("old@shop.example", "manual", "", None),
            ("ends@shop.example", "manual", "", None),
            ("c3@inbox.example", "complaint", "fbl", None),
            ("new1@inbox.example", "unsubscribe", "restore", None),
        }
        standing = Subscription.objects.order_by("customer_id").values_list("state", flat=True)
        assert list(standing) == ["unsubscribed", "unsubscribed", "subscribed", "subscribed", "subscribed"]
        line = ConsentEntry.objects.get(customer_id=everybody[1], became="unsubscribed")
        assert (line.was, line.source, line.at) == ("subscribed", "page", later)


def test_no_number_is_given_out_twice(
    planned: Callable[..., Cast], restored: Restore, tmp_path: Path, tenant: Tenant, now: datetime
) -> None:
    cast = planned(1)
    back_up(tmp_path / "backup")
    with open_tenant(tenant):
        make_customers(tenant, cast.conversation, 40, now=now, prefix="later")
        last = rows(Sql("SELECT max(id) FROM conversations_customer"))[0][0]
    restored(tmp_path / "backup")
    with open_tenant(tenant):
        make_customers(tenant, cast.conversation, 1, now=now, prefix="next")
        assert rows(Sql("SELECT max(id) FROM conversations_customer"))[0][0] > last


# --- The console ---------------------------------------------------------------------------------------------------


def test_the_console_says_that_nothing_is_sent(
    committed_db: TestServices, viewer: Member, client_of: Callable[[Member], Client], settings: Any, tenant: Tenant
) -> None:
    page, words = client_of(viewer), "Nothing is handed over at present."
    assert words not in page.get(f"/t/{tenant.slug}/delivery/").text
    settings.SEND_EPOCH = 7
    assert words in page.get(f"/t/{tenant.slug}/delivery/").text
    answer = page.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["faults"] == ["fence: the database is at 1, this process at 7; see manage.py fence"]


@pytest.fixture
def receiver_of_drain(settings: Any) -> Iterator[Callable[[Cast], list[str]]]:
    """Drain for a while into a receiver; list whom it got mail for, since the last time."""
    from tests.faults.receiver import Receiver

    with Receiver() as receiver:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", receiver.port
        seen = 0

        def do(cast: Cast) -> list[str]:
            nonlocal seen
            import time

            drain(cast.tenant, until=time.monotonic() + 20)
            got = [copy.recipient for copy in receiver.copies]
            new, seen = got[seen:], len(got)
            return new

        yield do
