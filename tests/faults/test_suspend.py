"""A tenant that an operator suspends sends nothing more, to the message; resumed, it goes on where it stopped."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from connect.core.actions.tenants import resume_tenant, suspend_tenant
from connect.core.actions.users import make_operator
from connect.core.sql import Sql, rows
from tests.delivery.factories import Cast
from tests.faults.conftest import Senders, let_leases_end, states
from tests.faults.receiver import Receiver, wait_until

CONNECTIONS = 2


def test_suspending_stops_all_but_what_is_under_way_and_resuming_goes_on(
    planned: Callable[..., Cast], senders: Callable[..., Senders], now: datetime
) -> None:
    cast = planned(100)
    operator = make_operator("olga@operators.example", "Olga Petrova")
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with receiver.holding():
            group.start(cast.tenant)
            receiver.wait_until(lambda: len(receiver.copies) == CONNECTIONS)
            begun = {copy.recipient for copy in receiver.copies}
            suspend_tenant(cast.tenant.public_id, by=operator, now=now)
        wait_until(lambda: states(cast) == {"accepted": 2, "queued": 98})
        group.stop()
        assert {copy.recipient for copy in receiver.copies} == begun
        let_leases_end(cast)
        assert rows(Sql("SELECT tenants_with_open_runs()")) == []
        resume_tenant(cast.tenant.public_id, by=operator, now=now)
        assert rows(Sql("SELECT tenants_with_open_runs()")) == [(cast.tenant.pk,)]
        group.start(cast.tenant)
        wait_until(lambda: states(cast) == {"accepted": 100})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 101))
