"""Sender processes that are killed: nobody gets two, nobody is lost, and doubt is bounded by open connections."""

from collections import Counter
from collections.abc import Callable

from tests.delivery.factories import Cast
from tests.faults.conftest import Senders, let_leases_end, messages, open_chunks, run_state, states
from tests.faults.receiver import Receiver, wait_until

Planned = Callable[..., Cast]
CONNECTIONS = 4


def with_state(cast: Cast, state: str) -> set[str]:
    return {str(address) for (address,) in messages(cast, "address", f"state = '{state}'")}


def test_what_a_killed_sender_had_under_way_is_in_doubt_and_the_rest_goes_on(
    planned: Planned, senders: Callable[..., Senders]
) -> None:
    cast = planned(300)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        with receiver.holding():
            first = group.start(cast.tenant)
            receiver.wait_until(lambda: len(receiver.copies) == CONNECTIONS)
            under_way = {copy.recipient for copy in receiver.copies}
            group.kill(first)
        assert with_state(cast, "sending") == under_way
        let_leases_end(cast)
        group.start(cast.tenant)
        wait_until(lambda: states(cast) == {"accepted": 300 - CONNECTIONS, "in_doubt": CONNECTIONS})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 301))
    assert with_state(cast, "in_doubt") == under_way
    assert set(messages(cast, "reply", "state = 'in_doubt'")) == {("the sender stopped after handing over",)}
    wait_until(lambda: open_chunks(cast) == 0)


def test_many_kills_give_no_duplicates_and_lose_nothing(planned: Planned, senders: Callable[..., Senders]) -> None:
    total, kills = 900, 6
    cast = planned(total)
    with Receiver() as receiver:
        group = senders(receiver, connections=CONNECTIONS)
        for number in range(kills):
            group.start(cast.tenant)
            victim = group.running[0]
            goal = len(receiver.copies) + 60
            receiver.wait_until(lambda goal=goal: len(receiver.copies) >= goal)  # type: ignore[misc]
            group.kill(victim)
            let_leases_end(cast)
            if number == kills - 1:
                group.start(cast.tenant)
        wait_until(lambda: open_chunks(cast) == 0)
        copies = receiver.per_recipient()
    found = states(cast)
    assert found["accepted"] + found["in_doubt"] == total
    assert found["in_doubt"] <= kills * CONNECTIONS
    assert [who for who, count in copies.items() if count > 1] == []
    assert set(copies) <= with_state(cast, "accepted") | with_state(cast, "in_doubt")
    assert with_state(cast, "accepted") <= set(copies)
    assert run_state(cast) == "sending", "the rounds finish it"


def test_a_sender_that_wakes_after_its_lease_starts_nothing_more(
    planned: Planned, senders: Callable[..., Senders]
) -> None:
    import signal

    cast = planned(60)
    with Receiver() as receiver:
        group = senders(receiver, connections=1)
        with receiver.holding():
            frozen = group.start(cast.tenant)
            receiver.wait_until(lambda: len(receiver.copies) == 1)
            frozen.send_signal(signal.SIGSTOP)
        let_leases_end(cast)
        group.start(cast.tenant)
        wait_until(lambda: states(cast) == {"accepted": 59, "in_doubt": 1})
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: states(cast) == {"accepted": 60})
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, 61))
