"""F21 to F27: what people do while a run is sending, and what was approved."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from django.db import connection
from django.test import Client

from campaigns.actions.launch import launch_campaign, start_due
from campaigns.actions.runs import do_cancel, do_pause, do_resume
from campaigns.models import Approval, Campaign, Run
from campaigns.states import ApprovalState, CampaignState
from connect.core.models import AuditEntry, Tenant
from connect.core.roles import Role
from connect.core.rows import new_public_id
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from content.models import Revision
from conversations.actions.customers import CustomerOf, make_customer
from conversations.actions.subscriptions import do_subscribe
from conversations.models import Conversation, Customer
from conversations.states import Channel
from delivery.actions.plan import plan_run
from delivery.tracking.links import LinkMaker
from suppression.actions.imports import import_entries
from suppression.actions.lists import ListFields, make_list
from suppression.reading import Defaults
from suppression.states import Reason, Scope
from tests.campaigns.factories import Stage, make_stage
from tests.delivery.factories import make_conversation, make_customers
from tests.factories import make_cast_member
from tests.faults.suite.catalogue import Result, fault
from tests.faults.suite.lab import Case, Lab, comes_true, suppress_all
from tests.faults.suite.senders import Senders, pause
from tests.faults.suite.sink import Sink

CONNECTIONS = 8
RUN_SECONDS = 12.0
#: A message whose permit was committed before a change may still go; it is on its way to the receiver for this long.
IN_FLIGHT_SECONDS = 1.0


def pace(lab: Lab) -> float:
    return RUN_SECONDS * CONNECTIONS / lab.recipients


def in_threads(count: int, what: Callable[[int], Any]) -> list[Any]:
    """Do something so often at once, each in a thread with a connection of its own; give results and errors."""

    def one(number: int) -> Any:
        try:
            return what(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def make_scene(lab: Lab) -> Stage:
    """Make what campaigns are built from, with customers in it."""
    tenant, department = lab.tenant()
    now = lab.now
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER, Role.ADMIN], now=now)
    approver = make_cast_member(tenant, "Amélie Tremblay", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER], now=now)
    with open_tenant(tenant):
        conversation = make_conversation(tenant, department, now=now)
        make_customers(tenant, conversation, 20, now=now)
    return make_stage(tenant, department, marketer, approver, conversation, now)


@fault("F21", "Launch clicked 50 times at once", n=50)
def many_launches(lab: Lab, n: int) -> Result:
    """Approve, launch and start at once in many threads: one run, one launch in the audit log."""
    result = Result(n)
    stage = make_scene(lab)
    campaign = stage.ask(stage.campaign())
    lab.forget_connections()
    # The last approval launches; the first click of them all wins, the others are told so.
    with open_tenant(stage.tenant):
        stage.approve(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.APPROVED, fires_at=None)
        before = AuditEntry.objects.filter(did="campaign.launched").count()
    answers = in_threads(
        min(n, 50), lambda _: launch_campaign(stage.tenant, campaign.public_id, by=stage.approver, now=stage.now)
    )
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    result.demand(not errors, f"{len(errors)} clicks failed: {errors[:1]}")
    result.demand(
        {answer.pk for answer in answers if not isinstance(answer, Exception)} == {campaign.pk}, "not the same"
    )
    in_threads(min(n, 50), lambda _: start_due(stage.tenant, now=stage.now))
    with open_tenant(stage.tenant):
        launched = AuditEntry.objects.filter(did="campaign.launched").count() - before
        runs = Run.objects.filter(campaign=campaign).count()
    result.demand(launched == 1, f"{launched} launches in the audit log")
    result.demand(runs == 1, f"{runs} runs")
    return result


# --- F22, F23 ------------------------------------------------------------------------------------------------------


@fault("F22", "1,000 random customers suppressed while sending", n=1_000)
def suppress_while_sending(lab: Lab, n: int) -> Result:
    """Suppress one after the other; whoever is named to the receiver well after the commit is a violation."""
    result = Result(0)
    case = lab.case(max(lab.recipients, 2 * n), traps=False)
    victims = random.sample(case.recipients, n)
    at: dict[str, float] = {}
    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        comes_true(lambda: bool(sink.copies), 60)
        for victim in victims:
            suppress_all(case.tenant, [victim], now=lab.now)
            at[victim] = time.monotonic()
        result.demand(lab.finish(case), "no end")
        _judge_late(lab, result, case, sink, at)
    return result


def _judge_late(lab: Lab, result: Result, case: Case, sink: Sink, at: dict[str, float]) -> None:
    """Hold the receiver's times against the moments from which somebody must get nothing."""
    lab.look_after(case)
    begun = {who: when for when, who in sink.begun()}
    has_copy = {receipt.recipient for receipt in sink.receipts(case.mark)}
    after = {who: begun[who] - moment for who, moment in at.items() if who in has_copy and begun[who] > moment}
    late = [who for who, seconds in after.items() if seconds > IN_FLIGHT_SECONDS]
    result.verdict.add(lab.judge(sink, case.expecting(ends=frozenset({"skipped"}))))
    result.verdict.to_suppressed += len(late)
    skipped_wrongly = [who for who, state in lab.books(case).items() if state == "skipped" and who not in at]
    result.demand(not skipped_wrongly, f"{len(skipped_wrongly)} skipped who weren't suppressed")
    result.n += len(at)
    result.notes.append(f"{len(after)} in flight, {len(at) - len(set(at) & has_copy)} stopped")


