"""What failed may be tried again, where its address isn't the reason; the run sends again, and nothing else moves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from campaigns.actions.runs import do_cancel
from campaigns.models import Approval, Campaign, Run
from campaigns.states import ApprovalState
from connect.core.errors import Conflict, ConnectError, Forbidden, WrongState
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.retry import Failed, failed, retry_failed
from delivery.actions.rounds import finish_runs
from delivery.models import Chunk, Message
from tests.delivery.factories import Cast, make_run
from tests.delivery.test_show_delivery import settle

pytestmark = pytest.mark.django_db

Planned = Callable[..., Cast]
ClientOf = Callable[[Member], Client]
#: What became of the messages, by customer: state and reason.
FATES = {
    "c1": ("accepted", ""),
    "c2": ("rejected", ""),
    "c3": ("rejected", "no_mailbox"),
    "c4": ("rejected", "bounced_out"),
    "c5": ("expired", "deferred"),
    "c6": ("expired", "too_late"),
    "c7": ("skipped", "suppressed"),
    "c8": ("skipped", "unsubscribed"),
    "c9": ("in_doubt", ""),
}
_COUNT = """
UPDATE delivery_chunk SET next_at = NULL, released_at = now(), accepted = 1, rejected = 3, in_doubt = 1,
    skipped = 2, expired = 2
