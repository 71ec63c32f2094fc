"""What all of the builder's pages share: the campaign, its steps, and the column on the right that is always true."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.charts import narrow_waterfall
from campaigns.flight import Flight, fly
from campaigns.forecast import Known, known
from campaigns.models import Campaign
from campaigns.people import ROLE_OF, holders
from campaigns.preflight import Check, preflight, steps, tally
from campaigns.queries import EDITABLE
from campaigns.readiness import Blocker, blockers
from campaigns.standing import Review, Stands, review
from campaigns.words import KIND_NAMES
from connect.core.models import AuditEntry
from connect.core.roles import LABELS, Role
from connect.core.web import ConsoleRequest, here, page

STEPS = {
    "information": gettext_lazy("Information"),
    "audience": gettext_lazy("Audience"),
    "content": gettext_lazy("Content"),
    "schedule": gettext_lazy("Schedule"),
    "review": gettext_lazy("Review"),
}
NAMES = list(STEPS)


@dataclass
class Builder:
    """One campaign in the builder: what it is made of, what is known of it, and what may be done."""

    request: ConsoleRequest
    campaign: Campaign
    step: str
    found: Review
    known: Known | None
    blocking: list[Blocker]
    checks: list[Check]

    @property
    def zone(self) -> str:
        """The clock that the campaign is planned on."""
        return self.found.frozen.speaker.zone if self.found.frozen.speaker else self.request.tenant.default_zone

    @property
    def may_edit(self) -> bool:
        """Tell whether the member may change it now."""
        may = self.request.member.may(Role.MARKETER, self.campaign.department_id)
        return may and self.campaign.state in EDITABLE

    @property
    def flight(self) -> Flight | None:
        """The flight plan of what was last counted."""
        return fly(self.found.frozen, self.known.waterfall, at=self.request.now) if self.known else None

    def context(self, **more: Any) -> dict[str, Any]:
        """Gather what the shell's templates show."""
        last = AuditEntry.objects.of(self.request.tenant).about([self.campaign.public_id]).first()
        following = NAMES[NAMES.index(self.step) + 1] if self.step != NAMES[-1] else ""
        return {
            "builder": self,
            "campaign": self.campaign,
            "found": self.found,
            "known": self.known,
            "stale": self.found.frozen.speaker is not None and not (self.known and self.known.current),
            "checks": [_linked(self.request, self.campaign, self.found, check) for check in self.checks],
            "tally": tally(self.checks),
            "steps": self._steps(),
            "approvals": [_approval(self.request, self.campaign, standing) for standing in self.found.both],
            "small": narrow_waterfall(self.request, self.campaign, self.found.frozen, self.known),
            "zone": self.zone,
            "may_edit": self.may_edit,
            "last": last,
            "following": {
                "name": following,
                "label": STEPS[following],
                "url": step_url(self.request, self.campaign, following),
            }
            if following
            else None,
            "theirs": None,
            **more,
        }

    def _steps(self) -> list[dict[str, Any]]:
        return [
            {
                "label": STEPS[step.name],
                "url": step_url(self.request, self.campaign, step.name),
                "state": step.state,
                "detail": step.detail,
                "current": step.name == self.step,
            }
            for step in steps(self.campaign, self.found, self.known, self.blocking)
        ]


def open_builder(request: ConsoleRequest, campaign_id: UUID, step: str) -> Builder:
    """Open a campaign in the builder.

    Errors: Campaign.DoesNotExist, also where the member may not see it.
    """
    shown = Campaign.objects.of(request.tenant).seen_by(request.member)
    campaign = shown.select_related("conversation", "audience", "segmentation", "seed_list", "department").public(
        campaign_id
    )
    found = review(request.tenant, campaign)
    counted = known(request.tenant, campaign, found.fingerprint)
    blocking = blockers(request.tenant, found.frozen, now=request.now)
    checks = preflight(request.tenant, found, counted, blocking, now=request.now)
    return Builder(request, campaign, step, found, counted, blocking, checks)


def saved(request: ConsoleRequest, campaign: Campaign, step: str) -> HttpResponse:
    """Answer a save: with what changed around the form for htmx, else with the page that the button leads to."""
    if request.htmx:
        builder = open_builder(request, campaign.public_id, step)
        return page(request, "campaigns/_saved.html", builder.context(errors={}), part="campaigns/_saved.html")
    following = request.POST.get("then", step)
    if following == step:
        messages.success(request, _("Saved."))
    return redirect(step_url(request, campaign, following if following in STEPS else step))


def refused(
    request: ConsoleRequest, builder: Builder, template: str, more: dict[str, Any], *, status: int
) -> HttpResponse:
    """Answer a save that was refused: the page with its faults, or the faults alone for htmx."""
    context = builder.context(errors=more["form"].errors, **more)
    return page(request, template, context, part="campaigns/_saved.html", status=status)


def step_url(request: ConsoleRequest, campaign: Campaign, step: str) -> str:
    """Tell a step's address; "" for none."""
    return here(request, f"campaign-{step}", campaign.public_id) if step else ""


def _linked(request: ConsoleRequest, campaign: Campaign, found: Review, check: Check) -> dict[str, Any]:
    url = ""
    if check.step == "conversation" and found.frozen.speaker:
        url = reverse("conversation", args=[request.tenant.slug, found.frozen.speaker.public_id])
    elif check.step in STEPS:
        url = step_url(request, campaign, check.step)
    return {"level": check.level.value, "text": check.text, "url": url, "go": check.go}


def _approval(request: ConsoleRequest, campaign: Campaign, standing: Any) -> dict[str, Any]:
    """Say whose approval it is, or whose it could be, and how it stands."""
    approval, kind = standing.approval, standing.kind
    by = approval.decided_by if approval else None
    able = holders(request.tenant, ROLE_OF[kind], campaign.department_id) if by is None else []
    others = [member for member in able if member.pk != request.member.pk] or able
    name = by.name if by else others[0].name if len(others) == 1 else LABELS[ROLE_OF[kind]]
    return {
        "name": name,
        "initials": by.initials if by else others[0].initials if len(others) == 1 else "?",
        "role": KIND_NAMES[kind],
        "state": "none" if standing.stands == Stands.NOT_ASKED else standing.stands.value,
        "since": standing.since,
        "decided": bool(by),
        "reason": standing.reason,
        "deadline": approval.deadline if approval and standing.stands == Stands.ASKED else None,
    }
