"""Run goals one after the other, with the servers that they need, and show what came out."""

import os
from collections.abc import Sequence
from contextlib import ExitStack

from django.conf import settings
from django.core.management import call_command

from connect.embedded import services
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Goal, dumps


def run(goals: Sequence[Goal], scale: float) -> bool:
    """Measure goals; tell whether each is reached. The table and the lines of JSON go to standard output."""
    bench = Bench(scale)
    measured: list[tuple[Goal, Figure]] = []
    with ExitStack() as stack:
        if any(goal.needs_servers for goal in goals):
            if settings.IS_EMBEDDED:
                stack.enter_context(services(settings.HOME))
            call_command("migrate", database="owner", verbosity=0)
        for goal in goals:
            bench.say(f"{goal.id}: {goal.what} …")
            measured += [(goal, figure) for figure in goal.measure(bench)]
    print(f"\n{bench.cores} cores, load {os.getloadavg()[0]:.1f} at the end, scale {scale:g}")
    for goal, figure in measured:
        print(goal.row(figure))
    print()
    for goal, figure in measured:
        print(dumps(goal.line(figure)))
    return all(goal.line(figure)["ok"] for goal, figure in measured)
