"""What members may say about their relays, what is kept of it, and where no relay may lead."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.next_hops import do_note, installation_server, known_relays, server_of
from delivery.actions.relays import add_relay, ask_trial, change_relay, check_host, remove_relay, try_relay
from delivery.models import Relay
from delivery.senders.names import Address, NoAddress, allowed, may_lead_to
from delivery.senders.opening import may_tell_password
from delivery.senders.relays import Note
from delivery.senders.servers import Server
from delivery.states import TlsMode
from tests.delivery.relaying import a_relay, fields, relays, set_aside
from tests.faults.receiver import Receiver
from tests.faults.tls import SecureReceiver

pytestmark = pytest.mark.django_db
SECRET = "Tr0ub4dor&3"


def entries(tenant: Tenant) -> list[tuple[str, dict[str, Any]]]:
    with open_tenant(tenant):
        return list(
            AuditEntry.objects.of(tenant).filter(did__startswith="relay.").order_by("id").values_list("did", "details")
        )


def with_login(**words: Any) -> dict[str, Any]:
    return {"host": "mail.example.com", "tls": TlsMode.REQUIRED, "user": "us", "password": SECRET, **words}


# --- Add, change, remove ---


def test_a_relay_is_kept_with_its_password_sealed(tenant: Tenant, admin: Member, now: datetime) -> None:
    made = a_relay(tenant, now=now, by=admin, **with_login(host=" Mail.Example.COM. ", port=587))
    assert relays(tenant, "name", "host", "port", "tls", "user", "version") == [
        ("First", "mail.example.com", 587, "required", "us", 1)
    ]
    with open_tenant(tenant):
        [(row,)] = rows(Sql("SELECT r::text FROM delivery_relay r"))
        assert server_of(Relay.objects.get()).password == SECRET
    assert SECRET not in row
    assert SECRET.encode().hex() not in row
    [(did, details)] = entries(tenant)
    assert (did, details["password"], details["user"]) == ("relay.added", "set", "us")
    assert SECRET not in str(details)
    assert SECRET not in repr(server_of(made))


def test_another_relays_password_opens_nowhere_else(tenant: Tenant, now: datetime) -> None:
    first = a_relay(tenant, now=now, **with_login())
    second = a_relay(tenant, now=now, name="Second")
    with open_tenant(tenant):
        Relay.objects.filter(pk=second.pk).update(sealed_password=first.sealed_password, user="us")
    [_, broken] = known_relays(tenant)
    assert (broken.why, broken.away_seconds) == ("the key that its password was sealed with is missing", 60.0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\r\nb"}, "name"),
        ({"host": ""}, "host"),
        ({"host": "mail example.com"}, "host"),
        ({"host": "mail.example.com:25"}, "host"),
        ({"host": "http://mail.example.com"}, "host"),
        ({"host": "me@mail.example.com"}, "host"),
        ({"host": "mail.example.com\r\nX"}, "host"),
        ({"host": "2130706433"}, "host"),
        ({"host": "0x7f.1"}, "host"),
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "::ffff:169.254.169.254"}, "host"),
        ({"host": "fe80::1%eth0"}, "host"),
        ({"host": "0.0.0.0"}, "host"),
        ({"host": "::"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"priority": 0}, "priority"),
        ({"connections": 65}, "connections"),
        ({"messages": 0}, "messages"),
        ({"user": "us"}, "password"),
        ({"password": SECRET}, "user"),
        ({"user": "a\0b", "password": SECRET}, "user"),
        ({"user": "us", "password": "a\0b"}, "password"),
        ({"user": "us", "password": "x" * 501}, "password"),
        ({"host": "mail.example.com", "user": "us", "password": SECRET, "tls": TlsMode.OPPORTUNISTIC}, "tls"),
        ({"host": "mail.example.com", "user": "us", "password": SECRET, "tls": TlsMode.NONE}, "tls"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_nothing_kept(
    tenant: Tenant, admin: Member, now: datetime, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        a_relay(tenant, now=now, by=admin, **wrong)
    assert list(refused.value.fields) == [field]
    assert SECRET not in str(refused.value)
    assert (relays(tenant, "name"), entries(tenant)) == ([], [])


def test_two_relays_have_two_names(tenant: Tenant, now: datetime) -> None:
    a_relay(tenant, now=now)
    with pytest.raises(Invalid) as refused:
        a_relay(tenant, now=now, port=26)
    assert list(refused.value.fields) == ["name"]
    assert relays(tenant, "name", "port") == [("First", 2525)]


def test_a_change_without_a_password_keeps_it_and_forgets_what_was_found_out(
    tenant: Tenant, admin: Member, now: datetime
) -> None:
    made = a_relay(tenant, now=now, **with_login())
    set_aside(tenant, "First", 600, failures=7)
    later = now + timedelta(hours=1)
    change_relay(tenant, made.public_id, 1, fields(**with_login(name="Renamed", password="")), by=admin, now=later)
    assert relays(tenant, "name", "version", "failures", "away_until") == [("Renamed", 2, 0, None)]
    with open_tenant(tenant):
        assert server_of(Relay.objects.get()).password == SECRET
    assert entries(tenant)[1] == ("relay.changed", {"name": "First", "changed": {"name": "Renamed"}})


@pytest.mark.parametrize("moved", [{"host": "mail.other.example"}, {"port": 26}, {"user": "them"}], ids=str)
def test_a_password_is_not_told_to_somebody_else(
    tenant: Tenant, admin: Member, now: datetime, moved: dict[str, Any]
) -> None:
    made = a_relay(tenant, now=now, **with_login())
    with pytest.raises(Invalid) as refused:
        change_relay(tenant, made.public_id, 1, fields(**{**with_login(password=""), **moved}), by=admin, now=now)
    assert list(refused.value.fields) == ["password"]
    assert relays(tenant, "host", "port", "user", "version") == [("mail.example.com", 2525, "us", 1)]


def test_without_a_user_the_password_goes(tenant: Tenant, admin: Member, now: datetime) -> None:
    made = a_relay(tenant, now=now, **with_login())
    change_relay(tenant, made.public_id, 1, fields(**with_login(user="", password="")), by=admin, now=now)
    with open_tenant(tenant):
        assert bytes(Relay.objects.get().sealed_password) == b""
    assert entries(tenant)[1][1]["changed"] == {"user": "", "password": "removed"}


def test_a_stale_change_or_removal_changes_nothing(tenant: Tenant, admin: Member, now: datetime) -> None:
    made = a_relay(tenant, now=now)
    change_relay(tenant, made.public_id, 1, fields(name="Theirs"), by=admin, now=now)
    before = entries(tenant)
    with pytest.raises(StaleVersion):
        change_relay(tenant, made.public_id, 1, fields(name="Mine"), by=admin, now=now)
    with pytest.raises(StaleVersion):
        remove_relay(tenant, made.public_id, 1, by=admin, now=now)
    assert (relays(tenant, "name", "version"), entries(tenant)) == ([("Theirs", 2)], before)


def test_a_removed_relay_is_gone_with_its_password(tenant: Tenant, admin: Member, now: datetime) -> None:
    made = a_relay(tenant, now=now, **with_login())
    assert remove_relay(tenant, made.public_id, 1, by=admin, now=now) == "First"
    assert relays(tenant, "name") == []
    assert entries(tenant)[1] == ("relay.removed", {"name": "First", "host": "mail.example.com", "port": 2525})
    assert known_relays(tenant)[0].server == installation_server()


def test_only_an_admin_of_the_whole_tenant_says_where_messages_go(
    tenant: Tenant, department: Any, now: datetime
) -> None:
    from connect.core.models import Grant
    from tests.factories import make_cast_member

    made = a_relay(tenant, now=now)
    local = make_cast_member(tenant, "Lia Local", [Role.ADMIN], now=now)
    with open_tenant(tenant):
        Grant.objects.filter(member=local).update(department=department)
        local = Member.objects.get(pk=local.pk)
    for deed in (
        lambda: add_relay(tenant, fields(name="Mine"), by=local, now=now),
        lambda: change_relay(tenant, made.public_id, 1, fields(name="Mine"), by=local, now=now),
        lambda: remove_relay(tenant, made.public_id, 1, by=local, now=now),
        lambda: ask_trial(tenant, made.public_id, by=local, now=now),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert relays(tenant, "name", "version", "trial_asked_at") == [("First", 1, None)]


def test_a_neighbours_relay_is_missing(tenant: Tenant, neighbour: Tenant, admin: Member, now: datetime) -> None:
    theirs = a_relay(neighbour, now=now)
    for relay_id in (theirs.public_id, uuid4()):
        with pytest.raises(Relay.DoesNotExist):
            change_relay(tenant, relay_id, 1, fields(name="Mine"), by=admin, now=now)
    assert relays(neighbour, "name", "version") == [("First", 1)]
    assert known_relays(tenant)[0].server.number == 0


# --- Where no relay may lead ---

PRIVATE = ["127.0.0.1", "10.0.0.5", "192.168.1.1", "172.16.0.9", "::1", "fd00::1", "100.64.0.1", "::ffff:127.0.0.1"]
NEVER = [
    *("169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1", "0.0.0.0"),
    *("::", "224.0.0.1", "ff02::1", "fd00:ec2::254", "100.100.100.200"),
]


@pytest.mark.parametrize("ip", PRIVATE)
def test_the_own_network_is_open_only_where_the_setting_says_so(ip: str) -> None:
    assert (may_lead_to(ip, private=True), may_lead_to(ip, private=False)) == (True, False)


@pytest.mark.parametrize("ip", NEVER)
def test_some_addresses_are_never_open(ip: str) -> None:
    assert (may_lead_to(ip, private=True), may_lead_to(ip, private=False)) == (False, False)


@pytest.mark.parametrize("ip", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_the_internet_is_open(ip: str) -> None:
    assert may_lead_to(ip, private=False)


@pytest.mark.parametrize("host", ["localhost", "postfix", "127.0.0.1", "::1", "10.1.2.3"])
def test_names_and_addresses_of_the_own_network_are_refused_at_the_door(host: str, settings: Settings) -> None:
    assert check_host(host, private=True) == host
    with pytest.raises(Invalid):
        check_host(host, private=False)


def test_of_several_addresses_only_the_open_ones_are_used() -> None:
    server = Server("relay.example", 25, "us.example", private=False)
    inside, outside = Address(2, ("10.0.0.1", 25)), Address(2, ("93.184.215.14", 25))
    assert allowed(server, [inside, outside]) == [outside]
    with pytest.raises(NoAddress, match=r"relay\.example leads to 10\.0\.0\.1, where no relay may be"):
        allowed(server, [inside])


@pytest.mark.parametrize(
    ("mode", "secure", "here", "may"),
    [
        (TlsMode.REQUIRED, True, False, True),
        (TlsMode.IMPLICIT, True, False, True),
        (TlsMode.REQUIRED, False, False, False),
        (TlsMode.OPPORTUNISTIC, True, False, False),
        (TlsMode.OPPORTUNISTIC, False, False, False),
        (TlsMode.NONE, False, False, False),
        (TlsMode.NONE, False, True, True),
    ],
)
def test_a_password_is_told_only_where_nobody_else_hears_it(mode: TlsMode, secure: bool, here: bool, may: bool) -> None:
    server = Server("relay.example", 25, "us.example", tls=mode, user="us", password=SECRET)
    assert may_tell_password(server, is_secure=secure, is_loopback=here) is may


# --- What is found out ---


def test_what_was_found_out_before_a_change_counts_for_nothing(tenant: Tenant, now: datetime) -> None:
    made = a_relay(tenant, now=now)
    [before] = known_relays(tenant)
    change_relay(tenant, made.public_id, 1, fields(port=26), by=None, now=now)
    do_note(tenant, Note(before.server, "cannot connect", failures=3, away_seconds=60))
    assert relays(tenant, "failures", "away_until", "answer") == [(0, None, "")]
    [after] = known_relays(tenant)
    do_note(tenant, Note(after.server, "cannot connect", failures=3, away_seconds=60))
    [known] = known_relays(tenant)
    assert (known.failures, known.why, 59 < known.away_seconds <= 60) == (3, "cannot connect", True)
    do_note(tenant, Note(after.server, "", tls="TLSv1.3 X"))
    assert relays(tenant, "failures", "away_until", "answer", "tls_seen") == [(0, None, "", "TLSv1.3 X")]


def test_relays_are_listed_by_priority(tenant: Tenant, now: datetime) -> None:
    for name, priority in (("A", 30), ("B", 10), ("C", 20), ("D", 10)):
        a_relay(tenant, now=now, name=name, priority=priority, port=priority, active=name != "C")
    assert [known.server.port for known in known_relays(tenant)] == [10, 10, 30]


# --- Trial ---


def test_a_trial_says_what_was_said_and_hands_nothing_over(tenant: Tenant, admin: Member, now: datetime) -> None:
    with SecureReceiver(logins={"us": SECRET}, careless=True) as receiver:
        made = a_relay(tenant, now=now, port=receiver.port, user="us", password=SECRET)
        set_aside(tenant, "First", 600)
        ask_trial(tenant, made.public_id, by=admin, now=now)
        assert try_relay(tenant, made.pk, now=now).passed
        port = receiver.port
        receiver.wait_until(lambda: receiver.commands[-1:] == [(1, "QUIT")])
    [(transcript, passed, tried, failures, away)] = relays(
        tenant, "transcript", "trial_passed", "tried_at", "failures", "away_until"
    )
    assert (passed, tried, failures, away) == (True, now, 0, None)
    assert transcript.splitlines() == [
        f"* 127.0.0.1, port {port}",
        "< 220 receiver.example",
        "> EHLO localhost",
        "< 250-receiver.example",
        "< 250-PIPELINING",
        "< 250-SIZE 10485760",
        "< 250-8BITMIME",
        "< 250-AUTH PLAIN LOGIN",
        "< 250 HELP",
        "> AUTH PLAIN •••",
        "< 235 2.7.0 hello",
        "> QUIT",
    ]
    assert entries(tenant)[1] == ("relay.trial_asked", {"name": "First"})


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_a_trial_with_a_wrong_login_keeps_the_secret(tenant: Tenant, now: datetime, way: str) -> None:
    told_back = "535-5.7.8 no such login\r\n535 5.7.8 {password}"
    with SecureReceiver(logins={"us": "x"}, careless=True, refusal=told_back, ways=(way,)) as receiver:
        made = a_relay(tenant, now=now, port=receiver.port, user="us", password=SECRET)
        assert not try_relay(tenant, made.pk, now=now).passed
    [(transcript, passed, failures)] = relays(tenant, "transcript", "trial_passed", "failures")
    assert transcript.splitlines()[-3:] == [
        "< 535-5.7.8 no such login",
        "< 535 5.7.8 •••",
        "* refused at AUTH: 535-5.7.8 no such login 535 5.7.8 •••",
    ]
    assert (passed, failures) == (False, 0)
    assert SECRET not in transcript


def test_a_trial_that_gets_no_answer_ends_in_time(
    tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from delivery.senders.trial import try_server

    class Silent(Receiver):
        async def hold_up(self, stage: str, recipient: str) -> None:
            await self._stop.wait()

    with Silent() as receiver:
        trial = try_server(Server("127.0.0.1", receiver.port, "us.example"), seconds=0.2)
    assert (trial.passed, trial.lines[-1]) == (False, "* no answer in time")


def test_a_trial_never_leads_where_no_relay_may_be(tenant: Tenant, now: datetime, settings: Settings) -> None:
    with Receiver() as receiver:
        made = a_relay(tenant, now=now, port=receiver.port)
        settings.SMTP_PRIVATE_RELAYS = False
        assert not try_relay(tenant, made.pk, now=now).passed
        assert receiver.commands == []
    assert relays(tenant, "transcript") == [("* 127.0.0.1 leads to 127.0.0.1, where no relay may be",)]
