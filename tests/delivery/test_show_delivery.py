"""The delivery pages tell what is going on, and nothing of others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from campaigns.models import Run
from connect.core.models import Department, Member, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Customer
from delivery.actions.places import place
from delivery.figures import Progress, Receiver, progress, receivers
from delivery.models import Chunk, Pace
from delivery.panels import panels
from tests.delivery.factories import Cast, make_run

pytestmark = pytest.mark.django_db

Planned = Callable[..., Cast]
ClientOf = Callable[[Member], Client]
PAGES = ["delivery/", "delivery/in-doubt/", "delivery/rejected/"]

_COUNT = """
UPDATE delivery_chunk k SET next_at = NULL, released_at = now(), accepted = c.accepted, rejected = c.rejected,
    in_doubt = c.in_doubt, skipped = c.skipped
FROM (SELECT chunk_id, count(*) FILTER (WHERE state = 'accepted') AS accepted,
             count(*) FILTER (WHERE state = 'rejected') AS rejected,
             count(*) FILTER (WHERE state = 'in_doubt') AS in_doubt,
             count(*) FILTER (WHERE state = 'skipped') AS skipped
      FROM delivery_message GROUP BY chunk_id) c
WHERE k.id = c.chunk_id
"""


def settle(cast: Cast, state: str, address: str, *, code: str = "", reply: str = "", reason: str = "") -> None:
    """End a message as a sender would have."""
    with open_tenant(cast.tenant):
        run_sql(
            Sql(
                "UPDATE delivery_message SET state = %s, code = %s, reply = %s, reason = %s, attempt_no = 1,"
                " sending_at = now(), settled_at = now() WHERE address = %s",
                (state, code, reply, reason, address),
            )
        )


def count_chunks(cast: Cast) -> None:
    """Let go of all chunks, as a sender does."""
    with open_tenant(cast.tenant):
        run_sql(Sql(_COUNT))


@pytest.fixture
def sent(planned: Planned) -> Cast:
    """Five messages with five fates."""
    cast = planned(5)
    settle(cast, "accepted", "c1@inbox.example", code="250 2.0.0", reply="250 ok")
    settle(cast, "accepted", "c2@inbox.example", code="250 2.0.0", reply="250 ok")
    settle(
        cast, "rejected", "c3@inbox.example", code="550 5.1.1", reply="550 <b>no such user</b>", reason="bounced_out"
    )
    settle(cast, "in_doubt", "c4@inbox.example", reply="server closed the connection")
    settle(cast, "skipped", "c5@inbox.example", reason="suppressed")
    count_chunks(cast)
    return cast


def test_the_counts_add_up(sent: Cast) -> None:
    with open_tenant(sent.tenant):
        found = progress(sent.tenant, [sent.run.pk], now=datetime.now(UTC))
    assert found == {sent.run.pk: Progress(5, 2, 1, 1, 1, 0, 0, last_minute=2)}
    assert found[sent.run.pk].waiting == 0


def test_a_chunk_in_a_senders_hands_is_counted_message_by_message(planned: Planned) -> None:
    cast = planned(3)
    settle(cast, "accepted", "c1@inbox.example")
    with open_tenant(cast.tenant):
        Chunk.objects.update(lease_until=datetime.now(UTC))
        found = progress(cast.tenant, [cast.run.pk], now=datetime.now(UTC))[cast.run.pk]
    assert (found.total, found.accepted, found.waiting, found.senders) == (3, 1, 2, 1)


def test_the_overview_shows_runs_domains_and_codes(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    answer = client_of(viewer).get(f"/t/{sent.tenant.slug}/delivery/")
    assert answer.status_code == 200
    for text in (sent.campaign.name, "inbox.example", "550 5.1.1", "&lt;b&gt;no such user"):
        assert text in answer.text
    assert "<b>no such" not in answer.text


def test_htmx_gets_the_part_alone(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    for path in PAGES:
        answer = client_of(viewer).get(f"/t/{sent.tenant.slug}/{path}", headers={"hx-request": "true"})
        assert answer.status_code == 200
        assert "<html" not in answer.text


def test_what_is_in_doubt_is_listed_with_its_evidence(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    answer = client_of(viewer).get(f"/t/{sent.tenant.slug}/delivery/in-doubt/")
    assert "c4@inbox.example" in answer.text
    assert "server closed the connection" in answer.text
    assert "none yet" in answer.text
    assert "c1@inbox.example" not in answer.text


def test_rejections_are_listed_by_code(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    page = client_of(viewer)
    assert "c3@inbox.example" in page.get(f"/t/{sent.tenant.slug}/delivery/rejected/").text
    found = page.get(f"/t/{sent.tenant.slug}/delivery/rejected/", {"code": "550 5.1.1"})
    assert "c3@inbox.example" in found.text
    assert "the mailbox doesn’t exist; suppressed" in found.text
    assert "c3@inbox.example" not in page.get(f"/t/{sent.tenant.slug}/delivery/rejected/", {"code": "' OR 1=1"}).text


def test_a_customers_timeline_shows_what_happened(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    with open_tenant(sent.tenant):
        customer = Customer.objects.get(external_id="c3")
    [panel] = panels(sent.tenant, "customer", customer.public_id)
    answer = client_of(viewer).get(panel.url)
    assert (answer.status_code, "Rejected · " in answer.text) == (200, True)


def test_a_campaigns_progress_is_shown(sent: Cast, viewer: Member, client_of: ClientOf) -> None:
    [panel] = panels(sent.tenant, "campaign", sent.campaign.public_id)
    answer = client_of(viewer).get(panel.url, headers={"hx-request": "true"})
    assert (answer.status_code, "2 of 5" in answer.text) == (200, True)


def test_a_neighbours_things_are_missing(
    sent: Cast,
    neighbour: Tenant,
    neighbour_department: Department,
    viewer: Member,
    client_of: ClientOf,
    now: datetime,
) -> None:
    theirs = make_run(neighbour, neighbour_department, now=now, customers=1)
    with open_tenant(neighbour):
        customer = Customer.objects.get()
    page = client_of(viewer)
    for thing in (f"customers/{customer.public_id}", f"campaigns/{theirs.campaign.public_id}"):
        assert page.get(f"/t/{sent.tenant.slug}/delivery/{thing}/").status_code == 404
    assert theirs.campaign.name not in page.get(f"/t/{sent.tenant.slug}/delivery/").text


def test_a_doubt_that_was_resolved_counts_as_handed_over(sent: Cast) -> None:
    with open_tenant(sent.tenant):
        run_sql(Sql("UPDATE delivery_message SET state = 'accepted' WHERE state = 'in_doubt'"))
        found = progress(sent.tenant, [sent.run.pk], now=datetime.now(UTC))[sent.run.pk]
    assert (found.accepted, found.in_doubt, found.waiting) == (3, 0, 0)


def test_receivers_show_what_is_due_in_hand_and_paused(
    planned: Planned, tenant: Tenant, viewer: Member, client_of: ClientOf
) -> None:
    cast = planned(2)
    with open_tenant(tenant):
        run_sql(Sql("UPDATE delivery_chunk SET next_at = now() - interval '7 minutes'"))
        assert receivers(tenant, Sql("true")) == [
            Receiver("", 1, Chunk.objects.get().next_at, 0, None, ""),
        ]
    page = client_of(viewer)
    shown = page.get(f"/t/{tenant.slug}/delivery/").text
    assert "All other domains" in shown
    assert "no sender is at work" in shown
    with open_tenant(tenant):
        Chunk.objects.update(lease_until=datetime.now(UTC) + timedelta(seconds=20))
        pause = datetime.now(UTC) + timedelta(minutes=9)
        Pace.objects.create(tenant=tenant, kind="domain", key="google", slow_until=pause, said="421 <b>slow</b> down")
        assert receivers(tenant, Sql("true")) == [
            Receiver("google", 0, None, 0, pause, "421 <b>slow</b> down"),
            Receiver("", 0, None, 1, None, ""),
        ]
        Run.objects.filter(pk=cast.run.pk).update(state="paused")
        assert [one.lane for one in receivers(tenant, Sql("true"))] == ["google"]
    with place(tenant):
        shown = page.get(f"/t/{tenant.slug}/delivery/").text
    assert "Google" in shown
    assert "421 &lt;b&gt;slow" in shown
    assert "1 sender at work" in shown
