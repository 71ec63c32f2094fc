"""What changes while a run is sending is obeyed to the message: pause, cancel, suppression, unsubscribe, approval."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from campaigns.actions.runs import do_cancel, do_pause, do_resume
from campaigns.models import Approval
from campaigns.states import ApprovalState
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.subscriptions import do_unsubscribe
from conversations.models import Customer
from conversations.states import Channel
from delivery.actions.rounds import look_after_runs
from suppression.actions.entries import do_suppress
from suppression.states import Reason
from tests.delivery.factories import Cast
from tests.faults.conftest import Senders, let_leases_end, messages, open_chunks, run_state, states
from tests.faults.receiver import Receiver, wait_until

Planned = Callable[..., Cast]
Prepare = Callable[..., Senders]
CONNECTIONS = 2


@contextmanager
def under_way(receiver: Receiver, group: Senders, cast: Cast) -> Iterator[set[str]]:
    """Start a sender and stop time with one message under way on each connection; time goes on after the block."""
    with receiver.holding():
        group.start(cast.tenant)
        receiver.wait_until(lambda: len(receiver.copies) == CONNECTIONS)
        yield {copy.recipient for copy in receiver.copies}


def test_a_pause_stops_all_but_what_is_under_way_and_a_resume_goes_on(
    planned: Planned, senders: Prepare, now: datetime
) -> None:
    cast = planned(100)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with under_way(receiver, group, cast) as begun:
            do_pause(cast.tenant, cast.run.pk, now=now)
        wait_until(lambda: states(cast) == {"accepted": 2, "queued": 98})
        group.stop()
        assert {copy.recipient for copy in receiver.copies} == begun
        do_resume(cast.tenant, cast.run.pk, now=now)
        let_leases_end(cast)
        group.start(cast.tenant)
        wait_until(lambda: states(cast) == {"accepted": 100})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 101))


def test_a_cancel_ends_the_rest(planned: Planned, senders: Prepare, now: datetime) -> None:
    cast = planned(500)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with under_way(receiver, group, cast) as begun:
            do_cancel(cast.tenant, cast.run.pk, now=now)
        look_after_runs(cast.tenant, now=now)
        wait_until(lambda: states(cast) == {"accepted": 2, "cancelled": 498})
        assert {copy.recipient for copy in receiver.copies} == begun
    wait_until(lambda: open_chunks(cast) == 0)
    assert run_state(cast) == "cancelled"


def test_a_committed_suppression_lets_no_further_copy_out(planned: Planned, senders: Prepare, now: datetime) -> None:
    cast = planned(60)
    everybody = {f"c{number}@inbox.example" for number in range(1, 61)}
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with under_way(receiver, group, cast) as begun:
            for address in everybody - begun - {"c60@inbox.example"}:
                do_suppress(cast.tenant, address, reason=Reason.MANUAL, source="test", now=now)
        wait_until(lambda: states(cast) == {"accepted": 3, "skipped": 57})
        assert receiver.per_recipient() == Counter(begun | {"c60@inbox.example"})
    assert set(messages(cast, "reason", "state = 'skipped'")) == {("suppressed",)}


def test_a_committed_unsubscribe_lets_no_further_copy_out(planned: Planned, senders: Prepare, now: datetime) -> None:
    cast = planned(40)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with under_way(receiver, group, cast) as begun, open_tenant(cast.tenant):
            for customer in Customer.objects.exclude(email_key__in=begun):
                do_unsubscribe(
                    cast.tenant, customer.pk, cast.conversation.pk, channel=Channel.EMAIL, source="test", now=now
                )
        wait_until(lambda: states(cast) == {"accepted": 2, "skipped": 38})
        assert receiver.per_recipient() == Counter(begun)
    assert set(messages(cast, "reason", "state = 'skipped'")) == {("unsubscribed",)}


def test_a_withdrawn_approval_lets_no_further_copy_out(planned: Planned, senders: Prepare) -> None:
    cast = planned(40)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with under_way(receiver, group, cast) as begun, open_tenant(cast.tenant):
            Approval.objects.filter(kind="launch").move(ApprovalState.WITHDRAWN)
        wait_until(lambda: states(cast) == {"accepted": 2, "queued": 38})
        group.stop()
        assert receiver.per_recipient() == Counter(begun)
