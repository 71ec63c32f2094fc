"""A large file is put on its list in the background: held from each commit on, gone on with, counted once."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client

from connect.core.models import AuditEntry, Member, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from suppression.actions import import_runs
from suppression.actions.import_runs import carry_on, do_upload, open_entry_imports
from suppression.actions.lists import delete_list
from suppression.forms.lists import AT_ONCE_BYTES
from suppression.models import Entry, EntryFault, EntryImport, SuppressionList
from suppression.predicates import suppressed
from suppression.reading import Defaults
from suppression.states import ImportState, Reason
from suppression.tasks import tick
from tests.plugins.database import TestServices
from tests.suppression.factories import a_conversation, a_list

Browser = Callable[[Member], Client]
DEFAULTS = Defaults(Reason.IMPORT, "Fair 2026")
LINES = (
    "email\n" + "".join(f"p{n:03}@shop.example\n" for n in range(50)) + "nobody\np001@shop.example\np050@shop.example\n"
)
COUNTS = {"lines": 53, "added": 51, "prolonged": 0, "unchanged": 0, "repeated": 1, "refused": 1}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut a small file into six batches."""
    monkeypatch.setattr(import_runs, "BATCH_LINES", 10)


@pytest.fixture
def far(committed_db: TestServices) -> Iterator[None]:
    """Let other connections see what is done."""
    yield
    connections.close_all()


def keep(tenant: Tenant, listed: SuppressionList, *, now: datetime, by: Member | None = None) -> EntryImport:
    stream = io.BytesIO(LINES.encode())
    return do_upload(tenant, listed.public_id, stream, DEFAULTS, file_name="partner.csv", by=by, now=now)


def again(tenant: Tenant, kept: EntryImport) -> EntryImport:
    with open_tenant(tenant):
        return EntryImport.objects.of(tenant).get(pk=kept.pk)


@pytest.mark.django_db
def test_a_file_whose_bell_was_lost_is_found_and_put_in(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    kept = keep(tenant, listed, by=marketer, now=now)
    assert open_entry_imports() == [(tenant.pk, kept.pk)]
    tick()
    assert open_entry_imports() == []
    found = again(tenant, kept)
    assert (found.state, found.counts, found.done, found.position) == ("finished", COUNTS, 6, found.size)
    assert not default_storage.exists(found.path)
    with open_tenant(tenant):
        assert Entry.objects.of(tenant).on(listed).count() == 51
        assert set(Entry.objects.values_list("reason", "source", "created_at")) == {("import", "Fair 2026", now)}
        assert EntryFault.objects.values_list("line", "value").get() == (52, "nobody")
        [deed] = AuditEntry.objects.filter(did="suppression.entries_imported")
        assert (deed.member_name, deed.details) == (
            "Marta Lindt",
            {"list": "Partners", "lines": 53, "added": 51, "prolonged": 0, "refused": 1},
        )


@pytest.mark.django_db
def test_a_second_carry_on_changes_nothing(tenant: Tenant, now: datetime) -> None:
    kept = keep(tenant, a_list(tenant, now=now), now=now)
    for _ in range(2):
        carry_on(tenant, kept.pk, now=now)
    assert again(tenant, kept).counts == COUNTS
    with open_tenant(tenant):
        assert AuditEntry.objects.filter(did="suppression.entries_imported").count() == 1


@pytest.mark.django_db
def test_another_worker_goes_on_after_the_batches_of_a_lost_one(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    kept = keep(tenant, listed, now=now)
    half = io.BytesIO(LINES.encode())
    job = import_runs._take(tenant, kept.pk)
    assert job is not None
    for number, (position, batch) in zip(range(3), import_runs._batches(half, job), strict=False):
        import_runs._write(job, number, position, batch)
    assert again(tenant, kept).counts["added"] == 30
    carry_on(tenant, kept.pk, now=now)
    assert (again(tenant, kept).state, again(tenant, kept).counts["added"]) == (ImportState.IMPORTING, 30)
    with open_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("UPDATE suppression_entryimport SET claimed_until = now() - interval '1 second'")
    carry_on(tenant, kept.pk, now=now)
    assert (again(tenant, kept).state, again(tenant, kept).counts) == (ImportState.FINISHED, COUNTS)
    with pytest.raises(import_runs.ClaimLost):
        import_runs._write(job, 3, 0, [])


@pytest.mark.django_db
def test_a_file_that_is_gone_says_so(tenant: Tenant, now: datetime) -> None:
    kept = keep(tenant, a_list(tenant, now=now), now=now)
    default_storage.delete(kept.path)
    carry_on(tenant, kept.pk, now=now)
    found = again(tenant, kept)
    assert (found.state, found.note) == ("failed", "The file isn't there any more. Upload it again.")


@pytest.mark.django_db
def test_a_list_goes_with_its_files(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    kept = keep(tenant, listed, now=now)
    carry_on(tenant, kept.pk, now=now)
    waiting = keep(tenant, listed, now=now)
    assert delete_list(tenant, listed.public_id, by=None, now=now) == 51
    carry_on(tenant, waiting.pk, now=now)
    with open_tenant(tenant):
        assert (EntryImport.objects.count(), EntryFault.objects.count(), Entry.objects.count()) == (0, 0, 0)


def test_what_is_committed_is_honoured_while_the_rest_still_waits(
    far: None, tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, listed = a_conversation(tenant, now=now), a_list(tenant, now=now)
    kept = keep(tenant, listed, now=now)

    def held(*addresses: str) -> list[bool]:
        with open_tenant(tenant):
            asked = f"SELECT {suppressed('k.address', str(news.pk))} FROM unnest(%s::text[]) k (address)"
            return [answer for (answer,) in rows(Sql(asked, (list(addresses),)))]

    def work() -> None:
        try:
            carry_on(tenant, kept.pk, now=now)
        finally:
            connections.close_all()

    # Somebody else holds an entry of the third batch, so that the import waits there with two batches committed.
    other = psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None, "context": None})
    with other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant.pk)])
        other.execute(
            "INSERT INTO suppression_entry"
            " (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at)"
            " VALUES (%s, gen_random_uuid(), %s, 'email', 'p025@shop.example', 'manual', '', now())",
            [tenant.pk, listed.pk],
        )
        begun = pool.submit(work)
        other.execute(
            "DO $$ BEGIN WHILE NOT EXISTS"
            " (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            " LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$"
        )
        assert (again(tenant, kept).state, again(tenant, kept).done) == (ImportState.IMPORTING, 2)
        assert held("p000@shop.example", "p019@shop.example", "p020@shop.example") == [True, True, False]
        other.commit()
        begun.result()
    assert held("p020@shop.example", "p050@shop.example") == [True, True]
    assert again(tenant, kept).counts == {**COUNTS, "added": 50, "unchanged": 1}


