"""Whose turn it is: lanes take turns, pause and prove themselves, and limits hold to the slot."""

from delivery.lanes import lane_map
from delivery.senders.lanes import FAILURES, Lanes, Limit
from delivery.senders.letters import Job, Lease
from delivery.senders.replies import Outcome, in_doubt
from delivery.states import MessageState, PaceKind

ACCEPTED = Outcome(MessageState.ACCEPTED, "250 2.0.0", "ok")
BUSY = Outcome(MessageState.QUEUED, "450 4.7.1", "450 4.7.1 slow down")


def lanes(connections: int = 4, ready: int = 6) -> Lanes:
    return Lanes(connections, ready)


def job(number: int, lane: str, run: int = 1, conversation: int = 7) -> Job:
    lease = Lease(1, 1, run, lane, conversation)
    return Job(lease, number, "0" * 32, "main", "en", 1, f"a@{lane}", 0, {}, lane)


def put(into: Lanes, **counts: int) -> None:
    number = into.total
    for lane, count in counts.items():
        for _ in range(count):
            number += 1
            into.add(job(number, lane))


def turn(of: Lanes, now: float = 0.0) -> str:
    found = of.next(now)
    return found.lane if found else "-"


def prove(of: Lanes, *names: str, now: float = 0.0) -> None:
    """Let lanes answer until they may have as many connections as they like."""
    for lane in names:
        for _ in range(9):
            one = job(1_000, lane)
            of.fly(one, now)
            of.land(one, ACCEPTED, now)


def flying(of: Lanes, count: int, now: float) -> list[Job]:
    """Get so many messages to connections."""
    found = []
    for _ in range(count):
        one = of.next(now)
        assert one is not None
        assert of.may_fly(one, now)
        of.fly(one, now)
        found.append(one)
    return found


def test_lanes_take_turns() -> None:
    hand = lanes()
    put(hand, a=3, b=2)
    assert [turn(hand) for _ in range(6)] == ["a", "b", "a", "b", "a", "-"]
    assert hand.total == 0


def test_a_lane_alone_has_everything_and_half_while_others_wait() -> None:
    hand = lanes(connections=4, ready=6)
    put(hand, a=20)
    assert [turn(hand) for _ in range(7)] == ["a"] * 6 + ["-"]
    both = lanes(connections=4, ready=6)
    prove(both, "a", "b")
    put(both, a=20, b=20)
    assert sorted(turn(both) for _ in range(7)) == ["-", "a", "a", "a", "b", "b", "b"]


def test_connections_are_shared_in_halves_while_others_wait() -> None:
    hand = lanes(connections=4, ready=12)
    prove(hand, "a", "b")
    put(hand, a=20, b=20)
    taken = [one for _ in range(8) if (one := hand.next(0.0))]
    flown = []
    for one in taken:
        if hand.may_fly(one, 0.0):
            hand.fly(one, 0.0)
            flown.append(one.lane)
    assert sorted(flown) == ["a", "a", "b", "b"]


def test_three_answers_in_a_row_pause_a_lane_and_no_other() -> None:
    hand = lanes(connections=8, ready=8)
    prove(hand, "a", "b")
    put(hand, a=9, b=9)
    for one in flying(hand, 2 * FAILURES, now=10.0):
        hand.land(one, BUSY if one.lane == "a" else ACCEPTED, 10.0)
    [slowed] = hand.slowed
    assert (slowed.lane, slowed.seconds, slowed.level, slowed.said) == ("a", 15.0, 1, "450 4.7.1 slow down")
    assert [turn(hand, 11.0) for _ in range(4)] == ["b", "b", "b", "b"]
    assert sorted(one.lane for one in hand.take_paused(11.0)) == ["a"] * 6


def test_what_is_accepted_between_starts_the_count_anew() -> None:
    hand = lanes(connections=8, ready=8)
    put(hand, a=8)
    for outcome in (BUSY, BUSY, ACCEPTED, BUSY, BUSY):
        [one] = flying(hand, 1, now=0.0)
        hand.land(one, outcome, 0.0)
    assert hand.slowed == []


def test_doubt_and_a_server_that_wasnt_asked_pause_nothing() -> None:
    hand = lanes(connections=8, ready=8)
    put(hand, a=8)
    unasked = Outcome(MessageState.QUEUED, "421", "gone", counts=False)
    for outcome in [in_doubt("gone")] * 3 + [unasked] * 3 + [None] * 2:
        [one] = flying(hand, 1, now=0.0)
        hand.land(one, outcome, 0.0)
    assert hand.slowed == []


