"""Decide about messages in doubt, by two people: one proposes to write off or to resend, another confirms or refuses.

Nothing moves before that. A resend is the one way on which what may have arrived can go again: see
docs/decisions/0009-doubt-is-decided-by-two.md.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from campaigns.actions.edit import access
from campaigns.actions.runs import do_reopen
from campaigns.models import Campaign, Run
from campaigns.states import CampaignState, RunState
from connect.core.audit import audit
from connect.core.errors import Conflict, Forbidden, Invalid, WrongState
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable
from delivery.actions.recount import recount
from delivery.did import Did
from delivery.models import DoubtProposal, Message
from delivery.states import DoubtVerdict, ProposalState

MAX_REASON = 240
#: Who may decide over what another proposed.
DECIDERS = (Role.LAUNCH_APPROVER, Role.ADMIN)

# By the chunks that hold doubt, of which there are few: no index knows a message's state.
_CHOSEN = """
FROM delivery_chunk k
WHERE m.tenant_id = %s AND m.month = %s AND m.state = 'in_doubt' AND (%s::bigint IS NULL OR m.id = %s)
  AND coalesce(m.settled_at, m.sending_at, '-infinity') <= %s
  AND k.tenant_id = m.tenant_id AND k.id = m.chunk_id AND k.run_id = %s AND k.in_doubt > 0
