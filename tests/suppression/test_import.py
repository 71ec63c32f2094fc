"""A file of suppressions: good lines are kept, bad ones reported by number, and the sums agree."""

import io
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from suppression.actions.entries import add_entry
from suppression.actions.imports import Imported, import_entries
from suppression.models import Entry, SuppressionList
from suppression.reading import Defaults
from suppression.states import Reason
from tests.suppression.factories import a_list, entries_of

pytestmark = pytest.mark.django_db

DEFAULTS = Defaults(Reason.IMPORT, "Fair 2026")


def bring_in(tenant: Tenant, listed: SuppressionList, content: bytes | str, *, now: datetime) -> Imported:
    octets = content if isinstance(content, bytes) else content.encode()
    done = import_entries(tenant, listed.public_id, io.BytesIO(octets), DEFAULTS, by=None, now=now)
    assert done.lines == done.added + done.prolonged + done.unchanged + done.repeated + done.refused
    return done


def counts(done: Imported) -> dict[str, int]:
    return {name: count for name, count in asdict(done).items() if name != "faults" and count}


def test_a_plain_list_is_read_line_by_line(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    done = bring_in(
        tenant,
        listed,
        "Kim@Shop.example\n\nshop.example\r\nnot an address\n" + "e" * 32 + "\nkim@shop.example\n",
        now=now,
    )
    assert counts(done) == {"lines": 5, "added": 3, "repeated": 1, "refused": 1}
    [fault] = done.faults
    assert (fault.line, fault.value) == (4, "not an address")
    assert "no address, domain, SHA-256 or MD5" in fault.reason
    assert entries_of(tenant, listed) == [
        ("domain", "shop.example", "import"),
        ("email", "kim@shop.example", "import"),
        ("md5", "e" * 32, "import"),
    ]


def test_a_table_says_for_each_line(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    done = bring_in(
        tenant,
        listed,
        "Name;Email;Reason;Source;Expires\n"
        "Kim;kim@shop.example;legal;Letter;2026-12-31\n"
        "Lee;lee@shop.example;;;2026-03-02T10:00:00+01:00\n"
        "Ann;ann@shop.example;because;;\n"
        "Bob;bob@shop.example;Hard bounce;;2026-06-01T12:00\n"
        "Eve\n",
        now=now,
    )
    assert counts(done) == {"lines": 5, "added": 2, "refused": 3}
    assert [(fault.line, fault.reason) for fault in done.faults] == [
        (3, "The end, 2026-03-02T10:00:00+01:00, has passed."),
        (4, "“because” is no reason; use one of: hard_bounce, complaint, unsubscribe, manual, legal, import."),
        (6, "There is no address, domain or hash."),
    ]
    with open_tenant(tenant):
        found = Entry.objects.order_by("value").values_list("value", "reason", "source", "expires_at")
        assert list(found) == [
            ("bob@shop.example", "hard_bounce", "Fair 2026", datetime(2026, 6, 1, 12, tzinfo=UTC)),
            ("kim@shop.example", "legal", "Letter", datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ]


def test_importing_again_changes_nothing(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    bring_in(tenant, listed, "a@shop.example\nb@shop.example\n", now=now)
    done = bring_in(tenant, listed, "b@shop.example\na@shop.example\nc@shop.example\n", now=now + timedelta(days=1))
    assert counts(done) == {"lines": 3, "added": 1, "unchanged": 2}
    with open_tenant(tenant):
        assert Entry.objects.filter(created_at=now).count() == 2


def test_an_import_prolongs_and_never_shortens(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    soon = now + timedelta(days=1)
    for value, end in (("a@shop.example", soon), ("b@shop.example", None)):
        add_entry(tenant, listed.public_id, value=value, reason=Reason.LEGAL, expires_at=end, by=None, now=now)
    done = bring_in(tenant, listed, "email,expires\na@shop.example,2027-01-01\nb@shop.example,2027-01-01\n", now=now)
    assert counts(done) == {"lines": 2, "prolonged": 1, "unchanged": 1}
    with open_tenant(tenant):
        ends = dict(Entry.objects.values_list("value", "expires_at"))
    assert ends == {
        "a@shop.example": datetime(2027, 1, 1, 23, 59, 59, 999999, tzinfo=UTC),
        "b@shop.example": None,
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_marked_encodings_are_read(tenant: Tenant, now: datetime, encoding: str) -> None:
    listed = a_list(tenant, now=now)
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    done = bring_in(tenant, listed, f"{mark}email\nkim@bücher.example\n".encode(encoding), now=now)
    assert counts(done) == {"lines": 1, "added": 1}
    assert entries_of(tenant, listed) == [("email", "kim@xn--bcher-kva.example", "import")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"kim@b\xfccher.example", "isn't an email address"),
        (b"kim@shop.example\x00", "control characters"),
        (b"-oQdir@shop.example", "hyphen"),
        (b"<kim@shop.example>", "isn't an email address"),
        (b"x" * 1_000_000, "longer than"),
        (b'"kim@shop.example', None),
        (b"*.shop.example", "No wildcards"),
    ],
)
def test_a_bad_line_spoils_itself_alone(tenant: Tenant, now: datetime, bad: bytes, reason: str | None) -> None:
    listed = a_list(tenant, now=now)
    done = bring_in(tenant, listed, b"email\na@shop.example\n" + bad + b"\nb@shop.example\n", now=now)
    assert {"a@shop.example", "b@shop.example"} <= {value for _, value, _ in entries_of(tenant, listed)}
    if reason is None:
        assert counts(done) == {"lines": 3, "added": 3}
    else:
        assert counts(done) == {"lines": 3, "added": 2, "refused": 1}
        assert done.faults[0].line == 3
        assert reason in done.faults[0].reason
        assert len(done.faults[0].value) <= 60


def test_a_file_without_a_good_line_adds_nothing(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    assert counts(bring_in(tenant, listed, b"", now=now)) == {}
    assert counts(bring_in(tenant, listed, b"\x00\x01\x02\xff\xfe\n", now=now)) == {"lines": 1, "refused": 1}
    assert entries_of(tenant, listed) == []


def test_an_import_is_written_down_in_numbers(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    import_entries(tenant, listed.public_id, io.BytesIO(b"a@shop.example\nx\n"), DEFAULTS, by=marketer, now=now)
    with open_tenant(tenant):
        deed = AuditEntry.objects.get(did="suppression.entries_imported")
    assert deed.member_name == "Marta Lindt"
    assert deed.details == {"list": "Partners", "lines": 2, "added": 1, "prolonged": 0, "refused": 1}


def test_a_neighbours_list_takes_nothing(tenant: Tenant, neighbour: Tenant, stranger: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    with pytest.raises(SuppressionList.DoesNotExist):
        import_entries(neighbour, listed.public_id, io.BytesIO(b"a@shop.example"), DEFAULTS, by=stranger, now=now)
    assert entries_of(tenant, listed) == []
