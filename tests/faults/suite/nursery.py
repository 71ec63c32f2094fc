"""A process that has loaded the product and forks senders on request: `python -m tests.faults.suite.nursery`.

Each child is what a worker of the send queue is, without the queue: it drains, waits a moment, and drains again, until
it is killed. Forking costs milliseconds where starting costs seconds. One order is one line of JSON on standard input,
one answer the child's pid. Children end with their nursery, and the nursery with its standard input.
"""

import ctypes
import json
import os
import random
import signal
import sys
import time
import traceback
from typing import Any

import django

PAUSE_SECONDS = 0.1
SLICE_SECONDS = 20.0
PR_SET_PDEATHSIG = 1


def main() -> None:
    django.setup()
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(pid, flush=True)


def _load() -> None:
    """Import once, before forking, what every child needs."""
    import tests.faults.suite.stops  # noqa: F401


def _child(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    random.seed()
    try:
        _work(order)
    except Exception:  # noqa: BLE001 - its last words, before it ends whatever was to be tidied up
        traceback.print_exc()
    finally:
        os._exit(1)


def _work(order: dict[str, Any]) -> None:
    from django.conf import settings

    from tests.faults.suite.stops import POINTS

    for name, value in order["settings"].items():
        setattr(settings, name, value)
    if order["session"]:
        from delivery.senders.pipe import SESSION

        SESSION.update(order["session"])
    if order["stop"]:
        POINTS[order["stop"]]()
    if order["shift"]:
        import time_machine

        time_machine.travel(time.time() + order["shift"], tick=True).start()
    if order["task"]:
        name, args = order["task"]
        _run_task(name, args)
        os._exit(0)
    _drain_for_ever(order["tenants"])


def _run_task(name: str, args: list[int]) -> None:
    from connect.celery import app

    app.loader.import_default_modules()
    app.tasks[name](*args)


def _drain_for_ever(tenants: list[int]) -> None:
    from connect.core.models import Tenant
    from delivery.actions.drain import drain
    from delivery.senders.pipe import Lost

    while True:
        for tenant_id in tenants:
            try:
                drain(Tenant.objects.get(pk=tenant_id), until=time.monotonic() + SLICE_SECONDS)
            except Lost as error:
                print(f"lost: {error}", file=sys.stderr, flush=True)
            except django.db.Error as error:  # the task would fail, and the next one try again
                print(f"away: {error}", file=sys.stderr, flush=True)
                django.db.connections.close_all()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
