"""PostgreSQL that goes away under a sender: what is under way is settled later, nothing twice, nothing lost."""

from collections import Counter
from collections.abc import Callable

from django.db import connection

from tests.delivery.factories import Cast
from tests.faults.conftest import Senders, open_chunks, states
from tests.faults.receiver import Receiver, wait_until

Planned = Callable[..., Cast]
Prepare = Callable[..., Senders]


def cut_off_senders() -> int:
    """End the senders' connections, as a restart of PostgreSQL does; count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'connect sender'"
        )
        return int(cursor.fetchone()[0])


def test_answers_that_came_while_postgresql_was_away_are_settled_later(planned: Planned, senders: Prepare) -> None:
    cast = planned(80)
    with Receiver() as receiver:
        group = senders(receiver, connections=4)
        with receiver.holding():
            group.start(cast.tenant)
            receiver.wait_until(lambda: len(receiver.copies) == 4)
            assert cut_off_senders() == 2
        wait_until(lambda: states(cast) == {"accepted": 80})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 81))
    wait_until(lambda: open_chunks(cast) == 0)


def test_cutting_senders_off_again_and_again_costs_nothing(planned: Planned, senders: Prepare) -> None:
    cast = planned(800)
    with Receiver() as receiver:
        senders(receiver, connections=8).start(cast.tenant)
        for goal in range(50, 650, 100):
            receiver.wait_until(lambda goal=goal: len(receiver.copies) >= goal)  # type: ignore[misc]
            cut_off_senders()
        wait_until(lambda: states(cast) == {"accepted": 800})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 801))
