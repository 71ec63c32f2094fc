"""Links, pixel and unsubscribe page: what a token may do, and what nobody may."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from conversations.models import ConsentEntry, Subscription
from delivery.models import Event, Message
from delivery.tracking.links import LinkMaker, MessageLinks
from tests.delivery.factories import Cast

pytestmark = pytest.mark.django_db

PERSON = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
Planned = Callable[..., Cast]


def browser() -> Client:
    return Client(enforce_csrf_checks=True, headers={"user-agent": PERSON})


def links_of(cast: Cast, address: str = "c1@inbox.example") -> MessageLinks:
    with open_tenant(cast.tenant):
        message = Message.objects.get(address=address)
    return LinkMaker("", cast.tenant.pk, cast.run.month).of(message.pk)


def events(cast: Cast) -> list[tuple[Any, ...]]:
    with open_tenant(cast.tenant):
        return list(Event.objects.order_by("id").values_list("kind", "link", "machine"))


def subscription(cast: Cast) -> str:
    with open_tenant(cast.tenant):
        return Subscription.objects.order_by("customer_id").values_list("state", flat=True)[0]


def ledger(cast: Cast) -> list[tuple[Any, ...]]:
    with open_tenant(cast.tenant):
        return list(ConsentEntry.objects.order_by("id").values_list("became", "source", "wording"))


# --- Clicks --------------------------------------------------------------------------------------------------------


def test_a_click_is_noted_and_leads_to_the_frozen_link(planned: Planned) -> None:
    cast = planned(1)
    answer = browser().get(links_of(cast).click(1))
    assert (answer.status_code, answer["Location"]) == (302, "https://shop.northwind.example/hats")
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert events(cast) == [("clicked", 1, "")]


def test_a_link_carries_the_readers_frozen_values_escaped(planned: Planned) -> None:
    cast = planned(1)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET values = jsonb_set(values, '{customer,email}', '\"a&b=c@x\"')"))
    answer = browser().get(links_of(cast).click(2))
    assert answer["Location"] == "https://shop.northwind.example/guide?c=a%26b%3Dc%40x"


def test_clicking_twice_at_once_is_one_event(planned: Planned) -> None:
    cast = planned(1)
    for _ in range(2):
        browser().get(links_of(cast).click(0))
    browser().get(links_of(cast).click(1))
    assert events(cast) == [("clicked", 0, ""), ("clicked", 1, "")]


def test_a_machine_is_led_on_and_marked_with_the_rule(planned: Planned) -> None:
    cast = planned(1)
    path = links_of(cast).click(0)
    assert browser().head(path).status_code == 302
    assert browser().get(path, headers={"sec-purpose": "prefetch"}).status_code == 302
    assert Client(headers={"user-agent": "Barracuda Sentinel"}).get(path).status_code == 302
    assert Client(headers={"user-agent": ""}).get(path).status_code == 302
    assert events(cast) == [
        ("clicked", 0, "head"),
        ("clicked", 0, "prefetch"),
        ("clicked", 0, "scanner"),
        ("clicked", 0, "no_agent"),
    ]


def damaged(token: str) -> list[str]:
    octets = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    flipped = [
        octets[:place] + bytes([octets[place] ^ bit]) + octets[place + 1 :]
        for place in range(len(octets))
        for bit in (1, 128)
    ]
    texts = [urlsafe_b64encode(changed).rstrip(b"=").decode() for changed in flipped]
    return [*texts, token[:-1], token[1:], token + "A", token[:10], token.swapcase(), "x", token.replace(token[5], "*")]


def test_no_changed_token_leads_anywhere(planned: Planned) -> None:
    cast = planned(1)
    token = links_of(cast).click(0).removeprefix("/c/")
    bodies = set()
    for wrong in damaged(token):
        answer = browser().get(f"/c/{wrong}")
        assert (answer.status_code, answer.get("Location")) == (404, None)
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert events(cast) == []


def test_a_token_is_good_for_its_own_kind_of_link_alone(planned: Planned) -> None:
    cast = planned(1)
    links = links_of(cast)
    token = links.unsubscribe.removeprefix("/u/")
    assert browser().get(f"/c/{token}").status_code == 404
    assert browser().get(f"/o/{token}.gif").status_code == 404
    assert browser().post(links.click(0).replace("/c/", "/u/")).status_code == 404
    assert subscription(cast) == "subscribed"


def test_a_token_of_another_key_is_nobodys(planned: Planned, settings: Any) -> None:
    cast = planned(1)
    settings.LINK_KEYS = ["another key that is long enough to count"]
    forged = links_of(cast).click(0)
    settings.LINK_KEYS = ["the key that the installation really has"]
    assert browser().get(forged).status_code == 404


def test_a_retired_key_still_verifies(planned: Planned, settings: Any) -> None:
    cast = planned(1)
    settings.LINK_KEYS = ["the key of last year, thirty-two characters"]
    old = links_of(cast).click(0)
    settings.LINK_KEYS = ["the key of this year, thirty-two characters", *settings.LINK_KEYS]
    assert browser().get(old).status_code == 302


def test_a_number_beyond_the_links_is_nothing(planned: Planned) -> None:
    cast = planned(1)
    assert browser().get(links_of(cast).click(3)).status_code == 404


def test_a_message_that_is_gone_is_nothing(planned: Planned, tenant: Tenant) -> None:
    cast = planned(1)
    path = LinkMaker("", tenant.pk, cast.run.month).of(987654321).click(0)
    assert browser().get(path).status_code == 404


def test_a_neighbours_message_is_nothing(planned: Planned, neighbour: Tenant) -> None:
    cast = planned(1)
    with open_tenant(cast.tenant):
        message = Message.objects.get()
    path = LinkMaker("", neighbour.pk, cast.run.month).of(message.pk).click(0)
    assert browser().get(path).status_code == 404
    assert events(cast) == []


def test_only_safe_methods_follow_a_link(planned: Planned) -> None:
    cast = planned(1)
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(browser(), method)(links_of(cast).click(0)).status_code == 405
    assert events(cast) == []


# --- Opens ---------------------------------------------------------------------------------------------------------


def test_the_pixel_is_an_image_and_an_event(planned: Planned) -> None:
    cast = planned(1)
    answer = browser().get(links_of(cast).pixel)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "image/gif", "no-store")
    assert events(cast) == [("opened", None, "")]


def test_apples_proxy_is_marked(planned: Planned) -> None:
    cast = planned(1)
    Client(headers={"user-agent": "Mozilla/5.0"}).get(links_of(cast).pixel)
    assert events(cast) == [("opened", None, "apple_privacy")]


def test_what_a_client_calls_itself_is_kept_short_and_printable(planned: Planned) -> None:
    cast = planned(1)
    Client(headers={"user-agent": "<script>\x00\x07" + "x" * 5000}).get(links_of(cast).pixel)
    with open_tenant(cast.tenant):
        kept = Event.objects.get().details["agent"]
    assert kept == "<script> " + "x" * 191


def test_a_press_in_a_doubted_mail_ends_the_doubt(planned: Planned) -> None:
    cast = planned(1)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET state = 'in_doubt'"))
    browser().get(links_of(cast).pixel)
    with open_tenant(cast.tenant):
        assert rows(Sql("SELECT state, reason, reply FROM delivery_message")) == [("accepted", "", "evidence: opened")]


# --- Leaving -------------------------------------------------------------------------------------------------------

SCANNERS = ["Barracuda", "Mimecast URL Protection", "Slackbot-LinkExpanding 1.0", "curl/8", "", PERSON]


@pytest.mark.parametrize("agent", SCANNERS)
def test_looking_at_the_page_changes_nothing(planned: Planned, agent: str) -> None:
    cast = planned(1)
    client = Client(headers={"user-agent": agent})
    path = links_of(cast).unsubscribe
    answer = client.get(path)
    assert answer.status_code == 200
    assert b'<button type="submit" class="btn primary" name="act" value="leave">' in answer.content
    assert "c•••@inbox.example" in answer.text
    assert "c1@" not in answer.text
    assert client.head(path).status_code == 200
    assert client.options(path).status_code == 405
    assert client.get(path, headers={"purpose": "prefetch"}).status_code == 200
    assert (subscription(cast), events(cast), ledger(cast)) == ("subscribed", [], [])


def test_a_one_click_post_unsubscribes_once_without_cookie_or_redirect(planned: Planned) -> None:
    cast = planned(1)
    path = links_of(cast).unsubscribe
    for _ in range(3):
        answer = browser().post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.get("Location"), dict(answer.cookies)) == (200, None, {})
    assert subscription(cast) == "unsubscribed"
    assert ledger(cast) == [("unsubscribed", "one-click", "Unsubscribe")]
    assert events(cast) == [("unsubscribed", None, "")]


def test_a_one_click_post_may_be_multipart_or_garbled(planned: Planned) -> None:
    cast = planned(1)
    path = links_of(cast).unsubscribe
    assert browser().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    garbled = browser().post(path, b"--x\r\ngarbage", content_type="multipart/form-data; boundary=")
    assert garbled.status_code == 200
    assert ledger(cast) == [("unsubscribed", "one-click", "Unsubscribe")]


def test_a_press_unsubscribes_and_another_brings_back(planned: Planned) -> None:
    cast = planned(1)
    path = links_of(cast).unsubscribe
    done = browser().post(path, {"act": "leave"})
    assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)
    assert subscription(cast) == "unsubscribed"
    back = browser().post(path, {"act": "back"})
    assert (back.status_code, "Welcome back" in back.text) == (200, True)
    assert subscription(cast) == "subscribed"
    assert [(became, source) for became, source, _ in ledger(cast)] == [
        ("unsubscribed", "unsubscribe page"),
        ("subscribed", "unsubscribe page"),
    ]


def test_the_page_speaks_the_mails_language(planned: Planned) -> None:
    cast = planned(1)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_message SET language = 'fr-CA'"))
    answer = browser().get(links_of(cast).unsubscribe)
    assert '<html lang="fr"' in answer.text
    assert "Souhaitez-vous ne plus recevoir d’e-mails de News" in answer.text


def test_a_seeds_copy_acts_for_nobody(planned: Planned) -> None:
    cast = planned(1, seeds=["ada@seeds.example"])
    links = links_of(cast, "ada@seeds.example")
    browser().get(links.click(0))
    browser().get(links.pixel)
    answer = browser().post(links.unsubscribe, {"act": "leave"})
    assert "Nothing has been changed" in answer.text
    assert (subscription(cast), events(cast), ledger(cast)) == ("subscribed", [], [])


def test_an_erased_customers_link_still_answers(planned: Planned, department: Department) -> None:
    cast = planned(1)
    path = links_of(cast).unsubscribe
    with open_tenant(cast.tenant):
        Subscription.objects.all().delete()
        run_sql(Sql("DELETE FROM conversations_customer"))
    assert browser().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert events(cast) == []


def test_an_erased_customer_cannot_come_back(planned: Planned) -> None:
    cast = planned(1)
    path = links_of(cast).unsubscribe
    with open_tenant(cast.tenant):
        Subscription.objects.all().delete()
        run_sql(Sql("DELETE FROM conversations_customer"))
    assert browser().post(path, {"act": "back"}).status_code == 404
