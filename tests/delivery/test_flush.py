"""Clicks and opens that go before Django into Redis, and from there into PostgreSQL: none lost, none twice."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import close_old_connections, connections
from django.test import Client
from django.test.client import FakePayload

from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from connect.wsgi import application
from delivery.actions.flush import flush
from delivery.models import Event, Message
from delivery.tracking import destinations
from delivery.tracking.links import LinkMaker, MessageLinks
from delivery.tracking.stream import KEY, LONGEST_WAIT_SECONDS, Came, Stream, stream
from tests.delivery.factories import Cast
from tests.plugins.database import flush_redis

pytestmark = pytest.mark.django_db

PERSON = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
NOWHERE = "redis://127.0.0.1:1/0"
HATS = "https://shop.northwind.example/hats"
Planned = Callable[..., Cast]
Answer = tuple[str, dict[str, str], bytes]


@pytest.fixture(autouse=True)
def fresh(django_db_setup: object) -> Iterator[None]:
    """Begin with nothing known and nothing waiting; a request leaves the test's transaction open."""
    flush_redis()
    destinations.forget()
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    flush_redis()
    destinations.forget()


def get(path: str, method: str = "GET", host: str = "testserver", **more: str) -> Answer:
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "HTTP_HOST": host,
        "HTTP_USER_AGENT": PERSON,
        "SERVER_NAME": host,
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": FakePayload(b""),
        **more,
    }
    body = b"".join(application(environ, lambda status, headers, _error=None: said.extend([status, headers])))
    return said[0][:3], dict(said[1]), body


def links_of(cast: Cast, address: str = "c1@inbox.example") -> MessageLinks:
    with open_tenant(cast.tenant):
        message = Message.objects.get(address=address)
    return LinkMaker("", cast.tenant.pk, cast.run.month).of(message.pk, message.revision_id)


def known_links(cast: Cast) -> MessageLinks:
    """The links of the first message, after the second message's reader has followed each."""
    for number in range(3):
        assert get(links_of(cast, "c2@inbox.example").click(number))[0] == "302"
    with open_tenant(cast.tenant):
        assert Event.objects.count() == 3
    return links_of(cast)


def events(cast: Cast) -> list[tuple[Any, ...]]:
    with open_tenant(cast.tenant):
        ours = Event.objects.filter(message_id=Message.objects.get(address="c1@inbox.example").pk)
        return list(ours.order_by("id").values_list("kind", "link", "machine"))


def came(cast: Cast, at: float, **changed: Any) -> Came:
    with open_tenant(cast.tenant):
        message = Message.objects.get(address="c1@inbox.example")
    values = {"kind": "clicked", "link": 0, "machine": "", "agent": PERSON, **changed}
    return Came(cast.tenant.pk, message.month.isoformat(), message.pk, at=at, **values)


# --- In front of Django --------------------------------------------------------------------------------------------


def test_the_first_click_on_a_link_is_written_at_once_and_the_next_waits(planned: Planned) -> None:
    cast = planned(2)
    links = known_links(cast)
    status, headers, body = get(links.click(1))
    assert (status, headers["Location"], body) == ("302", HATS, b"")
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (headers["X-Robots-Tag"], headers["X-Content-Type-Options"]) == ("noindex, nofollow", "nosniff")
    assert (events(cast), stream().waiting()[0]) == ([], 1)
    assert flush() == 1
    assert (events(cast), stream().waiting()) == ([("clicked", 1, "")], (0, 0.0))
    with open_tenant(cast.tenant):
        assert Event.objects.order_by("id").last().details == {"agent": PERSON}  # type: ignore[union-attr]


def test_a_pixel_waits_too(planned: Planned) -> None:
    cast = planned(1)
    status, headers, body = get(links_of(cast).pixel)
    assert (status, headers["Content-Type"], body[:6]) == ("200", "image/gif", b"GIF89a")
    assert events(cast) == []
    assert flush() == 1
    assert events(cast) == [("opened", None, "")]


def test_a_machine_is_marked_on_the_short_way(planned: Planned) -> None:
    cast = planned(2)
    links = known_links(cast)
    get(links.click(0), HTTP_USER_AGENT="Barracuda Sentinel")
    get(links.click(0), HTTP_SEC_PURPOSE="prefetch")
    get(links.pixel, HTTP_USER_AGENT="Mozilla/5.0")
    assert flush() == 3
    assert events(cast) == [
        ("clicked", 0, "scanner"),
        ("clicked", 0, "prefetch"),
        ("opened", None, "apple_privacy"),
    ]


def test_a_link_with_a_readers_value_asks_the_database(planned: Planned) -> None:
    cast = planned(2)
    assert get(known_links(cast).click(2))[1]["Location"].endswith("/guide?c=c1%40inbox.example")
    assert (stream().waiting()[0], events(cast)) == (0, [("clicked", 2, "")])


def test_an_older_token_without_a_revision_asks_the_database(planned: Planned) -> None:
    cast = planned(2)
    known_links(cast)
    with open_tenant(cast.tenant):
        key = Message.objects.get(address="c1@inbox.example").pk
    assert get(LinkMaker("", cast.tenant.pk, cast.run.month).of(key).click(1))[1]["Location"] == HATS
    assert (stream().waiting()[0], events(cast)) == (0, [("clicked", 1, "")])


