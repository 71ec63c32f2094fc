"""Good lines of a file become customers once, bad ones are refused by line and column, and nobody is brought back."""

import io
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest
from django.test import Client

from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.attributes import AttributeOf, declare_attribute
from conversations.actions.import_runs import carry_on, open_imports
from conversations.actions.imports import MappingOf, do_check, do_import, do_map, do_upload, run_import
from conversations.actions.subscriptions import do_unsubscribe
from conversations.models import ConsentEntry, Conversation, Customer, CustomerImport, ImportFault, Subscription
from conversations.states import AttributeKind, AttributeType, Channel, ImportState
from conversations.tasks import tick
from tests.conversations.conversing import a_conversation

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Member], Client]

GOOD = (
    "id,email,language,time zone,country,tier\n"
    "A1,kim@shop.example,en,Europe/Berlin,DE,gold\n"
    "A2,lee@shop.example,fr-ca,America/Toronto,CA,\n"
)


@pytest.fixture
def talk(tenant: Tenant, now: datetime) -> Conversation:
    """A conversation to subscribe people to."""
    return a_conversation(tenant, now=now)


@pytest.fixture(autouse=True)
def tier(tenant: Tenant, now: datetime) -> None:
    """What the file says beside the plain fields."""
    wanted = AttributeOf(AttributeKind.ATTRIBUTE, "tier", "Tier", AttributeType.CHOICE, ["silver", "gold"])
    declare_attribute(tenant, wanted, by=None, now=now)


def upload(
    tenant: Tenant, by: Member, text: str | bytes, talk: Conversation | None, *, now: datetime
) -> CustomerImport:
    raw = text.encode() if isinstance(text, str) else text
    made = do_upload(tenant, by=by, file_name="people.csv", stream=io.BytesIO(raw), now=now)
    wanted = MappingOf(conversation=talk.public_id if talk else None, source="shop", wording="Yes, write to me.")
    return do_map(tenant, made.public_id, wanted, by=by, now=now)


def faults(tenant: Tenant) -> list[tuple[int, str, str]]:
    with open_tenant(tenant):
        return list(ImportFault.objects.order_by("line", "id").values_list("line", "column", "reason"))


def test_good_lines_become_customers_with_their_consent(
    tenant: Tenant, marketer: Member, talk: Conversation, now: datetime
) -> None:
    counts = run_import(tenant, upload(tenant, marketer, GOOD, talk, now=now).pk, now=now)
    assert asdict(counts) == {"lines": 2, "created": 2, "updated": 0, "unchanged": 0, "refused": 0, "subscribed": 2}
    with open_tenant(tenant):
        kim, lee = Customer.objects.order_by("external_id")
        assert (kim.email_key, kim.zone, kim.country, kim.attributes) == (
            "kim@shop.example",
            "Europe/Berlin",
            "DE",
            {"tier": "gold"},
        )
        assert (lee.language, lee.attributes) == ("fr-CA", {})
        entries = ConsentEntry.objects.order_by("customer_id")
        assert [(entry.became, entry.source, entry.wording) for entry in entries] == [
            ("subscribed", "shop", "Yes, write to me.")
        ] * 2


def test_a_second_import_updates_and_never_duplicates_or_resubscribes(
    tenant: Tenant, marketer: Member, talk: Conversation, now: datetime
) -> None:
    run_import(tenant, upload(tenant, marketer, GOOD, talk, now=now).pk, now=now)
    with open_tenant(tenant):
        kim = Customer.objects.get(external_id="A1")
        do_unsubscribe(tenant, kim.pk, talk.pk, channel=Channel.EMAIL, source="link", now=now)
    later = now + timedelta(days=1)
    again = GOOD.replace("gold", "silver")
    counts = run_import(tenant, upload(tenant, marketer, again, talk, now=later).pk, now=later)
    assert asdict(counts) == {"lines": 2, "created": 0, "updated": 1, "unchanged": 1, "refused": 0, "subscribed": 0}
    with open_tenant(tenant):
        kim = Customer.objects.get(external_id="A1")
        assert (Customer.objects.count(), kim.attributes, kim.version) == (2, {"tier": "silver"}, 2)
        assert Subscription.objects.get(customer=kim).state == "unsubscribed"


def test_a_dry_run_counts_the_same_and_stores_nothing(
    tenant: Tenant, marketer: Member, talk: Conversation, now: datetime
) -> None:
    waiting = upload(tenant, marketer, GOOD + "A3,nobody,,,,\n", talk, now=now)
    do_check(tenant, waiting.public_id, by=marketer, now=now)
    counts = carry_on(tenant, waiting.pk, now=now)
    assert asdict(counts) == {"lines": 3, "created": 2, "updated": 0, "unchanged": 0, "refused": 1, "subscribed": 2}
    with open_tenant(tenant):
        assert (Customer.objects.count(), Subscription.objects.count(), ConsentEntry.objects.count()) == (0, 0, 0)
        assert CustomerImport.objects.get().state == ImportState.CHECKED
    assert [(line, column) for line, column, _says in faults(tenant)] == [(4, "email")]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("B1,not an address,en,Europe/Berlin,DE,", "email"),
        ("B1,kim@shop.example\x00,en,Europe/Berlin,DE,", "email"),
        ("B1,-oQdir@x.example,en,Europe/Berlin,DE,", "email"),
        ("B1,b@shop.example,klingon!,Europe/Berlin,DE,", "language"),
        ("B1,b@shop.example,en,Mars/Olympus,DE,", "time zone"),
        ("B1,b@shop.example,en,Europe/Berlin,XX,", "country"),
        ("B1,b@shop.example,en,Europe/Berlin,DE,platinum", "tier"),
        (",b@shop.example,en,Europe/Berlin,DE,", "id"),
        ("A1,again@shop.example,en,Europe/Berlin,DE,", "id"),
        ("B1,b@shop.example,en", ""),
        ('B1,"b@shop.example,en,Europe/Berlin,DE,', ""),
        ("B1,b@shop.example,en,Europe/Berlin,DE," + "x" * 1_000_000, "tier"),
    ],
)
def test_a_bad_line_is_reported_by_line_and_column_and_the_good_ones_are_kept(
    tenant: Tenant, marketer: Member, talk: Conversation, now: datetime, line: str, column: str
) -> None:
    text = GOOD + line + "\nC1,last@shop.example,en,Europe/Berlin,DE,gold\n"
    counts = run_import(tenant, upload(tenant, marketer, text, talk, now=now).pk, now=now)
    assert (counts.lines, counts.created, counts.refused) == (4, 3, 1)
    assert [(found[0], found[1]) for found in faults(tenant)] == [(4, column)]
    with open_tenant(tenant):
        assert sorted(Customer.objects.values_list("external_id", flat=True)) == ["A1", "A2", "C1"]


