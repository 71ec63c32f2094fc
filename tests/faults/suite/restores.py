"""F30: the database is taken back to an earlier state while senders are at work."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from connect.core import fence
from connect.dumps import Restored, back_up, restore
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import Case, Lab, comes_true
from tests.faults.suite.replies import column
from tests.faults.suite.senders import pause
from tests.faults.suite.sink import Sink

SENDERS = 2
CONNECTIONS = 8
RUN_SECONDS = 30.0
#: So long nothing may leave behind the closed fence, while senders try again ten times a second.
CLOSED_SECONDS = 5.0
LATER_CUSTOMERS = 20


@fault("F30", "the database restored to an earlier state while senders work", n=2)
def restored_at_work(lab: Lab, n: int) -> Result:
    """Back up amid a run and restore later in it: nothing leaves until the outer number follows, and nothing twice."""
    result = Result(0)
    for _ in range(n):
        with TemporaryDirectory() as folder:
            try:
                _restore_amid(lab, result, Path(folder))
            finally:
                settings.SEND_EPOCH = fence.FIRST
        lab.clean()
    return result


def _restore_amid(lab: Lab, result: Result, folder: Path) -> None:
    outer = folder / "send_epoch"
    outer.write_text(f"{fence.FIRST}\n")
    # Ours stands in the environment, so that a restore can't let it follow; the senders' stands in a file.
    settings.SEND_EPOCH = fence.FIRST
    where = lab.tenant()
    case = lab.case(within=where)
    with lab.senders() as senders, Sink(pace=RUN_SECONDS * SENDERS * CONNECTIONS / lab.recipients) as sink:
        for _ in range(SENDERS):
            senders.start(sink, case.tenant, connections=CONNECTIONS, SEND_EPOCH=0, SEND_EPOCH_FILE=str(outer))
        comes_true(lambda: len(sink.copies) >= lab.recipients // 10, 60)
        back_up(folder / "backup")
        reached = len(sink.copies) + lab.recipients // 10
        comes_true(lambda: len(sink.copies) >= reached, 60)
        done = restore(folder / "backup", now=datetime.now(UTC))
        lab.forget_connections()
        before = len(sink.copies)
        pause(CLOSED_SECONDS)
        leaked = len(sink.copies) - before
        result.demand(not leaked, f"{leaked} copies behind the closed fence")
        result.n += before < len(case.recipients)
        settings.SEND_EPOCH = done.epoch
        later = lab.case(LATER_CUSTOMERS, within=where, traps=False)
        outer.write_text(f"{done.epoch}\n")
        result.demand(lab.finish(later, seconds=60), "nothing leaves behind the open fence")
        result.demand(len(sink.receipts(case.mark)) == before, "the restored run went on by itself")
        _hold_against(lab, result, case, done)
        result.verdict.add(lab.judge(sink, case.expecting(doubt=done.fenced.messages), later))
    lab.as_superuser(f'DROP DATABASE "{done.kept}" WITH (FORCE)')


def _hold_against(lab: Lab, result: Result, case: Case, done: Restored) -> None:
    doubtful = [who for who, state in lab.books(case).items() if state == "in_doubt"]
    reasons = set(column(case, "reason", doubtful))
    result.demand(reasons == {"restore"}, f"in doubt for {sorted(reasons)}")
    result.demand(len(doubtful) == done.fenced.messages, f"{len(doubtful)} in doubt, {done.fenced.messages} told")
    result.demand(not lab.unfinished(case), "some of the restored run still wait")
