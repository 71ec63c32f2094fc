"""What the console says about conversations: reach, health, keys and their records, and the preview of a message."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.dkim_keys import make_dkim_key, start_signing
from conversations.health import Verdict, health_of, worst
from conversations.models import Conversation, Customer, DkimKey, Subscription
from conversations.reach import Reach, reach_of, recent_reach
from conversations.states import DkimAlgorithm, DnsState
from tests.conversations.conversing import a_conversation, identity

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


def join(tenant: Tenant, conversation: Conversation, state: str, email: str, *, now: datetime) -> None:
    with open_tenant(tenant):
        who = Customer.objects.create(
            tenant=tenant, external_id=f"{state} {email}", email=email, email_key=email, created_at=now, updated_at=now
        )
        Subscription.objects.create(
            tenant=tenant,
            conversation=conversation,
            customer=who,
            channel="email",
            state=state,
            source="test",
            changed_at=now,
        )


def a_key(
    tenant: Tenant,
    conversation: Conversation,
    *,
    now: datetime,
    state: DnsState = DnsState.UNCHECKED,
    signs: bool = True,
) -> DkimKey:
    key = make_dkim_key(tenant, conversation.public_id, algorithm=DkimAlgorithm.ED25519, by=None, now=now)
    if signs:
        start_signing(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        DkimKey.objects.filter(pk=key.pk).update(dns_state=state, dns_checked_at=now)
        return DkimKey.objects.get(pk=key.pk)


def test_reach_counts_members_and_those_with_consent_and_an_address(
    tenant: Tenant, neighbour: Tenant, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    offers = a_conversation(tenant, identity(tenant, name="Offers"), now=now)
    foreign = a_conversation(neighbour, now=now)
    join(neighbour, foreign, "subscribed", "x@shop.example", now=now)
    for state in ("pending", "subscribed", "unsubscribed", "bounced_out"):
        join(tenant, news, state, f"{state}@shop.example", now=now)
    join(tenant, news, "subscribed", "", now=now)
    with open_tenant(tenant):
        assert recent_reach(tenant, [news.pk, offers.pk]) == {}
        assert reach_of(tenant, [news.pk, offers.pk]) == {news.pk: Reach(5, 1), offers.pk: Reach(0, 0)}
        assert recent_reach(tenant, [news.pk, offers.pk]) == {news.pk: Reach(5, 1), offers.pk: Reach(0, 0)}
    with open_tenant(neighbour):
        assert recent_reach(neighbour, [news.pk]) == {}
        assert reach_of(neighbour, [news.pk, foreign.pk]) == {news.pk: Reach(0, 0), foreign.pk: Reach(1, 1)}


def test_a_list_asks_to_be_counted_and_then_is(
    tenant: Tenant, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    for number in range(3):
        join(tenant, news, "subscribed", f"{number}@shop.example", now=now)
    browser = client_of(viewer)
    whole = browser.get("/t/northwind/conversations/").content.decode()
    assert 'hx-get="/t/northwind/conversations/?count=1"' in whole
    part = browser.get("/t/northwind/conversations/?count=1", headers=HTMX).content.decode()
    assert part.lstrip().startswith('<div id="conversations"')
    assert "<html" not in part
    assert part.count(">3<") == 2
    assert "hx-get" not in browser.get("/t/northwind/conversations/").content.decode().split('id="conversations"')[1]


def test_an_archived_conversation_is_on_its_own_tab(
    tenant: Tenant, admin: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    browser = client_of(admin)
    answer = browser.post(f"/t/northwind/conversations/{news.public_id}/archive/")
    assert (answer.status_code, answer["Location"]) == (302, "/t/northwind/conversations/")
    assert "Northwind Outfitters" not in browser.get("/t/northwind/conversations/").content.decode()
    assert "Northwind Outfitters" in browser.get("/t/northwind/conversations/?archived=1").content.decode()
    assert browser.post(f"/t/northwind/conversations/{news.public_id}/archive/").status_code == 409
    assert browser.post(f"/t/northwind/conversations/{news.public_id}/restore/").status_code == 302
    assert "Northwind Outfitters" in browser.get("/t/northwind/conversations/").content.decode()


def test_health_knows_what_signs(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    cases = [
        ([], Verdict.BAD, "No key signs for news.northwind.example."),
        ([(DnsState.PUBLISHED, False)], Verdict.BAD, "No key signs for news.northwind.example."),
        ([(DnsState.UNCHECKED, True)], Verdict.WARNING, "It signs; its record in DNS hasn’t been checked yet."),
        (
            [(DnsState.UNREACHABLE, True)],
            Verdict.WARNING,
            "It signs, but DNS gave no answer when its record was checked.",
        ),
        ([(DnsState.MISSING, True)], Verdict.BAD, "A key signs whose record isn't in DNS."),
        ([(DnsState.DIFFERENT, True)], Verdict.BAD, "A key signs whose record isn't in DNS."),
        ([(DnsState.PUBLISHED, True)], Verdict.GOOD, "It signs for news.northwind.example."),
        ([(DnsState.PUBLISHED, True), (DnsState.MISSING, False)], Verdict.GOOD, "It signs for news.northwind.example."),
    ]
    for keys, verdict, says in cases:
        rows = [
            DkimKey(tenant=tenant, conversation=news, domain=news.sending_domain, active=signs, dns_state=state)
            for state, signs in keys
        ]
        signature, *others = health_of(news, rows)
        assert (signature.verdict, signature.says) == (verdict, says)
        assert [found.verdict for found in others] == [Verdict.GOOD] * 3
        assert worst([signature, *others]) is verdict
    news.postal_address = " "
    assert health_of(news, [])[1].verdict is Verdict.BAD


def test_an_admin_makes_starts_stops_and_destroys_a_key(
    tenant: Tenant, admin: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    browser = client_of(admin)
    answer = browser.post(
        f"/t/northwind/conversations/{news.public_id}/keys/make/", {"algorithm": "rsa-sha256", "selector": "Spring"}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"/t/northwind/conversations/{news.public_id}/#keys")
    with open_tenant(tenant):
        key = DkimKey.objects.get()
    assert (key.selector, key.active) == ("spring", False)
    page = browser.get(f"/t/northwind/conversations/{news.public_id}/").content.decode()
    assert "spring._domainkey.news.northwind.example" in page
    assert f'data-copy="{key.dns_record}"' in page
    assert "PRIVATE" not in page
    for verb, active in (("start", True), ("stop", False)):
        answer = browser.post(f"/t/northwind/conversations/keys/{key.public_id}/{verb}/")
        assert answer.status_code == 302
        with open_tenant(tenant):
            assert DkimKey.objects.get().active is active
        assert browser.post(f"/t/northwind/conversations/keys/{key.public_id}/{verb}/").status_code == 409
    assert browser.post(f"/t/northwind/conversations/keys/{key.public_id}/remove/").status_code == 302
    with open_tenant(tenant):
        assert DkimKey.objects.count() == 0


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"algorithm": "rsa-sha1"}, "algorithm"),
        ({"algorithm": ""}, "algorithm"),
        ({"algorithm": "rsa-sha256", "selector": "a.b"}, "selector"),
        ({"algorithm": "rsa-sha256", "selector": "a\r\nb"}, "selector"),
        ({"algorithm": "rsa-sha256", "selector": "a\x00"}, "selector"),
    ],
)
def test_a_bad_key_is_refused_by_field_in_its_dialog(
    tenant: Tenant, admin: Member, client_of: ClientOf, now: datetime, posted: dict[str, str], field: str
) -> None:
    news = a_conversation(tenant, now=now)
    answer = client_of(admin).post(f"/t/northwind/conversations/{news.public_id}/keys/make/", posted)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text
    assert 'id="new-key" aria-labelledby="new-key-title" open' in text
    with open_tenant(tenant):
        assert DkimKey.objects.count() == 0


def test_a_check_is_asked_for_and_the_part_asks_again_until_it_is_done(
    tenant: Tenant, marketer: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    key = a_key(tenant, news, now=now - timedelta(days=1))
    browser = client_of(marketer)
    url = f"/t/northwind/conversations/{news.public_id}/keys/"
    asking = f'hx-get="{url}" hx-trigger="load delay:1s"'
    assert asking not in browser.get(url, headers=HTMX).content.decode()
    answer = browser.post(f"/t/northwind/conversations/keys/{key.public_id}/check/", headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert asking in text
    assert "Looking into DNS" in text
    with open_tenant(tenant):
        asked = DkimKey.objects.get().dns_asked_at
        assert asked is not None
        DkimKey.objects.update(dns_state="missing", dns_checked_at=asked)
    text = browser.get(url, headers=HTMX).content.decode()
    assert asking not in text
    assert "DNS has no such record." in text
    with open_tenant(tenant):
        DkimKey.objects.update(dns_asked_at=asked - timedelta(minutes=5), dns_checked_at=None)
    text = browser.get(url, headers=HTMX).content.decode()
    assert asking not in text
    assert "No worker has taken this check yet." in text


def test_a_check_without_script_goes_back_to_the_page(
    tenant: Tenant, marketer: Member, client_of: ClientOf, now: datetime
) -> None:
    news = a_conversation(tenant, now=now)
    key = a_key(tenant, news, now=now)
    answer = client_of(marketer).post(f"/t/northwind/conversations/keys/{key.public_id}/check/")
    assert (answer.status_code, answer["Location"]) == (302, f"/t/northwind/conversations/{news.public_id}/#keys")


@pytest.mark.parametrize("verb", ["check", "start", "stop", "remove"])
def test_a_viewer_does_nothing_with_keys(
    tenant: Tenant, viewer: Member, client_of: ClientOf, now: datetime, verb: str
) -> None:
    news = a_conversation(tenant, now=now)
    key = a_key(tenant, news, now=now)
    answer = client_of(viewer).post(f"/t/northwind/conversations/keys/{key.public_id}/{verb}/")
    assert answer.status_code == 403
    with open_tenant(tenant):
        row = DkimKey.objects.get()
    assert (row.active, row.dns_asked_at) == (True, None)


def test_a_foreign_record_is_shown_inert(tenant: Tenant, viewer: Member, client_of: ClientOf, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    a_key(tenant, news, now=now, state=DnsState.DIFFERENT)
    with open_tenant(tenant):
        DkimKey.objects.update(dns_seen='<img src=x onerror="alert(1)">')
    text = client_of(viewer).get(f"/t/northwind/conversations/{news.public_id}/").content.decode()
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_the_preview_shows_what_is_typed_and_stores_nothing(
    tenant: Tenant, admin: Member, viewer: Member, client_of: ClientOf
) -> None:
    typed = {"name": "News", "from_name": "<b>Northwind</b>", "from_email": "x", "postal_address": "y" * 5000}
    answer = client_of(admin).post("/t/northwind/conversations/preview/", typed, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "You get this because you subscribed to News." in text
    assert "&lt;b&gt;Northwind&lt;/b&gt; &lt;x&gt;" in text
    assert text.count("y") < 1200
    assert client_of(viewer).post("/t/northwind/conversations/preview/", typed).status_code == 403
    with open_tenant(tenant):
        assert Conversation.objects.count() == 0
