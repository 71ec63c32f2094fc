"""Draw every table of moves into docs/states.md; a test holds the page against the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from campaigns.states import ApprovalState, CampaignState, RunState
from connect.core.states import State, mermaid
from conversations.states import ImportState, SubscriptionState
from delivery.states import MessageState, ProposalState
from suppression import states as suppression_states

DRAWN: dict[str, type[State]] = {
    "Campaign": CampaignState,
    "Approval": ApprovalState,
    "Run": RunState,
    "Message": MessageState,
    "Proposal about messages in doubt": ProposalState,
    "Subscription": SubscriptionState,
    "Customer import": ImportState,
    "Suppression import": suppression_states.ImportState,
}
HEAD = "# States\n\nMade from the code by `manage.py draw_states`; each move is drawn there once and nowhere else.\n"


def drawing() -> str:
    """Write the page."""
    parts = [f"\n## {name}\n\n```mermaid\n{mermaid(states)}\n```\n" for name, states in DRAWN.items()]
    return HEAD + "".join(parts)


def page_path() -> Path:
    """Name the page's file."""
    return Path(settings.BASE_DIR) / "docs" / "states.md"


class Command(BaseCommand):
    """`manage.py draw_states`."""

    help = "Draw the tables of states into docs/states.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the page."""
        page_path().write_text(drawing(), encoding="utf-8")
