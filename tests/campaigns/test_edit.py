"""What may be changed, by whom, and what a change does to approvals."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from audiences.actions.models import archive_audience, create_audience
from campaigns.actions.campaigns import (
    Choice,
    Information,
    archive_campaign,
    change_audience,
    change_information,
    copy_campaign,
    make_campaign,
)
from campaigns.actions.content import Assignment, assign_cells
from campaigns.models import Approval, Campaign, Cell, Edit
from campaigns.states import ApprovalState, CampaignState, StartKind
from connect.core.actions.members import GrantOf, add_member
from connect.core.errors import Forbidden, Invalid, StaleVersion, WrongState
from connect.core.models import AuditEntry, Department, Grant, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from segments.models import Segment
from tests.campaigns.factories import GERMANY, Stage, quiet

pytestmark = pytest.mark.django_db

LATER = "2026-03-05T19:00"


def information(stage: Stage, **values: Any) -> Information:
    return Information(
        **{"name": "Winter layers", "department": stage.department.public_id, "language": "en", **values}
    )


def snapshot(stage: Stage) -> list[Any]:
    """Everything of the app that a refusal must leave alone."""
    with open_tenant(stage.tenant):
        return [list(model.objects.order_by("pk").values()) for model in (Campaign, Cell, Edit, Approval, AuditEntry)]


# --- Information ---------------------------------------------------------------------------------------------------


def test_a_marketer_makes_a_draft(stage: Stage) -> None:
    wanted = information(
        stage, name="  Ski tune-up ", description="For skiers", tags=("#Holiday", "stores", "", "holiday")
    )
    made = make_campaign(stage.tenant, wanted, by=stage.marketer, now=stage.now)
    assert (made.name, made.description, made.tags, made.state) == (
        "Ski tune-up",
        "For skiers",
        ["holiday", "stores"],
        CampaignState.DRAFT,
    )
    assert made.created_by == stage.marketer
    with open_tenant(stage.tenant):
        assert AuditEntry.objects.filter(did="campaign.made", thing=made.public_id).count() == 1


BAD_INFORMATION: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no name": ({"name": "   "}, {"name"}),
    "a name of 121 characters": ({"name": "x" * 121}, {"name"}),
    "a line break in the name": ({"name": "a\nb"}, {"name"}),
    "a carriage return in the name": ({"name": "a\rBcc: b"}, {"name"}),
    "NUL in the name": ({"name": "a\x00b"}, {"name"}),
    "half a character": ({"name": "a\ud800"}, {"name"}),
    "a description of 241 characters": ({"description": "x" * 241}, {"description"}),
    "NUL in the description": ({"description": "a\x00"}, {"description"}),
    "no language": ({"language": ""}, {"language"}),
    "a language that isn't one": ({"language": "klingon"}, {"language"}),
    "a priority below nought": ({"priority": -1}, {"priority"}),
    "a priority over a hundred": ({"priority": 101}, {"priority"}),
    "a tag of 41 characters": ({"tags": ("x" * 41,)}, {"tags"}),
    "21 tags": ({"tags": tuple(f"t{number}" for number in range(21))}, {"tags"}),
    "a tag with a line break": ({"tags": ("a\nb",)}, {"tags"}),
    "a department that isn't there": ({"department": uuid4()}, {"department"}),
    "several at once": ({"name": "", "language": "?", "priority": 999}, {"name", "language", "priority"}),
}


@pytest.mark.parametrize("what", BAD_INFORMATION)
def test_bad_information_is_refused_by_field(stage: Stage, what: str) -> None:
    values, fields = BAD_INFORMATION[what]
    campaign = stage.campaign()
    before = snapshot(stage)
    with pytest.raises(Invalid) as refused:
        make_campaign(stage.tenant, information(stage, **values), by=stage.marketer, now=stage.now)
    assert set(refused.value.fields) == fields
    with pytest.raises(Invalid) as refused:
        change_information(
            stage.tenant,
            campaign.public_id,
            campaign.version,
            information(stage, **values),
            by=stage.marketer,
            now=stage.now,
        )
    assert set(refused.value.fields) == fields
    assert snapshot(stage) == before


def test_a_name_of_120_characters_is_kept(stage: Stage) -> None:
    made = make_campaign(stage.tenant, information(stage, name="x" * 120), by=stage.marketer, now=stage.now)
    assert len(made.name) == 120


def test_a_viewer_changes_nothing(stage: Stage, viewer: Member) -> None:
    campaign = stage.campaign()
    before = snapshot(stage)
    with pytest.raises(Forbidden, match="Marta Lindt"):
        make_campaign(stage.tenant, information(stage), by=viewer, now=stage.now)
    with pytest.raises(Forbidden):
        change_information(
            stage.tenant,
            campaign.public_id,
            campaign.version,
            information(stage, name="Mine"),
            by=viewer,
            now=stage.now,
        )
    with pytest.raises(Forbidden):
        stage.schedule(campaign, by=viewer)
    with pytest.raises(Forbidden):
        archive_campaign(stage.tenant, campaign.public_id, by=viewer, now=stage.now)
    with pytest.raises(Forbidden):
        copy_campaign(stage.tenant, campaign.public_id, by=viewer, now=stage.now)
    assert snapshot(stage) == before


def test_a_neighbours_campaign_is_missing(stage: Stage, neighbour: Tenant, stranger: Member) -> None:
    campaign = stage.campaign()
    before = snapshot(stage)
    with pytest.raises(Campaign.DoesNotExist):
        archive_campaign(neighbour, campaign.public_id, by=stranger, now=stage.now)
    with pytest.raises(Campaign.DoesNotExist):
        change_information(
            neighbour, campaign.public_id, campaign.version, information(stage), by=stranger, now=stage.now
        )
    assert snapshot(stage) == before


def test_a_member_of_another_department_doesnt_see_it(stage: Stage, now: datetime) -> None:
    campaign = stage.campaign()
    with open_tenant(stage.tenant):
        other = Department.objects.create(tenant=stage.tenant, name="Other")
        grants = [GrantOf(Role.MARKETER, other.public_id)]
        add_member(stage.tenant, email="o@northwind.example", name="Olga Other", grants=grants, by=None, now=now)
        olga = Member.objects.get(name="Olga Other")
    with pytest.raises(Campaign.DoesNotExist):
        archive_campaign(stage.tenant, campaign.public_id, by=olga, now=stage.now)
    with pytest.raises(Invalid, match="department"):
        make_campaign(stage.tenant, information(stage), by=olga, now=now)
    with pytest.raises(Forbidden):
        make_campaign(stage.tenant, information(stage), by=_may_look(stage, olga), now=now)


def _may_look(stage: Stage, member: Member) -> Member:
    """Let a marketer of another department look at this one."""
    with open_tenant(stage.tenant):
        Grant.objects.create(tenant=stage.tenant, member=member, role=Role.VIEWER, department=stage.department)
        return Member.objects.get(pk=member.pk)


def test_a_stale_save_is_refused_with_what_is_there(stage: Stage) -> None:
    campaign = stage.campaign()
    stage.schedule(campaign, quiet=quiet("22:00", "07:00"))
    before = snapshot(stage)
    with pytest.raises(StaleVersion) as refused:
        stage.schedule(campaign, quiet=quiet("20:00", "09:00"))
    assert refused.value.current.quiet_from == time(22)
    with pytest.raises(StaleVersion):
        stage.assign(campaign)
    assert snapshot(stage) == before


def test_each_save_counts_the_version_up(stage: Stage) -> None:
    campaign = stage.campaign()
    assert campaign.version == 3
    assert stage.schedule(campaign).version == 4


# --- Audience ------------------------------------------------------------------------------------------------------


def test_what_isnt_there_or_is_a_neighbours_cant_be_chosen(
    stage: Stage, neighbour: Tenant, neighbour_department: Department, stranger: Member
) -> None:
    theirs = create_audience(
        neighbour, by=None, name="Theirs", rule=GERMANY, department_id=neighbour_department.public_id, now=stage.now
    )
    campaign = stage.campaign()
    before = snapshot(stage)
    for wrong in (uuid4(), theirs.public_id):
        with pytest.raises(Invalid) as refused:
            stage.choose(campaign, conversation=wrong, audience=wrong, segmentation=wrong)
        assert set(refused.value.fields) == {"conversation", "audience", "segmentation"}
    assert snapshot(stage) == before


def test_an_archived_model_stays_chosen_but_isnt_offered_anew(stage: Stage) -> None:
    campaign = stage.campaign()
    archive_audience(stage.tenant, stage.audience.public_id, by=stage.marketer, now=stage.now)
    kept = stage.choose(campaign)
    assert kept.audience_id == stage.audience.pk
    other = make_campaign(stage.tenant, information(stage, name="Other"), by=stage.marketer, now=stage.now)
    with pytest.raises(Invalid) as refused:
        stage.choose(other)
    assert set(refused.value.fields) == {"audience"}


def test_another_segmentation_model_takes_the_content_of_its_segments_away(stage: Stage) -> None:
    campaign = stage.choose(stage.campaign(), segmentation=None)
    with open_tenant(stage.tenant):
        assert [(cell.segment_id, cell.language) for cell in Cell.objects.all()] == [(None, "en")]
    assert campaign.segmentation is None


# --- What a change does --------------------------------------------------------------------------------------------

Change = Callable[[Stage, Campaign], Campaign]
FINGERPRINTED: dict[str, Change] = {
    "language": lambda stage, campaign: change_information(
        stage.tenant,
        campaign.public_id,
        campaign.version,
        information(stage, language="fr"),
        by=stage.marketer,
        now=stage.now,
    ),
    "audience": lambda stage, campaign: stage.choose(campaign, audience=None),
    "segmentation": lambda stage, campaign: stage.choose(campaign, segmentation=None),
    "conversation": lambda stage, campaign: stage.choose(campaign, conversation=None),
    "start": lambda stage, campaign: stage.schedule(campaign, start=LATER),
    "quiet": lambda stage, campaign: stage.schedule(campaign, quiet=quiet("21:00", "08:00")),
    "rate": lambda stage, campaign: stage.schedule(campaign, rate_per_minute=600),
    "expiry": lambda stage, campaign: stage.schedule(campaign, expires_at=stage.now + timedelta(days=9)),
    "content": lambda stage, campaign: assign_cells(
        stage.tenant,
        campaign.public_id,
        campaign.version,
        [Assignment(None, "en", None)],
        by=stage.marketer,
        now=stage.now,
    ),
}


@pytest.mark.parametrize("what", FINGERPRINTED)
def test_a_change_of_a_fingerprinted_part_voids_and_makes_its_author(stage: Stage, what: str) -> None:
    campaign = stage.ask(stage.campaign())
    with open_tenant(stage.tenant):
        Edit.objects.all().delete()
    changed = FINGERPRINTED[what](stage, campaign)
    assert changed.state == CampaignState.DRAFT
    with open_tenant(stage.tenant):
        approvals = list(Approval.objects.values_list("state", "void_reason"))
        assert [state for state, _ in approvals] == [ApprovalState.VOIDED, ApprovalState.VOIDED]
        assert all(reason.startswith("Marta Lindt changed: ") for _, reason in approvals)
        assert set(Edit.objects.values_list("member", flat=True)) == {stage.marketer.pk}
        assert AuditEntry.objects.filter(did="approval.voided").count() == 1


def test_a_change_of_a_scheduled_campaign_takes_it_back(stage: Stage) -> None:
    campaign = stage.approve(stage.ask(stage.schedule(stage.campaign(), start=LATER)))
    assert campaign.state == CampaignState.SCHEDULED
    changed = stage.schedule(campaign, start="2026-03-05T20:00")
    assert (changed.state, changed.fires_at) == (CampaignState.DRAFT, None)


@pytest.mark.parametrize("values", [{"name": "Renamed"}, {"description": "Other"}, {"tags": ("x",)}, {"priority": 9}])
def test_what_sorts_a_campaign_voids_nothing(stage: Stage, values: dict[str, Any]) -> None:
    campaign = stage.ask(stage.campaign())
    with open_tenant(stage.tenant):
        Edit.objects.all().delete()
    changed = change_information(
        stage.tenant,
        campaign.public_id,
        campaign.version,
        information(stage, **values),
        by=stage.marketer,
        now=stage.now,
    )
    assert changed.state == CampaignState.IN_REVIEW
    with open_tenant(stage.tenant):
        assert set(Approval.objects.values_list("state", flat=True)) == {ApprovalState.ASKED}
        assert Edit.objects.count() == 0


def test_saving_the_same_again_voids_nothing(stage: Stage) -> None:
    campaign = stage.ask(stage.schedule(stage.campaign(), start=LATER))
    again = stage.assign(stage.choose(stage.schedule(campaign, start=LATER)))
    assert again.state == CampaignState.IN_REVIEW


def test_what_is_over_or_under_way_cant_be_changed(stage: Stage) -> None:
    campaign = stage.campaign()
    for state in (CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.CANCELLED):
        with open_tenant(stage.tenant):
            Campaign.objects.filter(pk=campaign.pk).update(state=state)
        before = snapshot(stage)
        with pytest.raises(WrongState):
            stage.schedule(campaign)
        assert snapshot(stage) == before


def test_an_expired_campaign_becomes_a_draft_by_a_new_time(stage: Stage) -> None:
    campaign = stage.campaign()
    with open_tenant(stage.tenant):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.EXPIRED)
    assert stage.schedule(campaign, start=LATER).state == CampaignState.DRAFT


# --- Copy and archive ----------------------------------------------------------------------------------------------


def test_a_copy_leaves_start_expiry_and_approvals_out(stage: Stage) -> None:
    campaign = stage.schedule(
        stage.campaign(), start=LATER, quiet=quiet("21:00", "08:00"), expires_at=stage.now + timedelta(days=9)
    )
    stage.ask(campaign)
    made = copy_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert (made.name, made.state, made.start_kind, made.start_at, made.expires_at) == (
        "Winter layers (copy)",
        CampaignState.DRAFT,
        StartKind.NOW,
        "",
        None,
    )
    assert (made.quiet_from, made.audience_id, made.created_by_id) == (time(21), stage.audience.pk, stage.marketer.pk)
    with open_tenant(stage.tenant):
        assert Approval.objects.filter(campaign=made).count() == 0
        assert Cell.objects.filter(campaign=made).count() == Cell.objects.filter(campaign=campaign).count() == 2


def test_a_copy_of_a_long_name_fits(stage: Stage) -> None:
    campaign = stage.campaign("x" * 120)
    made = copy_campaign(stage.tenant, campaign.public_id, by=stage.marketer, now=stage.now)
    assert made.name == "x" * 113 + " (copy)"


def test_a_draft_is_archived_and_one_in_review_is_not(stage: Stage) -> None:
    first, second = stage.campaign(), stage.ask(stage.campaign("Second"))
    assert archive_campaign(stage.tenant, first.public_id, by=stage.marketer, now=stage.now).state == "archived"
    with pytest.raises(WrongState):
        archive_campaign(stage.tenant, second.public_id, by=stage.marketer, now=stage.now)
    assert stage.fresh(second).state == CampaignState.IN_REVIEW


def test_a_segment_may_be_deleted_with_its_cells(stage: Stage) -> None:
    stage.campaign()
    with open_tenant(stage.tenant):
        Segment.objects.get().delete()
        assert list(Cell.objects.values_list("segment", flat=True)) == [None]


def test_nobody_chosen_is_a_choice_too(stage: Stage) -> None:
    made = make_campaign(stage.tenant, information(stage), by=stage.marketer, now=stage.now)
    chosen = change_audience(
        stage.tenant, made.public_id, 1, Choice(stage.conversation.public_id), by=stage.marketer, now=stage.now
    )
    assert (chosen.conversation_id, chosen.audience_id, chosen.segmentation_id) == (stage.conversation.pk, None, None)
