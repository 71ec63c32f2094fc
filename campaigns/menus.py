"""What may be done to a campaign, by its state: the row's menu in the list and the buttons of its page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.queries import EDITABLE
from campaigns.states import CampaignState
from connect.core.formats import number
from connect.core.models import Member
from connect.core.roles import Role


@dataclass(frozen=True)
class Act:
    """One thing to do. `dialog` asks first, on the campaign's page; else it is a form or a link by its name."""

    name: str
    label: str
    note: str = ""
    dialog: bool = False
    danger: bool = False


def menu_of(member: Member, campaign: Campaign, waiting: int | None) -> list[Act]:
    """List what a member may do, what asks for a word first included. `waiting` are the messages that may still go."""
    if not member.may(Role.MARKETER, campaign.department_id):
        return []
    state = CampaignState(campaign.state)
    return [act for states, act in _acts(waiting) if state in states]


def _acts(waiting: int | None) -> list[tuple[frozenset[CampaignState], Act]]:
    running = frozenset({CampaignState.SENDING, CampaignState.PAUSED})
    planned = frozenset({CampaignState.SCHEDULED, CampaignState.HELD})
    goes_on = _messages(
        waiting, "%(count)s message goes on where it stopped", "%(count)s messages go on where they stopped"
    )
    stops = _messages(waiting, "Stop %(count)s message", "Stop %(count)s messages")
    return [
        (EDITABLE, Act("information", _("Change"))),
        (
            frozenset({CampaignState.SENDING}),
            Act("pause", _("Pause…"), _("Nothing more leaves until it goes on"), dialog=True),
        ),
        (frozenset({CampaignState.PAUSED}), Act("resume", _("Resume…"), goes_on, dialog=True)),
        (frozenset(CampaignState), Act("copy", _("Copy"), _("Without schedule and approvals"))),
        (
            frozenset(
                {
                    CampaignState.DRAFT,
                    CampaignState.FINISHED,
                    CampaignState.CANCELLED,
                    CampaignState.EXPIRED,
                }
            ),
            Act("archive", _("Archive"), _("Out of the lists, kept for reports")),
        ),
        (planned, Act("cancel", _("Cancel…"), _("Nothing of it leaves"), dialog=True, danger=True)),
        (running, Act("cancel", _("Cancel the rest…"), stops, dialog=True, danger=True)),
    ]


def _messages(waiting: int | None, one: str, many: str) -> str:
    if waiting is None:
        return ""
    return ngettext(one, many, waiting) % {"count": number(waiting)}
