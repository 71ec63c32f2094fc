"""F1, F2, F4: sender processes that are killed or told to end."""

import random
from collections.abc import Callable
from itertools import cycle

from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import REAPED_SECONDS, Case, Lab, comes_true
from tests.faults.suite.senders import Sender, Senders, pause
from tests.faults.suite.sink import Sink
from tests.faults.suite.stack import Stack

CONNECTIONS = 16
KILLS_A_RUN = 20
SENDERS = 2
#: How long a run is made to last, by the pace of the receiver, and how long a sender works before it is killed.
RUN_SECONDS = 25.0
LONGEST_LIFE_SECONDS = 0.8


@fault("F1", "kill -9 of sending processes at random times", n=40)
def kills_at_random(lab: Lab, n: int) -> Result:
    """Kill one of two senders, again and again, over several runs; the last of each run is left to the next."""
    result = Result(0)
    cases: list[Case] = []
    where = lab.tenant()
    pace = RUN_SECONDS * SENDERS * CONNECTIONS / lab.recipients
    with lab.senders() as senders, Sink(pace=pace) as sink:
        while result.n < n:
            case = lab.case(within=where)
            cases.append(case)
            kills = _kill_over(lab, case, senders, sink, min(KILLS_A_RUN, n - result.n))
            if not kills:
                break
            result.n += kills
            cases[-1] = case.expecting(doubt=None)
        sink.pace = 0.0
        while len(senders.children) < SENDERS:
            senders.start(sink, where[0], connections=CONNECTIONS)
        result.demand(lab.finish(*cases), "it didn't go on by itself")
    lab.look_after(*cases)
    result.verdict.add(lab.judge(sink, *cases))
    result.verdict.doubt_above += max(0, result.verdict.in_doubt - CONNECTIONS * result.n)
    result.notes.append(f"{len(cases)} runs; {result.verdict.in_doubt / max(1, result.n):.1f} in doubt a kill")
    return result


def _kill_over(lab: Lab, case: Case, senders: Senders, sink: Sink, kills: int) -> int:
    """Kill so often while this run lasts, each time a process that has handed something over; count the kills."""
    done = 0
    for _ in range(kills):
        while len(senders.children) < SENDERS:
            senders.start(sink, case.tenant, connections=CONNECTIONS)
        victim = senders.children[0]
        before = sink.copies_of(victim.name)
        sending = comes_true(lambda: sink.copies_of(victim.name) > before or not lab.unfinished(case), 60, every=0.02)  # noqa: B023
        if not sending or not lab.unfinished(case):
            break
        pause(random.uniform(0, LONGEST_LIFE_SECONDS))
        senders.stop([victim])
        done += 1
    return done


# --- F2 ------------------------------------------------------------------------------------------------------------

#: Points inside the sender (`stops.py`) and what may be in doubt after a kill there: at least and at most.
INSIDE = {
    "after the claim": (0, 0),
    "after rendering": (0, 0),
    "while the permit commits": (0, 1),
    "after the permit": (1, 1),
    "after the reply": (1, 1),
    "while the outcome commits": (0, 1),
    "before the release": (0, 0),
}
#: Stages at which the receiver holds the connection while the sender is killed.
HELD = {"rcpt": "after RCPT", "data": "after DATA", "body": "amid the content", "content": "after the final dot"}
AWAY_SECONDS = 3600.0
#: A run, its receivers, the point at which its sender was killed, and what may be in doubt.
Tried = tuple[Case, list[Sink], str, tuple[int, int]]
SMALL = 30
#: Larger than what the sockets between us hold.
LARGE = (
    "<html><body>" + "<p>a long letter, and then some more of it, for a slow reader</p>\n" * 200_000 + "</body></html>"
)


@fault("F2", "kill -9 at each of 12 named points", n=12)
def kills_at_points(lab: Lab, n: int) -> Result:
    """Kill a sender of one connection at each point in turn, in a tenant of its own; then let others take over."""
    result = Result(0)
    points: list[Callable[[Lab, Senders], Tried]] = []
    points += [lambda lab, senders, stop=stop: _inside(lab, senders, stop) for stop in INSIDE]  # type: ignore[misc]
    points += [lambda lab, senders, stage=stage: _held(lab, senders, stage) for stage in HELD]  # type: ignore[misc]
    points.append(lambda lab, senders: _held(lab, senders, "content", reaper=True))
    with lab.senders() as senders:
        tried = [point(lab, senders) for point, _ in zip(cycle(points), range(n), strict=False)]
        pause(REAPED_SECONDS)
        for case, sinks, name, _ in tried:
            if name == "while reaping":
                reaper = senders.start(sinks[0], case.tenant, connections=1, stop="while reaping")
                result.demand(_ended(reaper), f"not reached: {name}")
            senders.start(sinks[-1], case.tenant, connections=1)
        result.demand(lab.finish(*[case for case, *_ in tried]), "it didn't go on by itself")
    for case, sinks, name, (least, most) in tried:
        result.n += 1
        found = lab.judge(sinks, case.expecting(doubt=most))
        result.verdict.add(found)
        result.demand(found.in_doubt >= least, f"{name}: {found.in_doubt} in doubt, not {least}")
        for sink in sinks:
            sink.__exit__(None, None, None)
    return result


def _inside(lab: Lab, senders: Senders, stop: str) -> Tried:
    case = lab.case(SMALL, traps=False)
    sink = Sink().__enter__()
    victim = senders.start(sink, case.tenant, connections=1, stop=stop)
    assert _ended(victim), f"not reached: {stop}"
    senders.children.remove(victim)
    return case, [sink], stop, INSIDE[stop]


def _held(lab: Lab, senders: Senders, stage: str, *, reaper: bool = False) -> Tried:
    """Have the receiver stand still at a stage of the fifth message, and kill the sender meanwhile."""
    case = lab.case(6, traps=False, html=LARGE) if stage == "body" else lab.case(SMALL, traps=False)
    held = case.recipients[4]
    reached: list[str] = []

    def stall(recipient: str) -> float:
        if recipient != held:
            return 0.0
        reached.append(recipient)
        return AWAY_SECONDS

    features = ("8BITMIME",) if stage == "rcpt" else ("PIPELINING", "8BITMIME")
    first = Sink(features=features, stalls={stage: stall}).__enter__()
    victim = senders.start(first, case.tenant, connections=1)
    assert comes_true(lambda: bool(reached), 60), f"not reached: {HELD[stage]}"
    pause(0.3)
    senders.stop([victim])
    second = Sink(features=features).__enter__()
    return case, [first, second], "while reaping" if reaper else HELD[stage], (1, 1)


def _ended(sender: Sender) -> bool:
    return comes_true(lambda: not sender.lives, 60)


# --- F4 ------------------------------------------------------------------------------------------------------------

SLICE_SECONDS = 3


@fault("F4", "SIGTERM: rolling deploys during a run", n=3)
def deploys(lab: Lab, n: int) -> Result:
    """Tell those that send, workers and watch, to end, start others, and go on; nothing may be in doubt."""
    result = Result(0)
    case = lab.case()
    with Sink(pace=RUN_SECONDS * 8 / lab.recipients) as sink:
        with Stack(lab.home, sink.port, connections=4, SEND_SLICE_SECONDS=SLICE_SECONDS) as stack:
            for _ in range(n):
                before = len(sink.copies)
                if not comes_true(lambda: len(sink.copies) > before + 20, 60):  # noqa: B023
                    break
                stack.restart("send")
                stack.restart("watch")
                result.n += 1
            result.demand(lab.finish(case), "it didn't go on by itself")
        result.verdict.add(lab.judge(sink, case))
    return result
