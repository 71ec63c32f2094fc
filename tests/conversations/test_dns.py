"""A look into DNS says what it found, and nothing where nobody answers. A real server answers here."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.dkim_keys import ask_dns_check, check_dns, make_dkim_key
from conversations.dkim import record_name
from conversations.dns import look_up_key
from conversations.models import DkimKey
from conversations.states import DkimAlgorithm, DnsState
from tests.conversations.conversing import a_conversation
from tests.nameserver import NameServer, name_server, quoted

pytestmark = pytest.mark.django_db

NAME = "spring._domainkey.news.northwind.example."
RECORD = "v=DKIM1; k=rsa; p=" + "A" * 392


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as one:
        yield one


def look(server: NameServer) -> DnsState:
    return look_up_key("news.northwind.example", "spring", RECORD, resolver=server.resolver).state


@pytest.mark.parametrize(
    "published",
    [
        RECORD,
        RECORD.replace("; ", ";"),
        "p=" + "A" * 392,
        "v=DKIM1; t=s; k=rsa; n=ours; p=" + "A" * 200 + " " + "A" * 192 + ";",
    ],
)
def test_the_keys_record_is_known_however_it_is_written(server: NameServer, published: str) -> None:
    server.zone[NAME] = [quoted(published)]
    assert look(server) is DnsState.PUBLISHED
    assert server.asked == [NAME]


@pytest.mark.parametrize(
    "published",
    [
        [RECORD.replace("A", "B")],
        ["v=DKIM1; k=rsa; p="],
        ["v=DKIM1; k=ed25519; p=" + "A" * 392],
        ["hello"],
        [RECORD, RECORD.replace("A", "B")],
    ],
)
def test_another_record_is_different_and_shown(server: NameServer, published: list[str]) -> None:
    server.zone[NAME] = [quoted(text) for text in published]
    found = look_up_key("news.northwind.example", "spring", RECORD, resolver=server.resolver)
    assert found.state is DnsState.DIFFERENT
    assert sorted(found.seen.split("\n")) == sorted(published)


def test_no_such_name_and_no_such_record_are_missing(server: NameServer) -> None:
    assert look(server) is DnsState.MISSING
    server.zone[NAME] = []
    assert look(server) is DnsState.MISSING


def test_a_server_that_fails_says_nothing_about_the_record(server: NameServer) -> None:
    server.rcode = dns.rcode.SERVFAIL
    assert look(server) is DnsState.UNREACHABLE


def test_silence_ends_in_time_and_says_nothing_about_the_record(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.dns.LOOKUP_SECONDS", 0.3)
    server.silent = True
    assert look(server) is DnsState.UNREACHABLE


def test_a_check_keeps_what_it_found(tenant: Tenant, server: NameServer, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    key = make_dkim_key(tenant, news.public_id, algorithm=DkimAlgorithm.RSA, by=None, now=now)
    place = record_name(key.domain, key.selector) + "."
    ask_dns_check(tenant, key.public_id, by=None, now=now)

    def found(later: datetime) -> tuple[str, str, datetime | None, datetime | None]:
        check_dns(tenant, key.pk, now=later, resolver=server.resolver)
        with open_tenant(tenant):
            row = DkimKey.objects.get()
        return row.dns_state, row.dns_seen, row.dns_asked_at, row.dns_checked_at

    first, second = now + timedelta(seconds=1), now + timedelta(hours=1)
    assert found(first) == ("missing", "", now, first)
    server.zone[place] = [quoted(key.dns_record)]
    assert found(second) == ("published", key.dns_record, now, second)


def test_a_neighbours_key_is_not_looked_at(
    tenant: Tenant, neighbour: Tenant, server: NameServer, now: datetime
) -> None:
    theirs = a_conversation(neighbour, now=now)
    key = make_dkim_key(neighbour, theirs.public_id, algorithm=DkimAlgorithm.ED25519, by=None, now=now)
    with pytest.raises(DkimKey.DoesNotExist):
        ask_dns_check(tenant, key.public_id, by=None, now=now)
    with pytest.raises(DkimKey.DoesNotExist):
        check_dns(tenant, key.pk, now=now, resolver=server.resolver)
    assert server.asked == []