"""
_COUNT = "SELECT count(*), now() FROM delivery_message m, LATERAL (SELECT k.id " + _CHOSEN + ") k"
_WRITE_OFF = "UPDATE delivery_message m SET state = 'written_off'" + _CHOSEN + " RETURNING m.id, m.chunk_id"
_RESEND = (
    "UPDATE delivery_message m SET state = 'queued', reason = '', not_before = greatest(m.not_before, now())"
    + _CHOSEN
    + " RETURNING m.id, m.chunk_id"
)
_MOVES = {DoubtVerdict.WRITE_OFF: _WRITE_OFF, DoubtVerdict.RESEND: _RESEND}


@in_tenant
def propose(
    tenant: Tenant,
    run_id: UUID,
    *,
    verdict: DoubtVerdict,
    reason: str,
    message_id: int | None = None,
    by: Member,
    now: datetime,
) -> DoubtProposal:
    """Propose what becomes of one message in doubt, or of all of a run that are in doubt now.

    Errors: Run.DoesNotExist, Message.DoesNotExist; Forbidden; Invalid naming `reason`; Conflict where nothing is in
    doubt, a proposal is open, or the run can't send any more.
    """
    run, campaign = _run(tenant, run_id, Role.MARKETER, by)
    said = check_storable(reason, "reason").strip()
    if not said or len(said) > MAX_REASON:
        raise Invalid({"reason": _("Say why, in at most %(most)s characters.") % {"most": MAX_REASON}})
    if message_id and not Message.objects.of(tenant).filter(month=run.month, run_id=run.pk, pk=message_id).exists():
        raise Message.DoesNotExist
    if verdict is DoubtVerdict.RESEND:
        _check_may_go_again(run, campaign, now)
    [(count, up_to)] = rows(Sql(_COUNT, _key(run, message_id, "infinity"))) or [(0, now)]
    if not count:
        raise Conflict(_("Nothing of it is in doubt any more."))
    try:
        with transaction.atomic():
            made = DoubtProposal.objects.create(
                tenant=tenant,
                run_id=run.pk,
                message_id=message_id,
                verdict=verdict,
                reason=said,
                proposed_by=by,
                proposed_at=now,
                up_to=up_to,
                messages=count,
            )
    except IntegrityError as error:
        raise Conflict(_("There is a proposal about it that waits for a decision.")) from error
    _audit(made, campaign, run, Did.PROPOSED_DOUBT, by=by, now=now, reason=said)
    return made


@in_tenant
def confirm(tenant: Tenant, proposal_id: UUID, *, by: Member, now: datetime) -> DoubtProposal:
    """Do what another member proposed: only what is still in doubt moves.

    Errors: DoubtProposal.DoesNotExist; Forbidden for who proposed it or may not decide; WrongState where it is decided;
    Conflict where the run can't send any more.
    """
    proposal, run, campaign = _to_decide(tenant, proposal_id, by)
    if proposal.proposed_by_id == by.pk:
        raise Forbidden(_("Two people decide this: somebody else has to confirm what you proposed."))
    verdict = DoubtVerdict(proposal.verdict)
    if verdict is DoubtVerdict.RESEND:
        _check_may_go_again(run, campaign, now)
    moved = rows(Sql(_MOVES[verdict], _key(run, proposal.message_id, proposal.up_to)))
    row = DoubtProposal.objects.of(tenant).filter(pk=proposal.pk)
    row.move(ProposalState.CONFIRMED, decided_by=by, decided_at=now, messages=len(moved))
    recount(tenant, {chunk for _message, chunk in moved})
    if moved and verdict is DoubtVerdict.RESEND:
        do_reopen(tenant, run.pk, by=by, now=now)
    proposal = row.get()
    _audit(proposal, campaign, run, Did.CONFIRMED_DOUBT, by=by, now=now, proposed_by=proposal.proposed_by.name)
    return proposal


@in_tenant
def refuse(tenant: Tenant, proposal_id: UUID, *, by: Member, now: datetime) -> DoubtProposal:
    """Turn a proposal down; who made it takes it back. No message moves.

    Errors: DoubtProposal.DoesNotExist; Forbidden; WrongState where it is decided.
    """
    proposal, run, campaign = _to_decide(tenant, proposal_id, by)
    own = proposal.proposed_by_id == by.pk
    row = DoubtProposal.objects.of(tenant).filter(pk=proposal.pk)
    row.move(ProposalState.WITHDRAWN if own else ProposalState.REFUSED, decided_by=by, decided_at=now, messages=0)
    proposal = row.get()
    did = Did.WITHDREW_DOUBT if own else Did.REFUSED_DOUBT
    _audit(proposal, campaign, run, did, by=by, now=now, proposed_by=proposal.proposed_by.name)
    return proposal


def may_decide(proposal: DoubtProposal, campaign: Campaign, member: Member) -> bool:
    """Tell whether a member may confirm a proposal."""
    return proposal.proposed_by_id != member.pk and _is_decider(campaign, member)


def _is_decider(campaign: Campaign, member: Member) -> bool:
    return any(member.may(role, campaign.department_id) for role in DECIDERS)


def _run(tenant: Tenant, run_id: UUID, role: Role, by: Member) -> tuple[Run, Campaign]:
    run = Run.objects.of(tenant).select_related("campaign").get(public_id=run_id)
    try:
        return run, access(tenant, run.campaign.public_id, role, by)
    except Campaign.DoesNotExist as error:
        raise Run.DoesNotExist from error


def _to_decide(tenant: Tenant, proposal_id: UUID, by: Member) -> tuple[DoubtProposal, Run, Campaign]:
    found = DoubtProposal.objects.of(tenant).get(public_id=proposal_id)
    run_key = Run.objects.of(tenant).values_list("public_id", flat=True).get(pk=found.run_id)
    run, campaign = _run(tenant, run_key, Role.VIEWER, by)
    if found.proposed_by_id != by.pk and not _is_decider(campaign, by):
        raise Forbidden(_("A launch approver or an admin decides this."))
    return DoubtProposal.objects.of(tenant).select_for_update().get(pk=found.pk), run, campaign


def _check_may_go_again(run: Run, campaign: Campaign, now: datetime) -> None:
    if run.state == RunState.CANCELLED or campaign.state in (CampaignState.CANCELLED, CampaignState.ARCHIVED):
        raise WrongState(_("The campaign is over: nothing of it may leave any more."))
    if campaign.expires_at and campaign.expires_at <= now:
        raise Conflict(_("The campaign has expired: nothing of it may leave any more."))


def _key(run: Run, message_id: int | None, up_to: datetime | str) -> tuple[object, ...]:
    return (run.tenant_id, run.month, message_id, message_id, up_to, run.pk)


def _audit(
    proposal: DoubtProposal, campaign: Campaign, run: Run, did: Did, *, by: Member, now: datetime, **more: str
) -> None:
    message = None
    if proposal.message_id:
        messages = Message.objects.of(proposal.tenant).filter(month=run.month, pk=proposal.message_id)
        message = str(messages.values_list("public_id", flat=True).first())
    audit(
        proposal.tenant,
        by,
        did,
        run.public_id,
        now=now,
        campaign=campaign.name,
        verdict=proposal.verdict,
        message=message,
        messages=proposal.messages,
        **more,
    )