def test_after_a_pause_one_message_proves_the_lane() -> None:
    hand = lanes(connections=8, ready=8)
    put(hand, a=20)
    for one in flying(hand, FAILURES, now=0.0):
        hand.land(one, BUSY, 0.0)
    assert turn(hand, 14.9) == "-"
    [proof] = flying(hand, 1, now=15.0)
    second = hand.next(15.0)
    assert second is not None
    assert not hand.may_fly(second, 15.0), "the next one waits for the proof"
    hand.land(proof, BUSY, 16.0)
    assert hand.pause_left(second, 16.0) == 30.0
    hand.forget(second)
    assert [one.seconds for one in hand.slowed] == [15.0, 30.0]
    [again] = flying(hand, 1, now=46.0)
    hand.land(again, ACCEPTED, 47.0)
    assert hand.eased == ["a"]
    assert [turn(hand, 47.0) for _ in range(3)] == ["a", "a", "a"]


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    hand = lanes()
    put(hand, a=40)
    now = 0.0
    for one in flying(hand, FAILURES, now=now):
        hand.land(one, BUSY, now)
    for _ in range(8):
        now += 901.0
        [one] = flying(hand, 1, now=now)
        hand.land(one, BUSY, now)
    assert [one.seconds for one in hand.slowed] == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def beside_others() -> Lanes:
    """Have 16 connections, and a message of somebody else that waits for one."""
    hand = lanes(connections=16, ready=20)
    put(hand, other=1)
    assert turn(hand) == "other"
    return hand


def may_fly(of: Lanes, count: int, now: float) -> int:
    """Let as many of so many messages fly as may; count them."""
    waiting = [one for _ in range(count) if (one := of.next(now))]
    flown = 0
    for one in waiting:
        if of.may_fly(one, now):
            of.fly(one, now)
            flown += 1
        else:
            of.put_back(one)
    return flown


def test_beside_others_a_lane_begins_with_one_connection_and_gets_one_more_for_each_answer() -> None:
    hand = beside_others()
    put(hand, a=40)
    [first] = flying(hand, 1, now=0.0)
    assert may_fly(hand, 9, 0.0) == 0
    hand.land(first, ACCEPTED, 0.1)
    [second, third] = flying(hand, 2, now=0.1)
    assert may_fly(hand, 9, 0.1) == 0
    hand.land(second, Outcome(MessageState.REJECTED, "550 5.1.1", "no such user"), 0.2)
    assert may_fly(hand, 9, 0.2) == 2
    hand.land(third, in_doubt("gone"), 0.3)
    assert may_fly(hand, 9, 0.3) == 1


def test_a_lane_that_never_answers_holds_one_connection_and_a_second_once_the_first_is_made_up_for() -> None:
    hand = beside_others()
    put(hand, a=40)
    [first] = flying(hand, 1, now=0.0)
    assert (hand.stalled(2.0), may_fly(hand, 9, 2.0)) == (0, 0)
    assert (hand.stalled(2.1), may_fly(hand, 9, 2.1)) == (1, 1)
    assert (hand.stalled(9.0), may_fly(hand, 9, 9.0)) == (2, 0)
    hand.land(first, ACCEPTED, 9.1)
    assert (hand.stalled(9.2), may_fly(hand, 9, 9.2)) == (1, 1)


def test_a_lane_that_falls_silent_begins_again() -> None:
    hand = beside_others()
    prove(hand, "a")
    put(hand, a=40)
    stuck = flying(hand, 6, now=0.0)
    assert (hand.stalled(2.1), may_fly(hand, 9, 2.1)) == (6, 0)
    for one in stuck[:5]:
        hand.land(one, ACCEPTED, 3.0)
    assert (hand.stalled(3.1), may_fly(hand, 9, 3.1)) == (1, 5)


def test_one_message_that_hangs_silences_no_lane_that_answers_others() -> None:
    hand = beside_others()
    prove(hand, "a", now=5.0)
    put(hand, a=40)
    [_stuck, answered] = flying(hand, 2, now=5.0)
    hand.land(answered, ACCEPTED, 8.0)
    assert (hand.stalled(8.1), may_fly(hand, 9, 8.1)) == (1, 9)


