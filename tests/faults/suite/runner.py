"""Run faults one after the other, each on emptied databases, and say what became of them."""

import logging
import sys
import time
import traceback

from django.conf import settings
from django.core.management import call_command

from connect import embedded
from tests.faults.suite import (  # noqa: F401 - importing enters the faults into the list
    chaos,
    clocks,
    kills,
    later,
    outages,
    people,
    queues,
    replies,
    restores,
    storage,
)
from tests.faults.suite.catalogue import FAULTS, Fault, Result
from tests.faults.suite.judge import Sabotage
from tests.faults.suite.lab import Lab


def run_all(only: list[str], *, n: int, recipients: int, sabotage: str) -> int:
    """Run them; 1 where one didn't hold, 0 where all did or can't be run here."""
    unknown = [name for name in only if name not in FAULTS]
    if unknown:
        print(f"no such fault: {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name in ("celery", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    lab = Lab(settings.HOME, recipients, n, Sabotage(sabotage) if sabotage else None)
    lab.start_servers()
    try:
        call_command("migrate", database="owner", verbosity=0)
        faults = sorted(FAULTS.values(), key=lambda each: int(each.id[1:]))
        done = [(each, *_run(lab, each)) for each in faults if not only or each.id in only]
    finally:
        lab.forget_connections()
        embedded.stop(settings.HOME)
    _table(done)
    return int(any(result.ok is False for _, result, _ in done))


def _run(lab: Lab, fault: Fault) -> tuple[Result, float]:
    began = time.monotonic()
    try:
        if fault.n:
            lab.clean()
        result = fault.run(lab, lab.n or fault.n)
    except Exception as error:  # noqa: BLE001 - one broken fault must not hide the others
        traceback.print_exc()
        result = Result(0)
        result.verdict.wrong.append(f"broke: {type(error).__name__}: {error}")
        lab.forget_connections()
    print(result.line(fault.id), flush=True)
    return result, time.monotonic() - began


def _table(done: list[tuple[Fault, Result, float]]) -> None:
    print(f"\n{'':4} {'':4} {'n':>5} {'value':>6}  {'s':>5}  what happens", file=sys.stderr)
    for fault, result, seconds in done:
        word = {True: "ok", False: "FAIL", None: "-"}[result.ok]
        value = "" if result.value is None else str(result.value)
        print(f"{fault.id:4} {word:4} {result.n:5} {value:>6}  {seconds:5.0f}  {fault.title}", file=sys.stderr)
        for line in [result.why_not] if result.why_not else _details(result):
            print(f"{'':30}{line}", file=sys.stderr)


def _details(result: Result) -> list[str]:
    wrong = result.verdict.wrong
    more = [f"… and {len(wrong) - 10} more"] if len(wrong) > 10 else []
    said = [f"lost: {', '.join(result.verdict.examples[:5])}"] if result.verdict.examples else []
    return [str(result.verdict), *result.notes, *said, *(f"! {line}" for line in wrong[:10]), *more]