def test_other_methods_hosts_and_tokens_are_djangos(planned: Planned) -> None:
    cast = planned(2)
    links = known_links(cast)
    path = links.click(1)
    assert get(path, "POST")[0] == "405"
    assert get(path, host="evil.example")[0] == "400"
    wrong = [get(path[:-1]), get(path.replace("/c/", "/o/") + ".gif"), get(links.pixel.replace("/o/", "/c/"))]
    assert {(status, headers.get("Location")) for status, headers, _body in wrong} == {("404", None)}
    assert events(cast) == []
    assert get(path, "HEAD")[0] == "302"
    assert (stream().waiting()[0], events(cast)) == (0, [("clicked", 1, "head")])


def test_where_https_is_asked_for_what_comes_without_is_djangos(planned: Planned, settings: Any) -> None:
    cast = planned(2)
    path = known_links(cast).click(1)
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    get(path)
    assert (events(cast), stream().waiting()[0]) == ([("clicked", 1, "")], 0)
    secure = get(path, HTTP_X_FORWARDED_PROTO="https")
    assert (secure[0], secure[1]["Strict-Transport-Security"]) == ("302", "max-age=60")
    assert stream().waiting()[0] == 1


def test_a_neighbours_token_for_our_message_counts_nothing(planned: Planned, neighbour: Tenant) -> None:
    cast = planned(1)
    with open_tenant(cast.tenant):
        message = Message.objects.get()
    theirs = LinkMaker("", neighbour.pk, cast.run.month).of(message.pk, message.revision_id)
    assert get(theirs.click(1))[0] == "404"
    assert get(theirs.pixel)[0] == "200"
    assert flush() == 1
    assert events(cast) == []
    with open_tenant(neighbour):
        assert Event.objects.count() == 0


def test_without_redis_a_click_is_written_at_once(planned: Planned, settings: Any) -> None:
    cast = planned(2)
    links = known_links(cast)
    settings.REDIS_URL = NOWHERE
    assert get(links.click(1))[1]["Location"] == HATS
    assert get(links.pixel)[0] == "200"
    assert flush() == 0
    assert events(cast) == [("clicked", 1, ""), ("opened", None, "")]


def test_behind_what_nobody_takes_nothing_waits(planned: Planned, settings: Any) -> None:
    cast = planned(1)
    now = time.time()
    assert Stream(settings.REDIS_URL).add(came(cast, now - LONGEST_WAIT_SECONDS - 1)) is True
    assert Stream(settings.REDIS_URL).add(came(cast, now)) is False
    assert stream().waiting()[0] == 1


# --- Into PostgreSQL -----------------------------------------------------------------------------------------------


def test_what_was_written_and_not_taken_out_counts_once(planned: Planned) -> None:
    cast = planned(1)
    for seconds, kind in ((0, "clicked"), (30, "clicked"), (30, "opened")):
        stream().add(came(cast, time.time() - 50 + seconds, kind=kind))
    left = stream().client.xrange(KEY)
    assert flush() == 3
    once = events(cast)
    assert [kind for kind, _link, _machine in once] == ["clicked", "clicked", "opened"]
    for _key, fields in left:
        stream().client.xadd(KEY, fields)
    assert flush() == 3
    assert (events(cast), stream().waiting()[0]) == (once, 0)


def test_the_same_press_within_ten_seconds_is_one_event(planned: Planned) -> None:
    cast = planned(1)
    first = time.time() - 40
    for seconds in (0, 6, 12, 13):
        stream().add(came(cast, first + seconds))
    assert flush() == 4
    stream().add(came(cast, first - 5))
    stream().add(came(cast, first + 25))
    assert flush() == 2
    with open_tenant(cast.tenant):
        at = [round(event.at.timestamp() - first) for event in Event.objects.order_by("at")]
    assert at == [0, 12, 25]


@pytest.mark.django_db(databases=["default", "owner"])
def test_while_another_flusher_is_at_work_everything_waits(planned: Planned) -> None:
    cast = planned(1)
    stream().add(came(cast, time.time() - 20))
    with connections["owner"].cursor() as another:
        another.execute("SELECT pg_advisory_lock(hashtext('delivery flush'), %s)", [cast.tenant.pk])
        assert flush() == 0
        assert (events(cast), stream().waiting()[0]) == ([], 1)
        another.execute("SELECT pg_advisory_unlock(hashtext('delivery flush'), %s)", [cast.tenant.pk])
    assert flush() == 1
    assert events(cast) == [("clicked", 0, "")]


def test_a_press_ends_a_doubt(planned: Planned) -> None:
    cast = planned(2)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET state = 'in_doubt', reason = 'lost'"))
    get(links_of(cast).pixel)
    flush()
    with open_tenant(cast.tenant):
        found = rows(Sql("SELECT state, reason, reply FROM delivery_message ORDER BY address"))
    assert found == [("accepted", "", "evidence: opened"), ("in_doubt", "lost", "")]


def test_a_seeds_copy_counts_nothing(planned: Planned) -> None:
    cast = planned(1, seeds=["ada@seeds.example"])
    get(links_of(cast, "ada@seeds.example").pixel)
    assert flush() == 1
    with open_tenant(cast.tenant):
        assert Event.objects.count() == 0


def test_one_flush_writes_for_each_tenant_its_own(planned: Planned, neighbour: Tenant) -> None:
    cast = planned(1)
    ours = came(cast, time.time() - 20)
    stream().add(Came(neighbour.pk, ours.month, ours.message_id, "clicked", 0, ours.at, "", ""))
    stream().add(ours)
    assert flush() == 2
    assert events(cast) == [("clicked", 0, "")]
    with open_tenant(neighbour):
        assert Event.objects.count() == 0


def test_a_console_page_still_comes_through() -> None:
    assert get("/healthz")[0] == "200"
    assert Client().get("/healthz").status_code == 200
