"""F11 to F16: what receivers say, and what they don't."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.tracking import Visit, follow
from delivery.tracking.tokens import Target
from tests.faults.receiver import Step
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import Case, Lab, comes_true
from tests.faults.suite.sink import Sink

CONNECTIONS = 8
STAGES = ("rcpt", "data", "content")
#: The least that a message waits after its first proven refusal.
LEAST_WAIT_SECONDS = 40


def drain_until_settled(lab: Lab, case: Case, sink: Sink, rounds: int = 8) -> None:
    """Have a sender work, letting the time of waits pass between, until nothing is left."""
    with lab.senders() as senders:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        for _ in range(rounds):
            if comes_true(lambda: not _due(case), 60) and not lab.unfinished(case):
                return
            lab.let_waits_end(case)
            _forget_pauses(case)


def _due(case: Case) -> int:
    """Count messages that could go now."""
    asked = Sql(
        "SELECT count(*) FROM delivery_message WHERE run_id = %s"
        " AND (state = 'sending' OR state = 'queued' AND not_before <= now())",
        (case.cast.run.pk,),
    )
    with open_tenant(case.tenant):
        return int(rows(asked)[0][0])


def _forget_pauses(case: Case) -> None:
    """Let the time of receivers' pauses pass."""
    with open_tenant(case.tenant):
        rows(Sql("UPDATE delivery_pace SET slow_until = NULL, level = 0 WHERE slow_until IS NOT NULL RETURNING 1"))


def column(case: Case, what: str, among: Sequence[str]) -> list[str]:
    """Read one expression over the messages to these addresses."""
    asked = Sql(
        f"SELECT ({what})::text FROM delivery_message WHERE run_id = %s AND address = ANY (%s) ORDER BY address",
        (case.cast.run.pk, list(among)),
    )
    with open_tenant(case.tenant):
        return [str(value) for (value,) in rows(asked)]


