"""Bells that a floor rings for work upstairs: names and ids only, after commit, harmless when lost.

`connect/wiring.py` says which task answers which bell; an unwired bell stops start-up.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from django.db import transaction


class Bell(StrEnum):
    """What can be rung for, with the id of a member, an import, a key, a campaign, a run or a relay. At most eight."""

    MEMBER_INVITED = "member_invited"
    IMPORT_UPLOADED = "import_uploaded"
    SUPPRESSIONS_UPLOADED = "suppressions_uploaded"
    KEY_CHECK_ASKED = "key_check_asked"
    CAMPAIGN_DUE = "campaign_due"
    RUN_STARTED = "run_started"
    SEND_DUE = "send_due"
    RELAY_TRIAL_ASKED = "relay_trial_asked"


Answer = Callable[[int, int], object]

_answers: dict[Bell, Answer] = {}


def wire(answers: Mapping[Bell, Answer]) -> None:
    """Set the one answer of every bell. Called once, by `connect/wiring.py`.

    Errors: LookupError naming bells without an answer.
    """
    missing = [bell.value for bell in Bell if bell not in answers]
    if missing:
        raise LookupError(f"unwired hand-offs: {', '.join(missing)}")
    _answers.clear()
    _answers.update(answers)


def ring(bell: Bell, tenant_id: int, thing_id: int) -> None:
    """Ring after the transaction commits. The row is the promise: a lost bell only costs time."""
    answer = _answers[bell]

    def rung() -> None:
        # Django logs a failure by the function's name, which a partial hasn't.
        answer(tenant_id, thing_id)

    transaction.on_commit(rung, robust=True)
