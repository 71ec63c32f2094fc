"""One message through every floor, from a line of a file to a click in a report.

Read this first; docs/journey.md tells the same way in prose.
"""

import re
import time
from collections import Counter
from datetime import UTC, datetime

import dkim
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from campaigns.actions.launch import start_due
from campaigns.models import Campaign, Run
from campaigns.states import CampaignState, RunState
from connect.core.tenancy import tenant as open_tenant
from connect.demo import books, build, people
from conversations.models import DkimKey, Subscription
from delivery.actions.drain import drain
from delivery.actions.plan import plan_run
from delivery.actions.rounds import look_after_runs
from reports import report
from tests.faults.receiver import Copy, Receiver
from tests.plugins.database import TestServices

CUSTOMERS = 400
DRAIN_SECONDS = 60.0


@pytest.fixture
def now() -> datetime:
    """This story meets PostgreSQL's own clock, so it happens now."""
    return datetime.now(UTC)


def test_a_line_of_a_file_becomes_a_click_in_a_report(
    committed_db: TestServices, settings: Settings, now: datetime
) -> None:
    # Marketers import a file. The broken lines are refused, the good ones become customers.
    cast = build.cast(now=now)
    tenant = cast.tenant
    made = list(people.people(CUSTOMERS))
    expected = people.expect(made)
    build.declare(tenant, cast.members["admin"], now=now)
    news = build.make_news(cast, now=now)
    counts = build.import_people(tenant, news, cast.members["marketer"], made, now=now)
    assert (counts.lines, counts.created, counts.refused) == (CUSTOMERS + 7, CUSTOMERS, 7)

    # Some are suppressed, some leave; a campaign is built, and signed off by somebody else.
    build.suppress(cast, news, made, now=now)
    build.let_leave(cast, news, made, now=now)
    shop = build.make_shop(cast, news, now=now)
    campaign = build.draft_campaign(
        cast, shop, build.information(cast, "Gift guide", "Three letters"), build.now_schedule(shop), now=now
    )
    build.sign_off(cast, campaign, now=now)

    # It starts once, is planned, and its messages are handed over.
    start_due(tenant, now=now)
    start_due(tenant, now=now)
    with open_tenant(tenant):
        run = Run.objects.of(tenant).get(campaign=campaign)
    plan_run(tenant, run.pk, now=now)
    with Receiver() as receiver:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", receiver.port
        drain(tenant, until=time.monotonic() + DRAIN_SECONDS)
        look_after_runs(tenant, now=now)

    # Four accounts agree: the file's, the people's, the states', and the receiver's.
    with open_tenant(tenant):
        run = Run.objects.of(tenant).get()
        assert Campaign.objects.of(tenant).get(pk=campaign.pk).state == CampaignState.FINISHED
    assert run.state == RunState.FINISHED
    assert books.differences(books.read_books(tenant, run), expected, counts, build.SEEDS) == []
    copies = Counter(copy.recipient for copy in receiver.copies)
    assert {address: copies[address] for address in expected.addresses} == dict.fromkeys(expected.addresses, 1)
    assert sum(copies.values()) == len(expected.addresses) + len(build.SEEDS) * len(expected.cells)

    # Each is signed, and says how to leave.
    one = next(copy for copy in receiver.copies if copy.recipient in expected.addresses)
    with open_tenant(tenant):
        key = DkimKey.objects.of(tenant).get()
    record = {f"{key.selector}._domainkey.{key.domain}.".encode(): key.dns_record.encode()}
    assert dkim.verify(one.content, dnsfunc=lambda name, timeout=5: record.get(name))
    assert one.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # Its reader opens it, clicks, and leaves; the report counts each.
    reader = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    assert reader.get(_link(one, "/o/")).status_code == 200
    clicked = reader.get(_link(one, "/c/"))
    assert (clicked.status_code, clicked["Location"].startswith("https://shop.northwind.example/")) == (302, True)
    leave = _link(one, "/u/")
    assert reader.get(leave).status_code == 200
    with open_tenant(tenant):
        assert Subscription.objects.of(tenant).filter(state="unsubscribed").count() == expected.exclusions["no_consent"]
    assert reader.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with open_tenant(tenant):
        left = Subscription.objects.of(tenant).filter(state="unsubscribed").count()
        assert left == expected.exclusions["no_consent"] + 1
        counted = report.totals_of([run])[run.pk]
    assert (counted.handed_over, counted.opened, counted.clicked, counted.unsubscribed) == (run.recipients, 1, 1, 1)


def _link(copy: Copy, kind: str) -> str:
    html = next(part for part in copy.message.walk() if part.get_content_type() == "text/html")
    payload = html.get_payload(decode=True)
    assert isinstance(payload, bytes)
    found = re.search(rf'https?://[^/"]+({kind}[^"]+)"', payload.decode())
    assert found is not None
    return found[1]
