"""Members are told what happened to what is theirs, each in their language, and read it once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils.translation import get_language

from connect.core.actions.notices import read_notices
from connect.core.models import AuditEntry, Member, Notice, Tenant, User
from connect.core.notices import tell, unread
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Member], Client]


def told(tenant: Tenant, members: list[Member], says: str, now: datetime) -> None:
    with open_tenant(tenant):
        tell(tenant, members, lambda: says, "/t/northwind/campaigns/", now=now)


def test_each_member_is_told_once_in_their_language(
    tenant: Tenant, marketer: Member, viewer: Member, now: datetime
) -> None:
    User.objects.filter(pk=viewer.user_id).update(language="de")
    with open_tenant(tenant):
        members = list(Member.objects.filter(pk__in=[marketer.pk, viewer.pk]).order_by("pk"))
        tell(tenant, [*members, *members], lambda: f"in {get_language()}", "/t/northwind/", now=now)
        found = Notice.objects.of(tenant).order_by("id").values_list("member_id", "says", "url", "at", "read_at")
        assert set(found) == {
            (marketer.pk, "in en", "/t/northwind/", now, None),
            (viewer.pk, "in de", "/t/northwind/", now, None),
        }


def test_who_has_left_is_told_nothing(tenant: Tenant, viewer: Member, now: datetime) -> None:
    with open_tenant(tenant):
        Member.objects.filter(pk=viewer.pk).update(active=False)
        tell(tenant, [Member.objects.get(pk=viewer.pk)], lambda: "x", "/", now=now)
        assert not Notice.objects.of(tenant).exists()


def test_what_came_after_the_page_stays_unread(tenant: Tenant, marketer: Member, now: datetime) -> None:
    told(tenant, [marketer], "first", now)
    told(tenant, [marketer], "second", now + timedelta(seconds=1))
    assert read_notices(tenant, by=marketer, up_to=now, now=now + timedelta(minutes=1)) == 1
    assert read_notices(tenant, by=marketer, up_to=now, now=now + timedelta(minutes=2)) == 0
    with open_tenant(tenant):
        assert unread(tenant, marketer) == 1
        assert AuditEntry.objects.of(tenant).filter(did="notices.read").count() == 1


def test_the_bell_counts_and_the_page_lists_ones_own(
    tenant: Tenant, marketer: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    told(tenant, [marketer], "“Snow” is finished.", now)
    client = client_of(marketer)
    assert "1 new notice" in client.get("/t/northwind/").content.decode()
    assert "“Snow” is finished." in client.get("/t/northwind/notices/").content.decode()
    assert "Snow" not in client_of(viewer).get("/t/northwind/notices/").content.decode()
    assert client_of(viewer).post("/t/northwind/notices/read/", {"up_to": now.isoformat()}).status_code == 302
    assert "1 new notice" in client.get("/t/northwind/").content.decode()
    assert client.post("/t/northwind/notices/read/", {"up_to": now.isoformat()}).status_code == 302
    assert "0 new notices" in client.get("/t/northwind/").content.decode()


@pytest.mark.parametrize("up_to", ["", "soon", "2026-03-02T09:00:00"])
def test_a_time_that_cant_be_read_marks_nothing(
    tenant: Tenant, marketer: Member, client_of: ClientOf, now: datetime, up_to: str
) -> None:
    told(tenant, [marketer], "x", now)
    assert client_of(marketer).post("/t/northwind/notices/read/", {"up_to": up_to}).status_code == 422
    with open_tenant(tenant):
        assert unread(tenant, marketer) == 1
