"""CPU time: of a loop, of a process with everything below it, and of everybody else on the machine."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil


def cpu_seconds_per_call(call: Callable[[], object], *, calls: int) -> float:
    """Measure the CPU time of one call in this process."""
    call()
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls


def seconds_per_call(call: Callable[[], object], *, calls: int) -> float:
    """Measure the time of one call by the clock."""
    call()
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def tree_cpu_seconds(pids: Iterable[int]) -> float:
    """Sum the CPU time of processes, their children, and the children that they have outlived."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            for process in [top, *top.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_cpu_seconds() -> float:
    """Read how long all cores of the machine have worked, by whomever."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)
