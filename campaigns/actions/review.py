"""Ask for approval, take the request back, decide, withdraw a decision, and talk about it.

Each locks the campaign first. A decision names the fingerprint that was on the approver's screen; where the campaign is
made of something else by then, nothing is decided. The second approval launches: see `launch.py`.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.actions.edit import access
from campaigns.actions.launch import do_launch
from campaigns.actions.runs import do_pause
from campaigns.actions.tell import tell_owners
from campaigns.actions.void import back_to_draft
from campaigns.did import Did
from campaigns.models import Approval, Campaign, Note, Run
from campaigns.people import ROLE_OF, authors, why_not
from campaigns.queries import LIVE_APPROVAL, UNDER_APPROVAL
from campaigns.readiness import blockers, not_ready
from campaigns.standing import Review, review
from campaigns.states import ApprovalKind, ApprovalState, CampaignState
from campaigns.words import KIND_NAMES
from connect.core.audit import audit
from connect.core.errors import Conflict, Forbidden, Invalid, WrongState
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable

NOTE_CHARACTERS = 2000


@in_tenant
def ask_approval(
    tenant: Tenant, campaign_id: UUID, *, note: str = "", deadline: datetime | None = None, by: Member, now: datetime
) -> Campaign:
    """Ask for the approvals that don't hold, of exactly what the campaign is made of now.

    Errors: Campaign.DoesNotExist; Forbidden; Invalid naming `note`, `deadline` or what isn't ready; WrongState;
    Conflict when both are asked for already.
    """
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    if campaign.state not in (CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.PAUSED):
        raise WrongState(_("Approval is asked for a draft."))
    text = _check_note(note)
    if deadline and deadline <= now:
        raise Invalid({"deadline": _("The deadline is past.")})
    found = review(tenant, campaign)
    if campaign.state != CampaignState.PAUSED and (missing := blockers(tenant, found.frozen, now=now)):
        raise Invalid({"": not_ready(missing)})
    open_kinds = [standing.kind for standing in found.both if standing.is_open]
    if not open_kinds:
        raise Conflict(_("Both approvals are asked for or given."))
    _void_leftovers(tenant, campaign, found, now=now)
    for kind in open_kinds:
        _ask(tenant, campaign, kind, found, deadline, by=by, now=now)
    if campaign.state == CampaignState.DRAFT:
        Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.IN_REVIEW, checked_at=now)
    _note(tenant, campaign, "asked", text, by=by, now=now)
    kinds = [kind.value for kind in open_kinds]
    audit(tenant, by, Did.ASKED_APPROVAL, campaign.public_id, now=now, kinds=kinds, fingerprint=found.fingerprint)
    return Campaign.objects.of(tenant).get(pk=campaign.pk)


@in_tenant
def take_back_request(tenant: Tenant, campaign_id: UUID, *, by: Member, now: datetime) -> None:
    """Take back what was asked and isn't decided; the campaign is a draft again. What was given stays.

    Errors: Campaign.DoesNotExist; Forbidden; WrongState unless it is in review.
    """
    campaign = access(tenant, campaign_id, Role.MARKETER, by)
    if campaign.state != CampaignState.IN_REVIEW:
        raise WrongState(_("It isn’t in review."))
    _withdraw_asked(tenant, campaign)
    back_to_draft(campaign)
    audit(tenant, by, Did.TOOK_BACK_REQUEST, campaign.public_id, now=now)


@in_tenant
def approve(
    tenant: Tenant, approval_id: UUID, fingerprint: str, *, note: str = "", by: Member, now: datetime
) -> Campaign:
    """Approve what was on the screen. With both kinds given it is launched for its time, or held if that is past.

    Errors: Approval.DoesNotExist; Forbidden, saying why and who can; Conflict when it has changed since; WrongState.
    """
    approval, campaign, found = _access_decision(tenant, approval_id, fingerprint, by=by)
    text = _check_note(note)
    _decide(tenant, approval, ApprovalState.APPROVED, by=by, now=now)
    _note(tenant, campaign, "approved", text, approval=approval, by=by, now=now)
    audit(tenant, by, Did.APPROVED, campaign.public_id, now=now, kind=approval.kind, fingerprint=found.fingerprint)
    _tell(tenant, campaign, ApprovalState.APPROVED, approval, by=by, now=now)
    if campaign.state == CampaignState.IN_REVIEW and review(tenant, campaign).holds:
        Campaign.objects.of(tenant).filter(pk=campaign.pk).move(CampaignState.APPROVED)
        do_launch(tenant, campaign.pk, by=by, now=now)
    return Campaign.objects.of(tenant).get(pk=campaign.pk)


@in_tenant
def request_changes(
    tenant: Tenant, approval_id: UUID, fingerprint: str, *, reason: str, by: Member, now: datetime
) -> Campaign:
    """Send a campaign back to its author to be changed.

    Errors: as `approve`; Invalid naming `note` without a reason.
    """
    return _refuse(tenant, approval_id, fingerprint, ApprovalState.CHANGES_REQUESTED, reason=reason, by=by, now=now)


@in_tenant
def reject(tenant: Tenant, approval_id: UUID, fingerprint: str, *, reason: str, by: Member, now: datetime) -> Campaign:
    """Refuse a campaign.

    Errors: as `approve`; Invalid naming `note` without a reason.
    """
    return _refuse(tenant, approval_id, fingerprint, ApprovalState.REJECTED, reason=reason, by=by, now=now)


@in_tenant
def withdraw_approval(tenant: Tenant, approval_id: UUID, *, reason: str, by: Member, now: datetime) -> Campaign:
    """Take an approval back. What hasn't started is a draft again; what is sending pauses.

    Errors: Approval.DoesNotExist; Forbidden; Invalid naming `note` without a reason; WrongState unless it is given.
    """
    approval, campaign = _access(tenant, approval_id)
    _demand_visible(campaign, by)
    if not by.may(ROLE_OF[ApprovalKind(approval.kind)], campaign.department_id):
        raise Forbidden(why_not(tenant, campaign, ApprovalKind(approval.kind), by, set()))
    text = _check_reason(reason)
    if approval.state != ApprovalState.APPROVED:
        raise WrongState(_("This approval isn’t given."))
    Approval.objects.of(tenant).filter(pk=approval.pk).move(ApprovalState.WITHDRAWN, void_reason=text[:240])
    _note(tenant, campaign, "withdrawn", text, approval=approval, by=by, now=now)
    audit(tenant, by, Did.WITHDREW_APPROVAL, campaign.public_id, now=now, kind=approval.kind, reason=text)
    if campaign.state in UNDER_APPROVAL:
        _tell(tenant, campaign, ApprovalState.WITHDRAWN, approval, by=by, now=now)
        _withdraw_asked(tenant, campaign)
        back_to_draft(campaign)
    elif campaign.state == CampaignState.SENDING and (run := Run.objects.of(tenant).open().latest_of(campaign)):
        reason = _("%(who)s withdrew the approval: %(why)s") % {"who": by.name, "why": text}
        do_pause(tenant, run.pk, reason=reason, by=by, now=now)
    return Campaign.objects.of(tenant).get(pk=campaign.pk)


@in_tenant
def comment(tenant: Tenant, campaign_id: UUID, text: str, *, by: Member, now: datetime) -> Note:
    """Say something in the review's thread.

    Errors: Campaign.DoesNotExist; Invalid naming `note`.
    """
    campaign = access(tenant, campaign_id, Role.VIEWER, by)
    said = _check_note(text)
    if not said:
        raise Invalid({"note": _("Write something first.")})
    audit(tenant, by, Did.COMMENTED, campaign.public_id, now=now)
    return _note(tenant, campaign, "comment", said, by=by, now=now)


def _refuse(
    tenant: Tenant, approval_id: UUID, fingerprint: str, to: ApprovalState, *, reason: str, by: Member, now: datetime
) -> Campaign:
    approval, campaign, found = _access_decision(tenant, approval_id, fingerprint, by=by)
    text = _check_reason(reason)
    _decide(tenant, approval, to, by=by, now=now)
    did = Did.REJECTED if to == ApprovalState.REJECTED else Did.REQUESTED_CHANGES
    _note(tenant, campaign, to.value, text, approval=approval, by=by, now=now)
    audit(tenant, by, did, campaign.public_id, now=now, kind=approval.kind, fingerprint=found.fingerprint)
    _tell(tenant, campaign, to, approval, by=by, now=now)
    if campaign.state in UNDER_APPROVAL:
        _withdraw_asked(tenant, campaign)
        back_to_draft(campaign)
    return Campaign.objects.of(tenant).get(pk=campaign.pk)


def _tell(
    tenant: Tenant, campaign: Campaign, to: ApprovalState, approval: Approval, *, by: Member, now: datetime
) -> None:
    """Let the owners know what was decided."""

    def says() -> str:
        kind = str(KIND_NAMES[ApprovalKind(approval.kind)]).lower()
        said = {
            ApprovalState.APPROVED: _("%(who)s approved the %(what)s of “%(name)s”."),
            ApprovalState.CHANGES_REQUESTED: _("%(who)s asks for changes of “%(name)s”."),
            ApprovalState.REJECTED: _("%(who)s rejected “%(name)s”."),
            ApprovalState.WITHDRAWN: _("%(who)s withdrew the approval of the %(what)s of “%(name)s”."),
        }
        return said[to] % {"who": by.name, "what": kind, "name": campaign.name}

    tell_owners(tenant, campaign, says, by=by, now=now)


def _access(tenant: Tenant, approval_id: UUID) -> tuple[Approval, Campaign]:
    campaign_id = Approval.objects.of(tenant).public(approval_id).campaign.public_id
    campaign = Campaign.objects.of(tenant).locked(campaign_id)
    return Approval.objects.of(tenant).public(approval_id), campaign


def _demand_visible(campaign: Campaign, by: Member) -> None:
    if not by.may(Role.VIEWER, campaign.department_id):
        raise Approval.DoesNotExist


def _access_decision(
    tenant: Tenant, approval_id: UUID, fingerprint: str, *, by: Member
) -> tuple[Approval, Campaign, Review]:
    """Lock the campaign, and let only who may decide go on, about what is still as it was shown."""
    approval, campaign = _access(tenant, approval_id)
    _demand_visible(campaign, by)
    found = review(tenant, campaign)
    kind = ApprovalKind(approval.kind)
    refusal = why_not(tenant, campaign, kind, by, authors(tenant, campaign, found.frozen, kind))
    if refusal:
        raise Forbidden(refusal)
    if approval.state != ApprovalState.ASKED:
        raise WrongState(_("Somebody decided this already, or it was taken back."))
    if not fingerprint == approval.fingerprint == found.fingerprint:
        raise Conflict(_("The campaign has changed since this was asked. Look at it as it is now."))
    return approval, campaign, found


def _decide(tenant: Tenant, approval: Approval, to: ApprovalState, *, by: Member, now: datetime) -> None:
    Approval.objects.of(tenant).filter(pk=approval.pk).move(to, decided_by=by, decided_at=now)


def _ask(
    tenant: Tenant,
    campaign: Campaign,
    kind: ApprovalKind,
    found: Review,
    deadline: datetime | None,
    *,
    by: Member,
    now: datetime,
) -> None:
    Approval.objects.create(
        tenant=tenant,
        campaign=campaign,
        kind=kind,
        fingerprint=found.fingerprint,
        parts=found.parts,
        asked_by=by,
        asked_at=now,
        deadline=deadline,
    )


def _void_leftovers(tenant: Tenant, campaign: Campaign, found: Review, *, now: datetime) -> None:
    """Void live approvals of something else before new ones are asked for: one live approval a kind."""
    for standing in found.both:
        if standing.is_open and standing.approval and standing.approval.state in LIVE_APPROVAL:
            row = Approval.objects.of(tenant).filter(pk=standing.approval.pk)
            row.move(ApprovalState.VOIDED, void_reason=standing.reason[:240])
            audit(tenant, None, Did.VOIDED_APPROVALS, campaign.public_id, now=now, approvals=1, reason=standing.reason)


def _withdraw_asked(tenant: Tenant, campaign: Campaign) -> None:
    asked = Approval.objects.of(tenant).filter(campaign=campaign, state=ApprovalState.ASKED)
    for approval in asked.order_by("pk"):
        asked.filter(pk=approval.pk).move(ApprovalState.WITHDRAWN)


def _note(
    tenant: Tenant,
    campaign: Campaign,
    kind: str,
    text: str,
    *,
    approval: Approval | None = None,
    by: Member | None,
    now: datetime,
) -> Note:
    return Note.objects.create(
        tenant=tenant, campaign=campaign, member=by, approval=approval, kind=kind, text=text, at=now
    )


def _check_note(raw: str) -> str:
    text = check_storable(raw, "note").replace("\r\n", "\n").strip()
    if len(text) > NOTE_CHARACTERS:
        raise Invalid({"note": _("At most %(most)d characters.") % {"most": NOTE_CHARACTERS}})
    return text


def _check_reason(raw: str) -> str:
    text = _check_note(raw)
    if not text:
        raise Invalid({"note": _("Say why: the others read it here.")})
    return text