"""


@pytest.fixture
def ended(planned: Planned, now: datetime) -> Cast:
    """A finished run whose messages had all fates."""
    cast = planned(len(FATES))
    for name, (state, reason) in FATES.items():
        settle(cast, state, f"{name}@inbox.example", reason=reason)
    with open_tenant(cast.tenant):
        run_sql(Sql(_COUNT))
        run_sql(Sql("UPDATE delivery_message SET attempt_no = 12 WHERE reason = 'deferred'"))
    finish_runs(cast.tenant, now=now)
    return cast


def fates(cast: Cast) -> dict[str, tuple[str, str]]:
    with open_tenant(cast.tenant):
        found = Message.objects.of(cast.tenant).filter(run_id=cast.run.pk).order_by("customer_id")
        return {message.address.partition("@")[0]: (message.state, message.reason) for message in found}


def run_state(cast: Cast) -> tuple[str, str]:
    with open_tenant(cast.tenant):
        run = Run.objects.select_related("campaign").get(pk=cast.run.pk)
        return run.state, run.campaign.state


def test_what_a_receiver_turned_away_goes_again_and_nothing_else(ended: Cast, marketer: Member, now: datetime) -> None:
    assert run_state(ended) == ("finished", "finished")
    with open_tenant(ended.tenant):
        assert failed(ended.tenant, [ended.run.pk]) == {ended.run.pk: Failed(1, 1)}
    assert retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now) == 2
    assert fates(ended) == {**FATES, "c2": ("queued", ""), "c5": ("queued", "")}
    assert run_state(ended) == ("sending", "sending")
    with open_tenant(ended.tenant):
        [chunk] = Chunk.objects.of(ended.tenant)
        assert chunk.next_at is not None
        counts = (chunk.accepted, chunk.rejected, chunk.in_doubt, chunk.skipped, chunk.expired)
        assert counts == (1, 2, 1, 2, 1)
        assert Message.objects.get(address="c5@inbox.example").attempt_no == 0
        entry = AuditEntry.objects.get(did="run.retried")
        assert (entry.member_name, entry.thing, entry.details["messages"]) == ("Marta Lindt", ended.run.public_id, 2)
        assert AuditEntry.objects.filter(did="run.reopened", thing=ended.campaign.public_id).count() == 1


def test_a_second_time_there_is_nothing_to_try(ended: Cast, marketer: Member, now: datetime) -> None:
    retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now)
    with pytest.raises(Conflict):
        retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now)


def test_a_run_that_has_nothing_to_try_stays_finished(ended: Cast, marketer: Member, now: datetime) -> None:
    settle(ended, "accepted", "c2@inbox.example")
    settle(ended, "accepted", "c5@inbox.example")
    with pytest.raises(Conflict):
        retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now)
    assert run_state(ended) == ("finished", "finished")


def test_a_message_whose_time_is_over_stays(ended: Cast, marketer: Member, now: datetime) -> None:
    with open_tenant(ended.tenant):
        run_sql(Sql("UPDATE delivery_message SET not_after = now() WHERE address = 'c2@inbox.example'"))
    assert retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now) == 1
    assert fates(ended) == {**FATES, "c5": ("queued", "")}


def expire(cast: Cast, now: datetime) -> None:
    with open_tenant(cast.tenant):
        Campaign.objects.filter(pk=cast.campaign.pk).update(expires_at=now - timedelta(seconds=1))


def withdraw(cast: Cast, _now: datetime) -> None:
    with open_tenant(cast.tenant):
        Approval.objects.filter(campaign=cast.campaign, kind="content").update(state=ApprovalState.WITHDRAWN)


def archive(cast: Cast, _now: datetime) -> None:
    with open_tenant(cast.tenant):
        Campaign.objects.filter(pk=cast.campaign.pk).update(state="archived")


@pytest.mark.parametrize(("happened", "error"), [(expire, Conflict), (withdraw, Conflict), (archive, WrongState)])
def test_what_may_not_send_any_more_tries_nothing_again(
    ended: Cast,
    marketer: Member,
    now: datetime,
    happened: Callable[[Cast, datetime], None],
    error: type[ConnectError],
) -> None:
    happened(ended, now)
    with pytest.raises(error):
        retry_failed(ended.tenant, ended.run.public_id, by=marketer, now=now)
    assert fates(ended) == FATES
    assert run_state(ended)[0] == "finished"


def test_a_cancelled_run_tries_nothing_again(planned: Planned, marketer: Member, now: datetime) -> None:
    cast = planned(1)
    settle(cast, "rejected", "c1@inbox.example")
    do_cancel(cast.tenant, cast.run.pk, now=now)
    with pytest.raises(WrongState):
        retry_failed(cast.tenant, cast.run.public_id, by=marketer, now=now)
    assert fates(cast) == {"c1": ("rejected", "")}


def test_a_viewer_may_not(ended: Cast, viewer: Member, approver: Member, now: datetime, client_of: ClientOf) -> None:
    for member in (viewer, approver):
        with pytest.raises(Forbidden):
            retry_failed(ended.tenant, ended.run.public_id, by=member, now=now)
        path = f"/t/{ended.tenant.slug}/delivery/runs/{ended.run.public_id}/retry/"
        assert client_of(member).post(path).status_code == 403
        assert path not in client_of(member).get(f"/t/{ended.tenant.slug}/delivery/rejected/").text
    assert fates(ended) == FATES


def test_the_page_offers_it_with_its_numbers(ended: Cast, marketer: Member, client_of: ClientOf) -> None:
    page, base = client_of(marketer), f"/t/{ended.tenant.slug}/delivery"
    path = f"{base}/runs/{ended.run.public_id}/retry/"
    with open_tenant(ended.tenant):
        run_sql(Sql("UPDATE campaigns_run SET finished_at = now()"))
    listed = page.get(f"{base}/rejected/").text
    assert path in listed
    assert "Try 2 messages again" in listed
    assert page.post(path).status_code == 302
    assert fates(ended) == {**FATES, "c2": ("queued", ""), "c5": ("queued", "")}
    assert path not in page.get(f"{base}/rejected/").text
    assert page.post(path).status_code == 409


def test_a_neighbours_run_is_missing(
    ended: Cast,
    neighbour: Tenant,
    neighbour_department: Department,
    marketer: Member,
    client_of: ClientOf,
    now: datetime,
) -> None:
    theirs = make_run(neighbour, neighbour_department, now=now, customers=1)
    path = f"/t/{ended.tenant.slug}/delivery/runs/{theirs.run.public_id}/retry/"
    assert client_of(marketer).post(path).status_code == 404
    assert run_state(theirs)[0] == "planning"
