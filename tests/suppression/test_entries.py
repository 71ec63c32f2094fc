"""Entries are added, prolonged and removed by people; each deed leaves its line in the audit log."""

from datetime import datetime, timedelta

import pytest

from connect.core.errors import Forbidden, Invalid
from connect.core.models import AuditEntry, Department, Grant, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from suppression.actions.entries import add_entry, do_suppress, remove_entry
from suppression.models import Entry, SuppressionList
from suppression.states import Reason
from suppression.values import read_value
from tests.suppression.factories import a_list, entries_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        (" Kim@Shop.Example ", "email", "kim@shop.example"),
        ("kim@bücher.example", "email", "kim@xn--bcher-kva.example"),
        ("Shop.example", "domain", "shop.example"),
        ("@shop.example", "domain", "shop.example"),
        ("*@bücher.example", "domain", "xn--bcher-kva.example"),
        ("A" * 64, "sha256", "a" * 64),
        ("0123456789abcdefABCDEF0123456789", "md5", "0123456789abcdefabcdef0123456789"),
    ],
)
def test_what_is_typed_is_read_as_address_domain_or_hash(typed: str, kind: str, value: str) -> None:
    assert (read_value(typed).kind.value, read_value(typed).value) == (kind, value)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "shop",
        "*.shop.example",
        "kim@",
        "@",
        "a@b@c.example",
        "a" * 63,
        "kim@shop.example\r\nBcc: x@y.example",
        "kim@shop.example\x00",
        "<kim@shop.example>",
        "-oQdir@shop.example",
        '"a\r\nb"@shop.example',
        "shop\u2028.example",
        "x" * 300 + ".example",
        "'; DROP TABLE suppression_entry; --",
    ],
)
def test_what_is_none_of_them_is_refused_and_nothing_stored(tenant: Tenant, now: datetime, typed: str) -> None:
    listed = a_list(tenant, now=now)
    with pytest.raises(Invalid) as caught:
        add_entry(tenant, listed.public_id, value=typed, reason=Reason.MANUAL, by=None, now=now)
    assert list(caught.value.fields) == ["value"]
    assert entries_of(tenant, listed) == []


def test_an_entry_is_added_and_written_down_without_its_address(
    tenant: Tenant, marketer: Member, now: datetime
) -> None:
    listed = a_list(tenant, now=now)
    end = now + DAY
    entry = add_entry(
        tenant,
        listed.public_id,
        value="kim@shop.example",
        reason=Reason.LEGAL,
        source="Letter of 1 March",
        expires_at=end,
        by=marketer,
        now=now,
    )
    assert (entry.kind, entry.value, entry.reason) == ("email", "kim@shop.example", "legal")
    assert (entry.source, entry.created_at, entry.expires_at) == ("Letter of 1 March", now, end)
    with open_tenant(tenant):
        deed = AuditEntry.objects.get(did="suppression.entry_added")
    assert (deed.member_name, deed.thing) == ("Marta Lindt", entry.public_id)
    assert deed.details == {"list": "Partners", "kind": "email", "reason": "legal"}


def test_what_stands_already_is_refused_and_stays_as_it_was(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.LEGAL, by=marketer, now=now)
    with pytest.raises(Invalid, match="stands on this list already"):
        add_entry(tenant, listed.public_id, value="KIM@shop.example", reason=Reason.MANUAL, by=marketer, now=now + DAY)
    assert entries_of(tenant, listed) == [("email", "kim@shop.example", "legal")]
    with open_tenant(tenant):
        assert Entry.objects.get().created_at == now


def test_an_end_is_moved_later_and_never_earlier(tenant: Tenant, marketer: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)

    def add(end: datetime | None) -> datetime | None:
        return add_entry(
            tenant,
            listed.public_id,
            value="kim@shop.example",
            reason=Reason.MANUAL,
            expires_at=end,
            by=marketer,
            now=now,
        ).expires_at

    assert add(now + 2 * DAY) == now + 2 * DAY
    with pytest.raises(Invalid):
        add(now + DAY)
    assert add(now + 3 * DAY) == now + 3 * DAY
    assert add(None) is None
    with pytest.raises(Invalid):
        add(now + 9 * DAY)
    with open_tenant(tenant):
        assert Entry.objects.get().expires_at is None


def test_an_end_in_the_past_is_refused(tenant: Tenant, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    with pytest.raises(Invalid) as caught:
        add_entry(
            tenant, listed.public_id, value="a@shop.example", reason=Reason.MANUAL, expires_at=now, by=None, now=now
        )
    assert list(caught.value.fields) == ["expires_at"]
    assert entries_of(tenant, listed) == []


def test_an_entry_is_removed_and_the_log_keeps_why_it_stood(tenant: Tenant, admin: Member, now: datetime) -> None:
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.LEGAL, by=None, now=now)
    remove_entry(tenant, listed.public_id, entry.public_id, by=admin, now=now + DAY)
    assert entries_of(tenant, listed) == []
    with open_tenant(tenant):
        deed = AuditEntry.objects.get(did="suppression.entry_removed")
    assert deed.details == {
        "list": str(listed.public_id),
        "kind": "email",
        "reason": "legal",
        "source": "",
        "since": "2026-03-02T09:00:00+00:00",
    }


@pytest.mark.parametrize("role", [Role.MARKETER, Role.LAUNCH_APPROVER, Role.VIEWER])
def test_who_is_no_admin_removes_nothing(tenant: Tenant, viewer: Member, now: datetime, role: Role) -> None:
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.LEGAL, by=None, now=now)
    with open_tenant(tenant):
        Grant.objects.filter(member=viewer).update(role=role)
        who = Member.objects.get(pk=viewer.pk)
    with pytest.raises(Forbidden):
        remove_entry(tenant, listed.public_id, entry.public_id, by=who, now=now)
    assert entries_of(tenant, listed) == [("email", "kim@shop.example", "legal")]


def test_an_admin_of_one_department_removes_nothing(
    tenant: Tenant, department: Department, viewer: Member, now: datetime
) -> None:
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.LEGAL, by=None, now=now)
    with open_tenant(tenant):
        Grant.objects.filter(member=viewer).update(role=Role.ADMIN, department=department)
        who = Member.objects.get(pk=viewer.pk)
    with pytest.raises(Forbidden):
        remove_entry(tenant, listed.public_id, entry.public_id, by=who, now=now)
    assert entries_of(tenant, listed) == [("email", "kim@shop.example", "legal")]


def test_a_neighbours_list_and_entry_are_not_there(
    tenant: Tenant, neighbour: Tenant, stranger: Member, now: datetime
) -> None:
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value="kim@shop.example", reason=Reason.LEGAL, by=None, now=now)
    with pytest.raises(SuppressionList.DoesNotExist):
        add_entry(neighbour, listed.public_id, value="x@shop.example", reason=Reason.MANUAL, by=stranger, now=now)
    with pytest.raises(Entry.DoesNotExist):
        remove_entry(neighbour, listed.public_id, entry.public_id, by=stranger, now=now)
    assert entries_of(tenant, listed) == [("email", "kim@shop.example", "legal")]


def test_what_a_person_suppresses_is_written_down(tenant: Tenant, admin: Member, now: datetime) -> None:
    do_suppress(tenant, "a@shop.example", reason=Reason.HARD_BOUNCE, source="bounce", now=now)
    do_suppress(tenant, "b@shop.example", reason=Reason.MANUAL, source="console", now=now, by=admin)
    with open_tenant(tenant):
        deeds = AuditEntry.objects.filter(did="suppression.entry_added")
        assert [deed.details["reason"] for deed in deeds] == ["manual"]