@pytest.mark.django_db
def test_a_large_upload_is_answered_at_once_and_followed(
    tenant: Tenant, marketer: Member, stranger: Member, client_of: Browser, now: datetime
) -> None:
    listed = a_list(tenant, now=now)
    octets = LINES.encode() + b"\n" * AT_ONCE_BYTES
    browser, address = client_of(marketer), f"/t/northwind/suppression/{listed.public_id}/import/"
    sent = browser.post(address, {"file": SimpleUploadedFile("partner.csv", octets), "reason": "import"})
    assert (sent.status_code, sent["Location"].startswith(address)) == (302, True)
    with open_tenant(tenant):
        kept = EntryImport.objects.get()
        assert (kept.source, Entry.objects.count()) == ("partner.csv", 0)
    assert 'hx-trigger="every 1s"' in browser.get(sent["Location"]).content.decode()
    carry_on(tenant, kept.pk, now=now)
    part = browser.get(sent["Location"], headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in part, "hx-trigger" in part, "nobody" in part) == (False, False, True)
    assert "partner.csv" in browser.get(address).content.decode()
    theirs = client_of(stranger).get(sent["Location"].replace("northwind", "southwind"))
    assert theirs.status_code == 404


@pytest.mark.django_db
def test_a_large_file_that_is_no_text_is_refused(
    tenant: Tenant, marketer: Member, client_of: Browser, now: datetime
) -> None:
    listed = a_list(tenant, now=now)
    upload = SimpleUploadedFile("book.xlsx", b"PK\x03\x04" + b"x" * AT_ONCE_BYTES)
    address = f"/t/northwind/suppression/{listed.public_id}/import/"
    answer = client_of(marketer).post(address, {"file": upload, "reason": "import"})
    assert (answer.status_code, "CSV UTF-8" in answer.content.decode()) == (422, True)
    with open_tenant(tenant):
        assert EntryImport.objects.count() == 0
