"""Several writers at once: batches of one import, one import in two workers, one file in two imports."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.import_runs import carry_on
from conversations.actions.imports import MappingOf, do_import, do_map, do_upload
from conversations.importing import reading
from conversations.importing.staging import Counts
from conversations.models import ConsentEntry, Conversation, Customer, CustomerImport, ImportFault, Subscription
from conversations.states import ImportState
from tests.conversations.conversing import a_conversation
from tests.plugins.database import TestServices

PEOPLE = 600
FILE = (
    "id,email,language\n" + "".join(f"A{n},p{n}@shop.example,en\n" for n in range(PEOPLE)) + "A1,again@shop.example,\n"
)


@pytest.fixture
def talk(committed_db: TestServices, tenant: Tenant, now: datetime) -> Conversation:
    """A conversation whose making is committed."""
    return a_conversation(tenant, now=now)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Cut a small file into a dozen batches."""
    monkeypatch.setattr(reading, "CHUNK_BYTES", 1024)
    monkeypatch.setattr(reading, "BATCH_ROWS", 50)
    yield
    connections.close_all()


def waiting(tenant: Tenant, by: Member, text: str, talk: Conversation, *, now: datetime) -> int:
    made = do_upload(tenant, by=by, file_name="people.csv", stream=io.BytesIO(text.encode()), now=now)
    wanted = MappingOf(conversation=talk.public_id, source="shop", wording="Yes, write to me.")
    do_map(tenant, made.public_id, wanted, by=by, now=now)
    do_import(tenant, made.public_id, by=by, now=now)
    return made.pk


def together(*works: Callable[[], Counts]) -> list[Counts]:
    """Do all works at once, each on a connection of its own."""
    start = Barrier(len(works))

    def begin(work: Callable[[], Counts]) -> Counts:
        start.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def stored(tenant: Tenant) -> tuple[int, int, int]:
    with open_tenant(tenant):
        assert Customer.objects.values("external_id").distinct().count() == Customer.objects.count()
        return Customer.objects.count(), Subscription.objects.count(), ConsentEntry.objects.count()


def test_batches_that_commit_at_once_are_counted_once_each(
    talk: Conversation, tenant: Tenant, marketer: Member, now: datetime
) -> None:
    import_id = waiting(tenant, marketer, FILE, talk, now=now)
    counts = carry_on(tenant, import_id, now=now)
    assert asdict(counts) == {
        "lines": PEOPLE + 1,
        "created": PEOPLE,
        "updated": 0,
        "unchanged": 0,
        "refused": 1,
        "subscribed": PEOPLE,
    }
    assert stored(tenant) == (PEOPLE, PEOPLE, PEOPLE)
    with open_tenant(tenant):
        found = CustomerImport.objects.get()
        assert (found.state, found.position, found.faults) == (ImportState.FINISHED, found.size, 1)
        assert len(found.done["batches"]) > 5
        assert found.done["batches"] == list(range(len(found.done["batches"])))
        assert ImportFault.objects.values_list("line", "column").get() == (PEOPLE + 2, "id")


def test_two_workers_at_one_import_store_it_once(
    talk: Conversation, tenant: Tenant, marketer: Member, now: datetime
) -> None:
    import_id = waiting(tenant, marketer, FILE, talk, now=now)
    together(*[lambda: carry_on(tenant, import_id, now=now)] * 2)
    assert stored(tenant) == (PEOPLE, PEOPLE, PEOPLE)
    with open_tenant(tenant):
        found = CustomerImport.objects.get()
        assert (found.state, found.counts["created"], found.counts["lines"]) == ("finished", PEOPLE, PEOPLE + 1)
        assert AuditEntry.objects.filter(did="import.finished").count() == 1


def test_two_imports_of_one_file_at_once_never_duplicate(
    talk: Conversation, tenant: Tenant, marketer: Member, now: datetime
) -> None:
    ids = [waiting(tenant, marketer, FILE, talk, now=now) for _ in range(2)]
    found = together(*[lambda one=one: carry_on(tenant, one, now=now) for one in ids])
    assert stored(tenant) == (PEOPLE, PEOPLE, PEOPLE)
    assert sum(one.created for one in found) == PEOPLE
    assert sum(one.subscribed for one in found) == PEOPLE
    assert [(one.lines, one.created + one.updated + one.unchanged + one.refused) for one in found] == [
        (PEOPLE + 1, PEOPLE + 1)
    ] * 2
    with open_tenant(tenant):
        assert {one.state for one in CustomerImport.objects.all()} == {ImportState.FINISHED}


def test_half_new_and_half_known_people_are_told_apart_in_one_batch(
    talk: Conversation, tenant: Tenant, marketer: Member, now: datetime
) -> None:
    first = "id,email,language\n" + "".join(f"A{n},p{n}@shop.example,en\n" for n in range(0, PEOPLE, 2))
    carry_on(tenant, waiting(tenant, marketer, first, talk, now=now), now=now)
    again = FILE.replace("p0@shop.example,en", "p0@shop.example,fr")
    counts = carry_on(tenant, waiting(tenant, marketer, again, talk, now=now), now=now)
    half = PEOPLE // 2
    assert (counts.created, counts.updated, counts.unchanged, counts.subscribed) == (half, 1, half - 1, half)
    assert stored(tenant) == (PEOPLE, PEOPLE, PEOPLE)