@fault("F23", "one-click unsubscribe storm, and a suppression list imported, while sending", n=400)
def unsubscribe_storm(lab: Lab, n: int) -> Result:
    """Post unsubscribes by the links of mail that was received, in threads; then import a list in one transaction."""
    result = Result(0)
    case = lab.case(max(lab.recipients, 4 * n), traps=False)
    with open_tenant(case.tenant):
        ids = dict(rows(Sql("SELECT address, id FROM delivery_message WHERE run_id = %s", (case.cast.run.pk,))))
    victims = random.sample(case.recipients, n)
    leaving, listed = victims[: n // 2], victims[n // 2 :]
    links = LinkMaker("", case.tenant.pk, case.cast.run.month)
    at: dict[str, float] = {}

    def leave(who: str) -> None:
        answer = Client(SERVER_NAME="localhost").post(links.of(ids[who]).unsubscribe, {"List-Unsubscribe": "One-Click"})
        result.demand(answer.status_code in {200, 302}, f"unsubscribing answered {answer.status_code}")
        at[who] = time.monotonic()

    def leave_all(some: list[str]) -> None:
        for who in some:
            leave(who)

    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        comes_true(lambda: bool(sink.copies), 60)
        in_threads(4, lambda number: leave_all(leaving[number::4]))
        before = len(sink.copies)
        _import(lab, case.tenant, listed)
        at |= dict.fromkeys(listed, time.monotonic())
        result.demand(lab.finish(case), "no end")
        begun = {who: when for when, who in sink.begun()}
        in_flight = [who for who in listed if who in begun and begun[who] > at[who]]
        result.demand(len(in_flight) <= CONNECTIONS, f"{len(in_flight)} copies after the import")
        result.notes.append(f"{before} copies before the import")
        _judge_late(lab, result, case, sink, at)
    return result


def _import(lab: Lab, tenant: Tenant, addresses: list[str]) -> None:
    admin = make_cast_member(tenant, "Ada Okafor", [Role.ADMIN], now=lab.now)
    made = make_list(tenant, ListFields("Complaints", Scope.TENANT), by=admin, now=lab.now)
    file = BytesIO("\n".join(["email", *addresses]).encode())
    import_entries(tenant, made.public_id, file, Defaults(Reason.MANUAL, "faults"), by=admin, now=lab.now)


# --- F24 -----------------------------------------------------------------------------------------------------------


@fault("F24", "paused, resumed and cancelled amid a run", n=6)
def stop_and_go(lab: Lab, n: int) -> Result:
    """After each commit at most one more copy a connection; after a cancel none, whoever is started again."""
    result = Result(0)
    case = lab.case()
    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        for number in range(n):
            before = len(sink.copies)
            if not comes_true(lambda: len(sink.copies) > before + 60, 60):  # noqa: B023
                break
            is_last = number == n - 1
            stop = do_cancel if is_last else do_pause
            stop(case.tenant, case.cast.run.pk, now=datetime.now(UTC))
            further = _further(sink)
            result.demand(further <= CONNECTIONS, f"{further} copies after {stop.__name__}")
            result.n += 1
            if not is_last:
                do_resume(case.tenant, case.cast.run.pk, now=datetime.now(UTC))
        lab.look_after(case)
        copies = len(sink.copies)
        senders.stop()
        lab.let_leases_end(case)
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        comes_true(lambda: not lab.unfinished(case), 30)
        lab.look_after(case)
        result.demand(len(sink.copies) == copies, f"{len(sink.copies) - copies} copies after a restart")
        result.demand(lab.run_state(case) == "cancelled", "it isn't cancelled")
        result.verdict.add(lab.judge(sink, case.expecting(ends=frozenset({"cancelled"}))))
    return result


def _further(sink: Sink) -> int:
    """Count the copies that begin from now on until nothing moves any more."""
    before = len(sink.begun())
    pause(2.0)
    return len(sink.begun()) - before


# --- F25, F26, F27 -------------------------------------------------------------------------------------------------


@fault("F25", "content, sender and audience edited while sending", n=3)
def edit_while_sending(lab: Lab, n: int) -> Result:
    """Change the identity, the audience and the content under a run; senders that start afterwards must not notice."""
    result = Result(0)
    case = lab.case()
    cast = case.cast
    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        for number in range(n):
            senders.start(sink, case.tenant, connections=CONNECTIONS)
            before = len(sink.copies)
            comes_true(lambda: len(sink.copies) > before + 60, 60)  # noqa: B023
            with open_tenant(case.tenant):
                _edit(cast.conversation, cast.campaign, cast.revision.content_id, number)
            senders.stop()
            result.n += 1
        lab.let_leases_end(case)
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        result.demand(lab.finish(case), "no end")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case.expecting(doubt=n * CONNECTIONS)))
        voices = {copy.message["From"] for copy in sink.copies}
        result.demand(voices == {"Northwind <news@northwind.example>"}, f"From was {sorted(map(str, voices))}")
    return result