def test_others_have_what_a_lane_cannot_use_that_is_unproven_or_silent() -> None:
    hand = lanes(connections=8, ready=40)
    prove(hand, "b")
    put(hand, a=1)
    flying(hand, 1, now=0.0)
    put(hand, a=1)
    assert turn(hand) == "a"
    put(hand, b=40)
    under_way = flying(hand, 7, now=0.0)
    assert may_fly(hand, 20, 0.0) == 0
    for one in under_way:
        hand.land(one, ACCEPTED, 2.0)
    assert (hand.stalled(2.1), may_fly(hand, 20, 2.1)) == (1, 8)


def test_a_limit_lets_one_message_go_for_each_slot() -> None:
    hand = lanes(ready=20)
    hand.set_limits({(PaceKind.DOMAIN, "a"): Limit(120, None, is_daily=False, pause=0, level=0)}, 0.0)
    put(hand, a=5, b=1)
    assert [turn(hand) for _ in range(2)] == ["b", "-"]
    bucket = hand.wanted(0.0)
    assert bucket is not None
    assert (bucket.key, bucket.batch) == ("a", 2)
    bucket.fill(0.0, 0.5, 2, 0.0)
    hand.filled()
    assert [turn(hand, now) for now in (0.0, 0.1, 0.4, 0.5, 0.6)] == ["a", "-", "-", "a", "-"]


def test_runs_and_conversations_have_limits_too_and_all_of_them_hold() -> None:
    hand = lanes(ready=20)
    limit = Limit(60, None, is_daily=False, pause=0, level=0)
    hand.set_limits({(PaceKind.RUN, "1"): limit, (PaceKind.CONVERSATION, "7"): limit}, 0.0)
    hand.add(job(1, "a", run=1))
    hand.add(job(2, "b", run=2))
    assert turn(hand) == "-"
    for _ in range(2):
        bucket = hand.wanted(0.0)
        assert bucket is not None
        bucket.fill(0.0, 1.0, 1, 0.0)
    hand.filled()
    assert [turn(hand), turn(hand)] == ["a", "-"], "the conversation has had its slot"


def test_nothing_is_asked_for_again_while_others_have_taken_the_next_seconds() -> None:
    hand = lanes()
    hand.set_limits({(PaceKind.DOMAIN, "a"): Limit(60, None, is_daily=False, pause=0, level=0)}, 0.0)
    put(hand, a=1)
    assert turn(hand) == "-"
    bucket = hand.wanted(0.0)
    assert bucket is not None
    bucket.fill(30.0, 1.0, 0, 0.0)
    assert turn(hand, 29.0) == "-"
    assert hand.wanted(29.0) is None
    assert hand.wanted(30.0) is bucket


def test_a_pause_that_was_ended_by_hand_is_over_but_not_one_that_nobody_was_told_of() -> None:
    hand = lanes(connections=8, ready=8)
    put(hand, a=9)
    for one in flying(hand, FAILURES, now=0.0):
        hand.land(one, BUSY, 0.0)
    hand.set_limits({}, 1.0)
    assert turn(hand, 1.0) == "-"
    hand.slowed = []
    hand.set_limits({(PaceKind.DOMAIN, "a"): Limit(None, None, is_daily=False, pause=14, level=1)}, 2.0)
    assert turn(hand, 2.0) == "-"
    hand.set_limits({}, 3.0)
    assert [turn(hand, 3.0), turn(hand, 3.0)] == ["a", "-"], "one message proves it"


def test_connections_of_a_lane_are_limited_even_while_it_is_alone() -> None:
    hand = lanes(connections=8, ready=8)
    hand.set_limits({(PaceKind.DOMAIN, "a"): Limit(None, 2, is_daily=False, pause=0, level=0)}, 0.0)
    put(hand, a=9)
    flying(hand, 2, now=0.0)
    waiting = hand.next(0.0)
    assert waiting is not None
    assert not hand.may_fly(waiting, 0.0)


def test_groups_are_one_lane_and_what_is_paced_alone_has_its_own() -> None:
    found = lane_map(["inbox.example", "gmail.com", "google"])
    assert (found["gmail.com"], found["googlemail.com"], found["hotmail.com"]) == ("google", "google", "microsoft")
    assert found["inbox.example"] == "inbox.example"
    assert "other.example" not in found
