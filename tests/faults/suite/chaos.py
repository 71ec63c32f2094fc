"""F33: everything at once, in a short form."""

import random
import threading

from tests.faults.receiver import Step
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import REAPED_SECONDS, Lab, comes_true
from tests.faults.suite.queues import client
from tests.faults.suite.senders import pause
from tests.faults.suite.sink import Sink
from tests.faults.suite.stack import Stack, family

CONNECTIONS = 8
RUN_SECONDS = 40.0


@fault("F33", "two beats, workers, kills, lost queues and refusals at once (short)", n=10)
def all_at_once(lab: Lab, n: int) -> Result:
    """Kill processes that send, empty Redis and refuse for now, over one run that is twice as large as usual."""
    result = Result(0)
    case = lab.case(2 * lab.recipients)
    soft = case.recipients[::20]
    script = {who: [Step(("rcpt", "data", "content")[at % 3], "451 4.7.1 later")] for at, who in enumerate(soft)}
    over = threading.Event()
    with Sink(script=script, pace=RUN_SECONDS * 2 * CONNECTIONS / (2 * lab.recipients)) as sink:
        with Stack(lab.home, sink.port, connections=CONNECTIONS, beats=2, SEND_SLICE_SECONDS=4) as stack:
            comes_true(lambda: bool(sink.copies), 60)
            flusher = threading.Thread(target=_flush, args=(lab, over))
            flusher.start()
            while result.n < n and lab.unfinished(case) > len(soft):
                pause(random.uniform(0.5, 2.5))
                result.n += _kill_a_sender(stack)
            over.set()
            flusher.join()
            comes_true(lambda: lab.unfinished(case) <= len(soft), REAPED_SECONDS + 60, every=0.5)
            ended = False
            for _ in range(6):
                lab.let_waits_end(case)
                ended = ended or lab.finish(case, seconds=20)
            result.demand(ended, "it didn't go on by itself")
        result.verdict.add(lab.judge(sink, case.expecting(doubt=CONNECTIONS * result.n)))
    return result


def _flush(lab: Lab, over: threading.Event) -> None:
    with client(lab) as connection:
        while not over.wait(2):
            connection.flushall()


def _kill_a_sender(stack: Stack) -> int:
    """Kill one process of the worker that sends; the worker starts another one."""
    children = family(stack.running["send"].pid)[:-1]
    if not children:
        return 0
    random.choice(children).kill()
    return 1