def _edit(conversation: Conversation, campaign: Campaign, content_id: int, number: int) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(from_name=f"Other {number}", footer=f"Changed {number}")
    Campaign.objects.filter(pk=campaign.pk).update(name=f"Edited {number}", audience=None)
    latest = Revision.objects.filter(content_id=content_id).latest("number")
    latest.pk, latest.number = None, latest.number + 1
    latest.public_id, latest.hash, latest.subject = new_public_id(), new_public_id().hex * 2, f"[changed v{number}] x"
    latest.save()


@fault("F26", "approvals revoked, an approver stopped, content changed after approval", n=3)
def approvals_go(lab: Lab, n: int) -> Result:
    """What isn't approved as it is doesn't start; what loses its approval stops within one message a connection."""
    result = Result(0)
    stage = make_scene(lab)
    changed = stage.approve(stage.ask(stage.schedule(stage.campaign(), start="2030-03-05T19:00")))
    stage.revise("Changed after approval")
    fresh = stage.assign(stage.fresh(changed))
    started = start_due(stage.tenant, now=datetime(2030, 3, 5, 19, 0, tzinfo=UTC))
    with open_tenant(stage.tenant):
        runs = Run.objects.filter(campaign=changed).count()
    result.demand(not runs, f"content changed after approval started {runs} runs ({len(started)} due)")
    result.demand(stage.fresh(fresh).state == CampaignState.DRAFT, f"it is {stage.fresh(fresh).state}")
    result.n += 1
    case = lab.case()
    with lab.senders() as senders, Sink(pace=pace(lab)) as sink:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        for kind in ("launch", "content")[: max(1, n - 1)]:
            _revoke_and_restore(lab, result, case, sink, senders, kind)
        result.demand(lab.finish(case), "no end")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case))
    return result


def _revoke_and_restore(lab: Lab, result: Result, case: Case, sink: Sink, senders: Senders, kind: str) -> None:
    before = len(sink.copies)
    comes_true(lambda: len(sink.copies) > before + 60, 60)
    with open_tenant(case.tenant):
        Approval.objects.filter(campaign=case.cast.campaign, kind=kind).move(ApprovalState.WITHDRAWN)
    further = _further(sink)
    result.demand(further <= CONNECTIONS, f"{further} copies after the {kind} approval was revoked")
    result.n += 1
    with open_tenant(case.tenant):  # given again, as a person would by a new request
        Approval.objects.filter(campaign=case.cast.campaign, kind=kind).update(state=ApprovalState.APPROVED)


VARIANTS = (
    "ada.lovelace@inbox.example",
    "Ada.Lovelace@INBOX.example",
    " ada.lovelace@inbox.example ",
    "ADA.LOVELACE@inbox.example",
    "emil@bücher.example",
    "emil@xn--bcher-kva.example",
    "Emil@BÜCHER.example",
)


@fault("F27", "one mailbox under many spellings and customers", n=7)
def one_mailbox(lab: Lab, n: int) -> Result:
    """Make customers whose addresses are one mailbox by our normalisation, and send: one copy each."""
    result = Result(0)
    case = lab.case(40, traps=False, plan=False)
    admin = make_cast_member(case.tenant, "Ada Okafor", [Role.ADMIN, Role.MARKETER], now=lab.now)
    for number, variant in enumerate(VARIANTS[:n]):
        made = make_customer(case.tenant, CustomerOf(f"twin{number}", variant), by=admin, now=lab.now)
        conversation = case.cast.conversation.pk
        do_subscribe(case.tenant, made.pk, conversation, channel=Channel.EMAIL, source="faults", now=lab.now)
        result.n += 1
    with open_tenant(case.tenant):
        keys = set(Customer.objects.filter(external_id__startswith="twin").values_list("email_key", flat=True))
    result.demand(len(keys) == (1 if n < 5 else 2), f"{len(keys)} normalised addresses")
    assert plan_run(case.tenant, case.cast.run.pk, now=lab.now)
    everybody = case.expected.recipients | keys
    case = case.expecting(recipients=everybody, sum_of_states=len(everybody))
    with lab.senders() as senders, Sink() as sink:
        senders.start(sink, case.tenant, connections=CONNECTIONS)
        result.demand(lab.finish(case), "no end")
        lab.look_after(case)
        result.verdict.add(lab.judge(sink, case))
    return result
