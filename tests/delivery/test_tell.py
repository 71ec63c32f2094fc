"""The log follows what wasn't plainly accepted, by a message's public id, and sums each drain up by run."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from connect.core.models import Department, Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.logs import mask_addresses
from delivery.actions.drain import drain
from delivery.actions.plan import plan_run
from delivery.models import Message
from delivery.senders import telling
from tests.delivery.factories import Cast, make_run
from tests.faults.receiver import Receiver, Step
from tests.plugins.database import TestServices

SCRIPT = {
    "c2@inbox.example": [Step("rcpt", "550 5.7.1 <c2@inbox.example>: not wanted")],
    "c3@inbox.example": [Step("data", "451 4.7.1 later")],
    "c4@inbox.example": [Step("content", drop=True)],
}


@pytest.fixture
def hand_over(
    committed_db: TestServices, tenant: Tenant, department: Department, settings: Any, now: datetime
) -> Callable[[], tuple[Cast, list[dict[str, Any]]]]:
    """Hand four messages over, three of which aren't accepted, and catch what the log gets."""

    def do() -> tuple[Cast, list[dict[str, Any]]]:
        cast = make_run(tenant, department, now=now, customers=4)
        assert plan_run(tenant, cast.run.pk, now=now)
        with Receiver(SCRIPT) as receiver, capture_logs() as logs:
            settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", receiver.port
            drain(tenant, until=time.monotonic() + 20)
        return cast, [dict(line) for line in logs]

    return do


def ids_of(cast: Cast) -> dict[str, str]:
    with open_tenant(cast.tenant):
        return {one.address.partition("@")[0]: str(one.public_id) for one in Message.objects.of(cast.tenant)}


def test_one_id_tells_what_became_of_a_message(hand_over: Callable[[], tuple[Cast, list[dict[str, Any]]]]) -> None:
    cast, logs = hand_over()
    ids = ids_of(cast)
    told = {(line["event"], line["message"], line["code"], line["log_level"]) for line in logs if "message" in line}
    assert told == {
        ("message.rejected", ids["c2"], "550 5.7.1", "info"),
        ("message.put_off", ids["c3"], "451 4.7.1", "info"),
        ("message.in_doubt", ids["c4"], "", "info"),
    }
    [done] = [line for line in logs if line["event"] == "drain.done"]
    assert {name: done[name] for name in ("run_id", "accepted", "rejected", "queued", "in_doubt")} == {
        "run_id": str(cast.run.public_id),
        "accepted": 1,
        "rejected": 1,
        "queued": 1,
        "in_doubt": 1,
    }


def test_at_debug_an_accepted_one_is_followed_too(
    hand_over: Callable[[], tuple[Cast, list[dict[str, Any]]]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=telling.__name__)
    cast, logs = hand_over()
    of_one = [line["event"] for line in logs if line.get("message") == ids_of(cast)["c1"]]
    assert of_one == ["message.permitted", "message.accepted"]


@pytest.mark.parametrize(
    ("reply", "logged"),
    [
        ("550 5.1.1 <kim.ohara@inbox.example>: no", "550 5.1.1 <…@inbox.example>: no"),
        ("550 no such user ana+x@shop.example here", "550 no such user …@shop.example here"),
        ("250 ok", "250 ok"),
    ],
)
def test_nobodys_address_stands_in_a_logged_reply(reply: str, logged: str) -> None:
    assert mask_addresses(None, "", {"reply": reply})["reply"] == logged