@pytest.mark.parametrize(
    ("encoding", "first"),
    [("utf-8-sig", "Zoé"), ("utf-16", "Zoé"), ("cp1252", "Zoé"), ("utf-8", "Zoé")],
)
def test_encodings_are_guessed(tenant: Tenant, marketer: Member, now: datetime, encoding: str, first: str) -> None:
    text = f"id;region\r\nA1;{first} près d’ici, là où l’été dure\r\nA2;Île-de-France\r\n".encode(encoding)
    run_import(tenant, upload(tenant, marketer, text, None, now=now).pk, now=now)
    with open_tenant(tenant):
        regions = list(Customer.objects.order_by("external_id").values_list("region", flat=True))
    assert regions == [f"{first} près d’ici, là où l’été dure", "Île-de-France"]


def test_an_unknown_column_is_left_out_and_no_id_is_refused(tenant: Tenant, marketer: Member, now: datetime) -> None:
    made = upload(tenant, marketer, "id,shoe size\nA1,44\n", None, now=now)
    assert made.mapping == {"id": "external_id", "shoe size": ""}
    with pytest.raises(Invalid) as refused:
        do_map(tenant, made.public_id, MappingOf(mapping={"shoe size": "attributes.shoes"}), by=marketer, now=now)
    assert list(refused.value.fields) == ["mapping"]
    with open_tenant(tenant):
        assert CustomerImport.objects.get().mapping == {"id": "external_id", "shoe size": ""}


def test_pages_lead_from_upload_to_the_import(
    tenant: Tenant, marketer: Member, talk: Conversation, client_of: ClientOf, now: datetime
) -> None:
    browser = client_of(marketer)
    file = io.BytesIO((GOOD + "A3,nobody,,,,\n").encode())
    file.name = "people.csv"
    uploaded = browser.post("/t/northwind/customers/imports/upload/", {"file": file})
    assert uploaded.status_code == 302
    page = browser.get(uploaded["Location"]).content.decode()
    assert "kim@shop.example" in page
    with open_tenant(tenant):
        waiting = CustomerImport.objects.get()
    typed = {f"column-{place}": waiting.mapping[name] for place, name in enumerate(waiting.columns)}
    typed |= {"conversation": str(talk.public_id), "source": "shop", "wording": "", "version": str(waiting.version)}
    typed |= {"encoding": waiting.encoding, "delimiter": waiting.delimiter, "then": "import"}
    refused = browser.post(f"{uploaded['Location']}columns/", typed)
    assert (refused.status_code, "Write the words" in refused.content.decode()) == (422, True)
    asked = browser.post(f"{uploaded['Location']}columns/", {**typed, "wording": "Yes."})
    assert asked.status_code == 302
    carry_on(tenant, waiting.pk, now=now)
    done = browser.get(uploaded["Location"]).content.decode()
    assert "2 new customers" in done
    report = browser.get(f"{uploaded['Location']}faults/").content.decode()
    assert report.splitlines()[1].startswith("4,email,nobody,")


def test_no_file_and_no_table_are_refused_in_place(tenant: Tenant, marketer: Member, client_of: ClientOf) -> None:
    browser = client_of(marketer)
    assert browser.post("/t/northwind/customers/imports/upload/", {}).status_code == 422
    empty = io.BytesIO(b"")
    empty.name = "x.csv"
    assert browser.post("/t/northwind/customers/imports/upload/", {"file": empty}).status_code == 422
    with open_tenant(tenant):
        assert CustomerImport.objects.count() == 0


def test_a_viewer_imports_nothing(tenant: Tenant, viewer: Member, marketer: Member, client_of: ClientOf) -> None:
    assert client_of(viewer).get("/t/northwind/customers/imports/").status_code == 403


def test_an_import_whose_bell_was_lost_is_found_and_finished(
    tenant: Tenant, marketer: Member, talk: Conversation, now: datetime
) -> None:
    waiting = upload(tenant, marketer, GOOD, talk, now=now)
    do_import(tenant, waiting.public_id, by=marketer, now=now)
    assert open_imports() == [(tenant.pk, waiting.pk)]
    tick()
    assert open_imports() == []
    with open_tenant(tenant):
        assert (CustomerImport.objects.get().state, Customer.objects.count()) == (ImportState.FINISHED, 2)