@fault("F11", "421, 450, 451 at connect, MAIL, RCPT, DATA and the final dot", n=60)
def put_off(lab: Lab, n: int) -> Result:
    """Refuse for now at each stage; nobody may get two, all must get one, and none before its wait is over."""
    result = Result(0)
    case = lab.case(max(400, 6 * n))
    chosen = case.recipients[::4][:n]
    codes = ("421 4.3.2 busy", "450 4.2.0 later", "451 4.7.1 come back later")
    script = {who: [Step(STAGES[at % 3], codes[at // 3 % 3])] for at, who in enumerate(chosen)}
    answers = {"greeting": ["421 4.3.2 not now"] * 3, "mail": ["450 4.3.2 busy", "451 4.3.0 later"]}
    with Sink(script=script, answers=answers) as sink:
        with lab.senders() as senders:
            first = senders.start(sink, case.tenant, connections=CONNECTIONS)
            comes_true(lambda: not _due(case), 90)
            waits = column(case, "not_before > now() AND not_before > settled_at + interval '40 s'", chosen)
            states = column(case, "state || ' ' || code", chosen)
            senders.stop([first])
        early = sum(
            1 for state, wait in zip(states, waits, strict=True) if state.startswith("queued 4") and wait != "true"
        )
        result.demand(not early, f"{early} wait less than {LEAST_WAIT_SECONDS} s")
        # A refused MAIL may have stood before some of them, whose own refusal then comes with the next attempt.
        drain_until_settled(lab, case, sink)
        result.n = len(chosen) + 5
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case))
    return result


@fault("F12", "5xx at each stage", n=60)
def refused(lab: Lab, n: int) -> Result:
    """Refuse for good: rejected with its code, a dead mailbox suppressed once, and everybody else reached."""
    result = Result(0)
    case = lab.case(max(1_000, 12 * n), traps=False)
    chosen = case.recipients[::10][:n]
    dead = set(chosen[::10])
    words = {who: "550 5.1.1 no such user" if who in dead else "554 5.7.1 not wanted" for who in chosen}
    script = {who: [Step("rcpt" if who in dead else STAGES[at % 3], words[who])] for at, who in enumerate(chosen)}
    with Sink(script=script) as sink:
        drain_until_settled(lab, case, sink)
        lab.look_after(case)
        result.n = len(chosen)
        result.verdict.add(lab.judge(sink, case.expecting(ends=frozenset({"rejected"}))))
    found = dict(zip(sorted(chosen), column(case, "state || ' ' || code", chosen), strict=True))
    others = set(case.recipients) - set(chosen)
    result.demand(
        len({copy.recipient for copy in sink.receipts(case.mark)} & others) == len(others), "others were lost"
    )
    for who in chosen:
        result.demand(found[who] == f"rejected {words[who][:9]}", f"{who}: {found[who]}")
    with open_tenant(case.tenant):
        entries = rows(Sql("SELECT value FROM suppression_entry WHERE reason = 'hard_bounce' ORDER BY value"))
    result.demand([value for (value,) in entries] == sorted(dead), f"{len(entries)} suppressed, not {len(dead)}")
    return result


STALL_SECONDS = 30.0
HEALTHY_SHARE = 0.9


@fault("F13", "tarpit: one domain answers nothing on 354 and on the final dot", n=2)
def tarpit(lab: Lab, n: int) -> Result:
    """Send to a healthy domain alone, then beside one that stalls; the healthy one must get on nearly as fast."""
    result = Result(0)
    usual = _healthy_rate(lab, result, "")
    for stage in ("data", "content")[:n]:
        rate = _healthy_rate(lab, result, stage)
        result.n += 1
        result.notes.append(f"stalls at {stage}: healthy domain {rate:.0f}/s, {usual:.0f}/s without the tarpit")
        result.demand(rate >= usual * HEALTHY_SHARE, f"{stage}: the healthy domain got {rate / usual:.0%} of its rate")
    return result


def _healthy_rate(lab: Lab, result: Result, stage: str) -> float:
    """Send, and tell how many copies a second the healthy domain got from its first to its last."""
    where = lab.tenant()
    slow = lab.case(60, within=where, traps=False, domain="tarpit.example") if stage else None
    healthy = lab.case(within=where, traps=False)
    stalls = {stage: lambda who: STALL_SECONDS if who.endswith("@tarpit.example") else 0.0} if stage else {}
    with lab.senders() as senders, Sink(stalls=stalls, pace=0.01) as sink:
        senders.start(sink, where[0], connections=CONNECTIONS)
        result.demand(
            comes_true(lambda: len(sink.receipts(healthy.mark)) >= len(healthy.recipients), 120),
            f"{stage or 'usual'}: {len(sink.receipts(healthy.mark))} healthy copies in two minutes",
        )
        times = [at for at, copy in zip(sink.times(), sink.copies, strict=False) if "tarpit" not in copy.recipient]
        began, count = (times[0], len(times)) if times else (0.0, 1)
        times = times or [1e9]
        if slow:
            comes_true(lambda: lab.states(slow)["sending"] == 0, STALL_SECONDS * 2)
            senders.stop()
            lab.let_leases_end(slow)
            # What is left of the slow domain isn't waited for: it would take minutes, as it should.
        comes_true(lambda: not lab.unfinished(healthy), 60)
        result.verdict.add(lab.judge(sink, healthy))
        if slow:
            receipts = sink.receipts(slow.mark)
            result.demand(len({each.recipient for each in receipts}) == len(receipts), "duplicates at the slow domain")
    return (count - 1) / max(0.001, times[-1] - began)


@fault("F14", "the server takes the content and drops before it answers", n=1_000)
def drops_before_answer(lab: Lab, n: int) -> Result:
    """Drop every time: as many copies as messages, all in doubt, none again; a click then ends a doubt."""
    result = Result(n)
    case = lab.case(n, traps=False)
    with Sink(script={who: [Step("content", drop=True)] for who in case.recipients}) as sink:
        drain_until_settled(lab, case, sink, rounds=30)
        lab.let_waits_end(case)
        with lab.senders() as senders:
            senders.start(sink, case.tenant, connections=CONNECTIONS)
            time.sleep(3)
        lab.look_after(case)
        found = lab.judge(sink, case.expecting(doubt=n))
        result.verdict.add(found)
        result.demand(found.in_doubt == n, f"{found.in_doubt} in doubt, not {n}")
        result.demand(len(sink.receipts()) == n, f"{len(sink.receipts())} copies, not {n}")
    clicked = case.recipients[:10]
    for message_id in column(case, "id", clicked):
        target = Target(case.tenant.pk, case.cast.run.month, int(message_id), 0)
        follow(case.tenant, target, Visit("", "a person"), now=datetime.now(UTC))
    states = set(column(case, "state", clicked))
    result.demand(states == {"accepted"}, f"a click leaves {states}")
    result.notes.append("evidence by clicks alone: receipts by DSN and webhook aren't built")
    return result


@fault("F15", "the server drops amid the content", n=200)
def drops_amid_content(lab: Lab, n: int) -> Result:
    """Drop for some: nobody of them has a copy, all of them are in doubt, as nothing can be proven."""
    result = Result(0)
    case = lab.case(max(400, 4 * n), traps=False)
    chosen = case.recipients[::3][:n]
    with Sink(script={who: [Step("body", drop=True)] for who in chosen}) as sink:
        drain_until_settled(lab, case, sink, rounds=30)
        lab.look_after(case)
        result.n = len(chosen)
        found = lab.judge(sink, case.expecting(doubt=len(chosen)))
        result.verdict.add(found)
        copies = {receipt.recipient for receipt in sink.receipts(case.mark)}
        result.demand(not copies & set(chosen), "a dropped one has a copy")
        result.demand(found.in_doubt == len(chosen), f"{found.in_doubt} in doubt, not {len(chosen)}")
    return result
