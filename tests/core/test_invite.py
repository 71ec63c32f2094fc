"""A new member is mailed a link that ends; who has a login is told; a lost bell shows and is rung again by a button."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from connect.core import handoff
from connect.core.actions.invitations import (
    NoInvitation,
    accept_invitation,
    invite,
    invite_again,
    link_of,
    mail_invitation,
    read_invitation,
)
from connect.core.actions.members import GrantOf, stop_member
from connect.core.errors import Conflict
from connect.core.handoff import Bell
from connect.core.models import AuditEntry, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tasks import send_invitation
from connect.core.tenancy import tenant as open_tenant
from connect.core.views.members import standing_of

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
ADD = "/t/northwind/admin/members/add/"
NIA = {"name": "Nia Cole", "email": "Nia@Shop.example", "roles": ["viewer"]}


@pytest.fixture(autouse=True)
def rung() -> Iterator[list[tuple[int, int]]]:
    """Hear the bell of invitations instead of the queue."""
    heard: list[tuple[int, int]] = []
    before = dict(handoff._answers)
    handoff.wire({**before, Bell.MEMBER_INVITED: lambda *ids: heard.append(ids)})
    yield heard
    handoff.wire(before)


@pytest.fixture
def nia(tenant: Tenant, admin: Member, now: datetime) -> Member:
    """Invited at `now`, without a login before."""
    roles = [GrantOf(Role.VIEWER)]
    invite(tenant, email="nia@shop.example", name="Nia Cole", grants=roles, by=admin, now=now)
    return again(tenant, "Nia Cole")


def again(tenant: Tenant, name: str) -> Member:
    with open_tenant(tenant):
        return Member.objects.get(name=name)


def token_in(text: str) -> str:
    found = re.search(r"/invitations/([^/\s]+)/", text)
    assert found
    return found.group(1)


def test_the_bell_rings_after_commit_and_its_task_mails_a_link(
    tenant: Tenant,
    admin: Member,
    client_of: ClientOf,
    rung: list[tuple[int, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        answer = client_of(admin).post(ADD, NIA)
        assert rung == []
    assert (answer.status_code, answer["Location"]) == (302, "/t/northwind/admin/members/")
    member = again(tenant, "Nia Cole")
    assert rung == [(tenant.pk, member.pk)]
    assert standing_of(member, datetime.now(UTC)) == "waiting"

    send_invitation(*rung[0])

    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["nia@shop.example"], "Ada Okafor invites you to Northwind on Connect")
    assert "Ada Okafor has made you a member of Northwind" in letter.body
    assert f"http://localhost:8000/invitations/{token_in(str(letter.body))}/" in letter.body
    assert standing_of(again(tenant, "Nia Cole"), datetime.now(UTC)) == "invited"


def test_the_answer_is_the_same_for_an_address_that_has_a_login(
    tenant: Tenant, admin: Member, stranger: Member, client_of: ClientOf
) -> None:
    User.objects.filter(pk=stranger.user_id).update(password="x")
    browser = client_of(admin)
    answers = [browser.post(ADD, {**NIA, "email": email}) for email in ("nia@shop.example", "stella@southwind.example")]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/t/northwind/admin/members/")
    ] * 2
    page = browser.get("/t/northwind/admin/members/").content.decode()
    assert page.count("Nia Cole is a member now. A mail tells them.") == 2
    assert page.count("Not mailed yet") == 2


def test_who_has_a_login_is_told_and_keeps_the_password(
    tenant: Tenant, admin: Member, stranger: Member, now: datetime
) -> None:
    User.objects.filter(pk=stranger.user_id).update(password="their own")
    made = invite(
        tenant, email="stella@southwind.example", name="Stella", grants=[GrantOf(Role.VIEWER)], by=admin, now=now
    )
    mail_invitation(tenant, made.pk, now=now)
    (letter,) = mail.outbox
    assert letter.subject == "You were added to Northwind on Connect"
    token = token_in(str(letter.body))
    with pytest.raises(NoInvitation):
        accept_invitation(token, "a stolen password", now=now)
    assert User.objects.get(pk=stranger.user_id).password == "their own"


def test_the_link_lets_a_person_choose_a_password_and_come_in(
    tenant: Tenant, admin: Member, client_of: ClientOf
) -> None:
    client_of(admin).post(ADD, NIA)
    member = again(tenant, "Nia Cole")
    link = link_of(tenant, member).removeprefix("http://localhost:8000")
    browser = Client()
    page = browser.get(link).content.decode()
    assert "Join Northwind" in page
    assert "Ada Okafor invites you." in page

    answer = browser.post(link, {"password": "a long password", "again": "a long password"})

    assert (answer.status_code, answer["Location"]) == (302, "/t/northwind/")
    assert browser.get("/t/northwind/").status_code == 200
    assert User.objects.get(pk=member.user_id).check_password("a long password")
    assert standing_of(again(tenant, "Nia Cole"), datetime.now(UTC)) == "joined"
    assert Client().post(link, {"password": "another password", "again": "another password"}).status_code == 200
    assert User.objects.get(pk=member.user_id).check_password("a long password")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"password": "short", "again": "short"}, "This password is too short."),
        ({"password": "a long password", "again": "another one"}, "The two aren’t the same."),
        ({"password": "", "again": ""}, "This field is required."),
    ],
)
def test_a_bad_password_is_refused_at_the_field(
    tenant: Tenant, admin: Member, client_of: ClientOf, typed: dict[str, str], says: str
) -> None:
    client_of(admin).post(ADD, NIA)
    member = again(tenant, "Nia Cole")
    answer = Client().post(link_of(tenant, member).removeprefix("http://localhost:8000"), typed)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not User.objects.get(pk=member.user_id).has_usable_password()


def test_the_link_ends_after_seven_days(tenant: Tenant, nia: Member, now: datetime) -> None:
    token = token_in(link_of(tenant, nia))
    assert read_invitation(token, now=now + timedelta(days=7, microseconds=-1)).member == nia
    with pytest.raises(NoInvitation):
        accept_invitation(token, "a long password", now=now + timedelta(days=7))
    assert not User.objects.get(pk=nia.user_id).has_usable_password()


def test_a_newer_invitation_ends_the_link_of_the_earlier(
    tenant: Tenant, admin: Member, nia: Member, now: datetime
) -> None:
    earlier = token_in(link_of(tenant, nia))
    later = now + timedelta(minutes=1)
    invite_again(tenant, nia.public_id, by=admin, now=later)
    with pytest.raises(NoInvitation):
        read_invitation(earlier, now=later)
    assert read_invitation(token_in(link_of(tenant, again(tenant, "Nia Cole"))), now=later).chooses
    with open_tenant(tenant):
        assert AuditEntry.objects.of(tenant).about([nia.public_id])[0].did == "member.invited"


def test_a_member_who_is_shut_out_has_no_link(tenant: Tenant, admin: Member, nia: Member, now: datetime) -> None:
    token = token_in(link_of(tenant, nia))
    stop_member(tenant, nia.public_id, by=admin, now=now)
    with pytest.raises(NoInvitation):
        accept_invitation(token, "a long password", now=now)
    assert not User.objects.get(pk=nia.user_id).has_usable_password()


@pytest.mark.parametrize("change", [lambda token: token[:-1] + "_", lambda token: "x" + token, lambda _token: "none"])
def test_a_link_that_was_changed_is_gone(
    tenant: Tenant, nia: Member, now: datetime, change: Callable[[str], str]
) -> None:
    token = change(token_in(link_of(tenant, nia)))
    with pytest.raises(NoInvitation):
        read_invitation(token, now=now)
    answer = Client().get(f"/invitations/{token}/")
    assert answer.status_code == 410
    assert "This invitation has ended" in answer.content.decode()
    assert "Northwind" not in answer.content.decode()


def test_an_older_key_still_verifies(tenant: Tenant, nia: Member, now: datetime, settings: Any) -> None:
    token = token_in(link_of(tenant, nia))
    settings.LINK_KEYS = ["the key of this year, thirty-two characters", *settings.LINK_KEYS]
    assert read_invitation(token, now=now).member == nia
    settings.LINK_KEYS = settings.LINK_KEYS[:1]
    with pytest.raises(NoInvitation):
        read_invitation(token, now=now)


def test_a_bell_that_rings_twice_mails_once(tenant: Tenant, nia: Member, now: datetime) -> None:
    mail_invitation(tenant, nia.pk, now=now)
    mail_invitation(tenant, nia.pk, now=now)
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_leaves_the_invitation_waiting(
    tenant: Tenant, nia: Member, now: datetime, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    with pytest.raises(OSError, match="refused"):
        mail_invitation(tenant, nia.pk, now=now)
    assert standing_of(again(tenant, "Nia Cole"), now) == "waiting"


def test_the_button_invites_again(
    tenant: Tenant,
    admin: Member,
    nia: Member,
    client_of: ClientOf,
    rung: list[tuple[int, int]],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    browser = client_of(admin)
    path = f"/t/northwind/admin/members/{nia.public_id}/invite/"
    assert path in browser.get("/t/northwind/admin/members/").content.decode()
    rung.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        assert browser.post(path).status_code == 302
    assert rung == [(tenant.pk, nia.pk)]
    assert browser.post(path).status_code == 409
    assert rung == [(tenant.pk, nia.pk)]


def test_who_has_come_needs_no_invitation(
    tenant: Tenant, admin: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    client_of(viewer).get("/t/northwind/")
    with pytest.raises(Conflict, match="needs no invitation"):
        invite_again(tenant, viewer.public_id, by=admin, now=now)
    assert again(tenant, "Viktor Chen").invited_at is None


def test_a_neighbours_member_is_not_invited(
    tenant: Tenant, neighbour: Tenant, admin: Member, stranger: Member, client_of: ClientOf
) -> None:
    answer = client_of(admin).post(f"/t/northwind/admin/members/{stranger.public_id}/invite/")
    assert answer.status_code == 404
    assert again(neighbour, "Stella Ngo").invited_at is None


@pytest.mark.parametrize("role", ["marketer", "approver", "viewer"])
def test_only_an_admin_invites(
    tenant: Tenant, nia: Member, now: datetime, client_of: ClientOf, request: pytest.FixtureRequest, role: str
) -> None:
    browser = client_of(request.getfixturevalue(role))
    assert browser.post(f"/t/northwind/admin/members/{nia.public_id}/invite/").status_code == 403
    assert again(tenant, "Nia Cole").invited_at == now


def test_a_line_break_in_a_name_stays_out_of_the_mails_head(tenant: Tenant, admin: Member, now: datetime) -> None:
    grants = [GrantOf(Role.VIEWER)]
    made = invite(tenant, email="n@shop.example", name="Nia\r\nBcc: x@y.example", grants=grants, by=admin, now=now)
    mail_invitation(tenant, made.pk, now=now)
    assert mail.outbox[0].subject == "Ada Okafor invites you to Northwind on Connect"
    assert "Hello Nia Bcc: x@y.example," in mail.outbox[0].body
