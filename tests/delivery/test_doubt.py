"""What is in doubt moves when two people say so, and not before; what may not go again stays."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from campaigns.actions.runs import do_cancel
from campaigns.models import Approval, Campaign, Run
from campaigns.states import ApprovalState
from connect.core.errors import Conflict, Forbidden, Invalid, WrongState
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.subscriptions import do_unsubscribe
from conversations.states import Channel
from delivery import doubts
from delivery.actions.doubt import confirm, propose, refuse
from delivery.actions.rounds import finish_runs
from delivery.actions.tracking import Visit, leave, note_open
from delivery.models import Chunk, DoubtProposal, Message
from delivery.states import DoubtVerdict
from delivery.tracking.tokens import Target
from tests.delivery.factories import Cast, make_run
from tests.delivery.test_show_delivery import count_chunks, settle
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db

Planned = Callable[..., Cast]
ClientOf = Callable[[Member], Client]
LOST = "server closed the connection"


@pytest.fixture
def doubted(planned: Planned, now: datetime) -> Cast:
    """A finished run of five: one accepted, one rejected, three in doubt."""
    cast = planned(5)
    settle(cast, "accepted", "c1@inbox.example")
    settle(cast, "rejected", "c2@inbox.example", code="554 5.7.1")
    for number in (3, 4, 5):
        settle(cast, "in_doubt", f"c{number}@inbox.example", reply=LOST)
    count_chunks(cast)
    finish_runs(cast.tenant, now=now)
    assert run_state(cast) == ("finished", "finished")
    return cast


def run_state(cast: Cast) -> tuple[str, str]:
    with open_tenant(cast.tenant):
        run = Run.objects.select_related("campaign").get(pk=cast.run.pk)
        return run.state, run.campaign.state


def states(cast: Cast) -> dict[str, str]:
    with open_tenant(cast.tenant):
        found = Message.objects.of(cast.tenant).filter(run_id=cast.run.pk).order_by("customer_id")
        return {message.address.partition("@")[0]: message.state for message in found}


def message_of(cast: Cast, name: str) -> Message:
    with open_tenant(cast.tenant):
        return Message.objects.of(cast.tenant).get(address=f"{name}@inbox.example")


def deeds(cast: Cast) -> list[tuple[str, str, int]]:
    with open_tenant(cast.tenant):
        entries = AuditEntry.objects.of(cast.tenant).filter(did__startswith="doubt.").order_by("id")
        return [(entry.did, entry.member_name, entry.details["messages"]) for entry in entries]


BEFORE = {"c1": "accepted", "c2": "rejected", "c3": "in_doubt", "c4": "in_doubt", "c5": "in_doubt"}


def test_a_proposal_moves_nothing(doubted: Cast, marketer: Member, now: datetime) -> None:
    made = propose(
        doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.RESEND, reason=" Relay log ", by=marketer, now=now
    )
    assert (made.reason, made.messages, made.state, made.message_id) == ("Relay log", 3, "proposed", None)
    assert states(doubted) == BEFORE
    assert run_state(doubted) == ("finished", "finished")
    assert deeds(doubted) == [("doubt.proposed", "Marta Lindt", 3)]


def test_two_people_write_off_all_of_a_run(doubted: Cast, marketer: Member, approver: Member, now: datetime) -> None:
    made = propose(
        doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.WRITE_OFF, reason="Arrived", by=marketer, now=now
    )
    done = confirm(doubted.tenant, made.public_id, by=approver, now=now)
    assert (done.state, done.messages, done.decided_by_id, done.decided_at) == ("confirmed", 3, approver.pk, now)
    assert states(doubted) == {**BEFORE, "c3": "written_off", "c4": "written_off", "c5": "written_off"}
    assert run_state(doubted) == ("finished", "finished")
    assert deeds(doubted) == [("doubt.proposed", "Marta Lindt", 3), ("doubt.confirmed", "Amélie Tremblay", 3)]


def test_two_people_resend_one_message_and_its_run_sends_again(
    doubted: Cast, marketer: Member, admin: Member, now: datetime
) -> None:
    message = message_of(doubted, "c4")
    made = propose(
        doubted.tenant,
        doubted.run.public_id,
        verdict=DoubtVerdict.RESEND,
        reason="Not in the relay's log",
        message_id=message.pk,
        by=marketer,
        now=now,
    )
    assert confirm(doubted.tenant, made.public_id, by=admin, now=now).messages == 1
    assert states(doubted) == {**BEFORE, "c4": "queued"}
    assert run_state(doubted) == ("sending", "sending")
    again = message_of(doubted, "c4")
    assert (again.pk, again.attempt_no, again.public_id) == (message.pk, 1, message.public_id)
    with open_tenant(doubted.tenant):
        [chunk] = Chunk.objects.of(doubted.tenant).filter(run_id=doubted.run.pk)
        assert chunk.next_at is not None
        assert (chunk.in_doubt, chunk.accepted, chunk.rejected) == (2, 1, 1)
        entry = AuditEntry.objects.get(did="doubt.confirmed")
        assert entry.details["message"] == str(message.public_id)
        assert entry.details["proposed_by"] == "Marta Lindt"
        assert AuditEntry.objects.filter(did="run.reopened", member=admin).count() == 1


def test_nobody_confirms_their_own(doubted: Cast, now: datetime) -> None:
    both = make_cast_member(doubted.tenant, "Eve Ryrole", list(Role), now=now)
    made = propose(doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.RESEND, reason="Sure", by=both, now=now)
    with pytest.raises(Forbidden):
        confirm(doubted.tenant, made.public_id, by=both, now=now)
    assert states(doubted) == BEFORE


@pytest.mark.parametrize("act", [confirm, refuse])
def test_a_marketer_and_a_viewer_dont_decide(
    doubted: Cast, marketer: Member, viewer: Member, now: datetime, act: Callable[..., DoubtProposal]
) -> None:
    other = make_cast_member(doubted.tenant, "Max Otter", [Role.MARKETER, Role.CONTENT_APPROVER], now=now)
    made = propose(
        doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.RESEND, reason="Sure", by=marketer, now=now
    )
    for member in (other, viewer):
        with pytest.raises(Forbidden):
            act(doubted.tenant, made.public_id, by=member, now=now)
    assert states(doubted) == BEFORE
    assert deeds(doubted) == [("doubt.proposed", "Marta Lindt", 3)]


def test_a_viewer_and_an_approver_dont_propose(doubted: Cast, viewer: Member, approver: Member, now: datetime) -> None:
    for member in (viewer, approver):
        with pytest.raises(Forbidden):
            propose(
                doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.WRITE_OFF, reason="x", by=member, now=now
            )
    assert deeds(doubted) == []


def test_a_refused_one_moves_nothing_and_makes_room_for_another(
    doubted: Cast, marketer: Member, approver: Member, now: datetime
) -> None:
    def again() -> DoubtProposal:
        return propose(
            doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.RESEND, reason="Sure", by=marketer, now=now
        )

    made = again()
    with pytest.raises(Conflict):
        again()
    assert refuse(doubted.tenant, made.public_id, by=approver, now=now).state == "refused"
    with pytest.raises(WrongState):
        confirm(doubted.tenant, made.public_id, by=approver, now=now)
    own = again()
    assert refuse(doubted.tenant, own.public_id, by=marketer, now=now).state == "withdrawn"
    assert states(doubted) == BEFORE
    assert [did for did, _who, _count in deeds(doubted)] == [
        "doubt.proposed",
        "doubt.refused",
        "doubt.proposed",
        "doubt.withdrawn",
    ]


def test_only_what_was_in_doubt_when_it_was_proposed_and_still_is_moves(
    doubted: Cast, marketer: Member, approver: Member, now: datetime
) -> None:
    made = propose(
        doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.WRITE_OFF, reason="Arrived", by=marketer, now=now
    )
    settle(doubted, "accepted", "c3@inbox.example", reply="evidence: opened")
    with open_tenant(doubted.tenant):
        later = "UPDATE delivery_message SET settled_at = now() + interval '1 minute' WHERE address = %s"
        run_sql(Sql(later, ("c5@inbox.example",)))
    assert confirm(doubted.tenant, made.public_id, by=approver, now=now).messages == 1
    assert states(doubted) == {**BEFORE, "c3": "accepted", "c4": "written_off"}


def test_nothing_of_a_cancelled_or_expired_campaign_goes_again(
    planned: Planned, marketer: Member, approver: Member, now: datetime
) -> None:
    cast = planned(1)
    settle(cast, "in_doubt", "c1@inbox.example", reply=LOST)
    with open_tenant(cast.tenant):
        run_sql(Sql("UPDATE delivery_chunk SET in_doubt = 1"))
    made = propose(cast.tenant, cast.run.public_id, verdict=DoubtVerdict.RESEND, reason="x", by=marketer, now=now)
    with open_tenant(cast.tenant):
        Campaign.objects.filter(pk=cast.campaign.pk).update(expires_at=now)
    with pytest.raises(Conflict):
        confirm(cast.tenant, made.public_id, by=approver, now=now)
    with open_tenant(cast.tenant):
        Campaign.objects.filter(pk=cast.campaign.pk).update(expires_at=None)
    do_cancel(cast.tenant, cast.run.pk, now=now)
    with pytest.raises(WrongState):
        confirm(cast.tenant, made.public_id, by=approver, now=now)
    assert states(cast) == {"c1": "in_doubt"}


def test_nothing_goes_again_without_standing_approvals(
    doubted: Cast, marketer: Member, approver: Member, now: datetime
) -> None:
    made = propose(doubted.tenant, doubted.run.public_id, verdict=DoubtVerdict.RESEND, reason="x", by=marketer, now=now)
    with open_tenant(doubted.tenant):
        Approval.objects.filter(campaign=doubted.campaign, kind="launch").update(state=ApprovalState.WITHDRAWN)
    with pytest.raises(Conflict):
        confirm(doubted.tenant, made.public_id, by=approver, now=now)
    assert states(doubted) == BEFORE


@pytest.mark.parametrize("reason", ["", "   ", "x" * 241, "a\x00b"])
def test_a_reason_is_asked_for(doubted: Cast, marketer: Member, now: datetime, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        propose(
            doubted.tenant,
            doubted.run.public_id,
            verdict=DoubtVerdict.WRITE_OFF,
            reason=reason,
            by=marketer,
            now=now,
        )
    assert list(refused.value.fields) == ["reason"]
    assert deeds(doubted) == []


def test_where_nothing_is_in_doubt_nothing_is_proposed(planned: Planned, marketer: Member, now: datetime) -> None:
    cast = planned(1)
    with pytest.raises(Conflict):
        propose(cast.tenant, cast.run.public_id, verdict=DoubtVerdict.WRITE_OFF, reason="x", by=marketer, now=now)
    with pytest.raises(Message.DoesNotExist):
        propose(
            cast.tenant,
            cast.run.public_id,
            verdict=DoubtVerdict.WRITE_OFF,
            reason="x",
            message_id=10**15,
            by=marketer,
            now=now,
        )


def test_after_72_hours_it_is_overdue(doubted: Cast) -> None:
    with open_tenant(doubted.tenant):
        run_sql(Sql("UPDATE delivery_message SET settled_at = now() - interval '73 hours' WHERE address LIKE 'c3%%'"))
        [found] = doubts.by_run(doubted.tenant, Sql("true"), now=datetime.now(UTC))
        assert (found.run_id, found.count, found.overdue) == (doubted.run.pk, 3, 1)
        assert datetime.now(UTC) - found.since > timedelta(hours=72)


@pytest.mark.parametrize("act", ["open", "leave", "leave again"])
def test_whoever_holds_the_mail_ends_its_doubt(doubted: Cast, now: datetime, act: str) -> None:
    message = message_of(doubted, "c4")
    target = Target(doubted.tenant.pk, message.month, message.pk)
    if act == "leave again":
        do_unsubscribe(
            doubted.tenant, message.customer_id, doubted.conversation.pk, channel=Channel.EMAIL, source="test", now=now
        )
    if act == "open":
        note_open(doubted.tenant, target, Visit("", ""), now=now)
    else:
        leave(doubted.tenant, target, source="page", wording="", now=now)
    assert states(doubted) == {**BEFORE, "c4": "accepted"}
    assert message_of(doubted, "c4").reply == f"evidence: {'opened' if act == 'open' else 'unsubscribed'}"


# --- The pages -----------------------------------------------------------------------------------------------------


def test_the_way_over_the_pages(doubted: Cast, marketer: Member, approver: Member, client_of: ClientOf) -> None:
    base = f"/t/{doubted.tenant.slug}/delivery"
    mine, theirs = client_of(marketer), client_of(approver)
    with open_tenant(doubted.tenant):
        run_sql(Sql("UPDATE delivery_message SET reason = 'restore', reply = '' WHERE address = 'c5@inbox.example'"))
    listed = mine.get(f"{base}/in-doubt/")
    assert "the database was restored from a backup" in listed.text
    assert f"{message_of(doubted, 'c3').public_id}@northwind.example" in listed.text
    form = f"{base}/runs/{doubted.run.public_id}/doubt/"
    assert f'href="{form}"' in listed.text
    assert "3 messages in doubt" in mine.get(form).text
    assert mine.post(form, {"verdict": "resend", "reason": ""}).status_code == 422
    assert mine.post(form, {"verdict": "resend", "reason": "Not in the log"}).status_code == 302
    assert mine.post(form, {"verdict": "resend", "reason": "Again"}).status_code == 409
    with open_tenant(doubted.tenant):
        made = DoubtProposal.objects.get()
    act = f"{base}/doubts/{made.public_id}/confirm/"
    assert act not in mine.get(f"{base}/in-doubt/").text
    assert mine.post(act).status_code == 403
    assert act in theirs.get(f"{base}/in-doubt/").text
    assert theirs.post(act).status_code == 302
    assert theirs.post(act).status_code == 409
    assert states(doubted) == {**BEFORE, "c3": "queued", "c4": "queued", "c5": "queued"}
    assert "Confirmed" in theirs.get(f"{base}/in-doubt/").text


def test_one_message_is_decided_about_by_its_cursor(doubted: Cast, marketer: Member, client_of: ClientOf) -> None:
    page = client_of(marketer)
    listed = page.get(f"/t/{doubted.tenant.slug}/delivery/in-doubt/").text
    link = listed.partition("doubt/?message=")[2].partition('"')[0]
    form = f"/t/{doubted.tenant.slug}/delivery/runs/{doubted.run.public_id}/doubt/"
    assert "c5@inbox.example" in page.get(form, {"message": link}).text
    assert page.get(form, {"message": "x" * 22}).status_code == 404
    assert page.post(form, {"verdict": "write_off", "reason": "Seen", "message": link}).status_code == 302
    with open_tenant(doubted.tenant):
        assert DoubtProposal.objects.get().message_id == message_of(doubted, "c5").pk


def test_a_neighbours_doubt_is_a_missing_page(
    doubted: Cast,
    neighbour: Tenant,
    neighbour_department: Department,
    admin: Member,
    client_of: ClientOf,
    now: datetime,
) -> None:
    theirs = make_run(neighbour, neighbour_department, now=now, customers=1)
    stranger = make_cast_member(neighbour, "Sam Ryrole", list(Role), now=now)
    with open_tenant(neighbour):
        proposal = DoubtProposal.objects.create(
            tenant=neighbour,
            run_id=theirs.run.pk,
            verdict="resend",
            reason="x",
            proposed_by=stranger,
            proposed_at=now,
            up_to=now,
        )
    page, base = client_of(admin), f"/t/{doubted.tenant.slug}/delivery"
    values = {"verdict": "resend", "reason": "x"}
    assert page.post(f"{base}/runs/{theirs.run.public_id}/doubt/", values).status_code == 404
    assert page.post(f"{base}/doubts/{proposal.public_id}/confirm/").status_code == 404
    assert page.post(f"{base}/doubts/{uuid4()}/refuse/").status_code == 404
    with open_tenant(neighbour):
        assert rows(Sql("SELECT state FROM delivery_doubtproposal")) == [("proposed",)]
