"""A receiver that wants to be spared, or says nothing, holds up itself alone; judged by the receiver's log."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from connect.core.models import Department, Tenant
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.actions.plan import plan_run
from delivery.models import Chunk, Pace
from delivery.senders.engine import Tally
from tests.delivery.factories import Cast, make_conversation, make_customers, make_run
from tests.faults.conftest import Senders, let_waits_end, states
from tests.faults.receiver import Receiver, Step, wait_until
from tests.plugins.database import TestServices

SendTo = Callable[..., Tally]


class Silent(Receiver):
    """Answers nothing to recipients at one domain until the test is over."""

    async def hold_up(self, stage: str, recipient: str) -> None:
        """Put off the answer to RCPT."""
        await super().hold_up(stage, recipient)
        if stage == "rcpt" and recipient.endswith("@silent.example"):
            await self._stop.wait()


def mixed(tenant: Tenant, department: Department, now: datetime, **domains: int) -> Cast:
    """Plan a run to so many people at each domain; `_` stands for a dot."""
    with open_tenant(tenant):
        conversation = make_conversation(tenant, department, now=now)
        for name, count in domains.items():
            make_customers(tenant, conversation, count, now=now, prefix=f"{name[:2]}", domain=name.replace("_", "."))
    cast = make_run(tenant, department, now=now, conversation=conversation)
    assert plan_run(tenant, cast.run.pk, now=now)
    return cast


def test_chunks_hold_one_lane_or_all_that_have_none(
    committed_db: TestServices, tenant: Tenant, department: Department, now: datetime
) -> None:
    with open_tenant(tenant):
        Pace.objects.create(tenant=tenant, kind="domain", key="big.example", per_minute=60)
    cast = mixed(tenant, department, now, gmail_com=250, googlemail_com=3, big_example=2, small_example=2, x_example=1)
    with open_tenant(tenant):
        found = Counter(dict.fromkeys(["google", "big.example", ""], 0))
        for chunk in Chunk.objects.of(tenant).filter(run_id=cast.run.pk):
            found[chunk.lane] += chunk.total
    assert found == {"google": 253, "big.example": 2, "": 3}


def test_a_receiver_that_puts_off_pauses_alone(
    committed_db: TestServices, tenant: Tenant, department: Department, now: datetime, send_to: SendTo
) -> None:
    cast = mixed(tenant, department, now, strict_example=40, easy_example=40)
    put_off = {f"st{number}@strict.example": [Step("rcpt", "450 4.7.1 slow down")] for number in range(1, 41)}
    with Receiver(script=put_off) as receiver:
        send_to(receiver, cast)
        asked = {command for _, command in receiver.commands if command.startswith("RCPT") and "strict" in command}
        assert receiver.per_recipient() == Counter(f"ea{number}@easy.example" for number in range(1, 41))
    assert states(cast) == {"accepted": 40, "queued": 40}
    assert len(asked) <= 3 + 4, "three answers, and what was under way"
    with open_tenant(tenant):
        [pace] = Pace.objects.of(tenant)
        assert (pace.kind, pace.key, pace.level, pace.said) == ("domain", "strict.example", 1, "450 4.7.1 slow down")


def test_a_pause_holds_for_other_senders_and_ends(
    committed_db: TestServices, tenant: Tenant, department: Department, now: datetime, send_to: SendTo
) -> None:
    cast = mixed(tenant, department, now, gmail_com=20, easy_example=5)
    with open_tenant(tenant):
        run_sql(
            Sql(
                "INSERT INTO delivery_pace (tenant_id, kind, key, day_count, level, slow_until)"
                " VALUES (%s, 'domain', 'google', 0, 1, now() + interval '1 hour')",
                (tenant.pk,),
            )
        )
    with Receiver() as receiver:
        tally = send_to(receiver, cast)
        assert tally.exhausted
        assert receiver.per_recipient() == Counter(f"ea{number}@easy.example" for number in range(1, 6))
        with open_tenant(tenant):
            Pace.objects.of(tenant).update(slow_until=None)
        let_waits_end(cast)
        send_to(receiver, cast)
        assert len(receiver.copies) == 25
    assert states(cast) == {"accepted": 25}


def test_a_silent_receiver_keeps_no_connection_from_the_others(
    committed_db: TestServices,
    tenant: Tenant,
    department: Department,
    now: datetime,
    senders: Callable[..., Senders],
) -> None:
    cast = mixed(tenant, department, now, silent_example=30, easy_example=300)
    with Silent() as receiver:
        group = senders(receiver, connections=4)
        group.start(tenant)
        easy = Counter(f"ea{number}@easy.example" for number in range(1, 301))
        wait_until(lambda: receiver.per_recipient() == easy)
        group.stop()
    assert states(cast)["in_doubt"] == 0
