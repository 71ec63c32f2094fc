"""Who may do what to a campaign, and who else can where a member may not: four eyes need a name to turn to."""

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from audiences.did import Did as AudienceDid
from campaigns.frozen import Frozen
from campaigns.models import Approval, Campaign, Edit
from campaigns.states import ApprovalKind, ApprovalState
from connect.core.errors import Forbidden
from connect.core.models import AuditEntry, AuditQuerySet, Grant, Member, Tenant
from connect.core.roles import HOLDERS, LABELS, Role
from conversations.did import Did as ConversationDid
from segments.did import Did as SegmentDid

ROLE_OF = {ApprovalKind.CONTENT: Role.CONTENT_APPROVER, ApprovalKind.LAUNCH: Role.LAUNCH_APPROVER}
NAMES_SHOWN = 5

#: Deeds of lower apps that change a fingerprinted part: who did one is an author like who edits the campaign itself.
CHANGES = (
    AudienceDid.CHANGED_AUDIENCE.value,
    AudienceDid.CHANGED_SEED_LIST.value,
    ConversationDid.CHANGED_CONVERSATION.value,
    SegmentDid.CHANGED_SEGMENTATION.value,
)
#: With `decided_at`: it was a yes, whatever became of it.
WAS_APPROVED = (ApprovalState.APPROVED, ApprovalState.VOIDED, ApprovalState.WITHDRAWN)


def holders(tenant: Tenant, role: Role, department_id: int) -> list[Member]:
    """List the active members who may act as `role` in a department, by name."""
    grants = Grant.objects.of(tenant).filter(role__in=HOLDERS[role])
    reaching = grants.filter(department=None) | grants.filter(department=department_id)
    members = Member.objects.of(tenant).filter(active=True, pk__in=reaching.values("member_id"))
    return list(members.order_by("name", "id"))


def demand(tenant: Tenant, by: Member | None, role: Role, department_id: int) -> None:
    """Let only a holder of the role in this department go on. `by` is None where the system acts.

    Errors: Forbidden, naming who can.
    """
    if by and not by.may(role, department_id):
        who = names(holders(tenant, role, department_id))
        raise Forbidden(_("This needs the role %(role)s. %(who)s") % {"role": LABELS[role], "who": _can(who)})


def authors(tenant: Tenant, campaign: Campaign, frozen: Frozen, kind: ApprovalKind) -> set[int]:
    """Tell who changed a fingerprinted part, a shared model's included, since this kind was last approved.

    Shape: keys of members. Each kind for itself: else the content's approval would let an author approve the launch.
    """
    given = Approval.objects.of(tenant).filter(campaign=campaign, kind=kind, state__in=WAS_APPROVED)
    last = given.filter(decided_at__isnull=False).order_by("-decided_at").first()
    since = last.decided_at if last else None
    edits = Edit.objects.of(tenant).filter(campaign=campaign, member__isnull=False)
    if since:
        edits = edits.filter(at__gt=since)
    own = set(edits.values_list("member_id", flat=True).distinct())
    return own | _authors_of_models(tenant, frozen, since or campaign.created_at)


def why_not(tenant: Tenant, campaign: Campaign, kind: ApprovalKind, by: Member, authors: Collection[int]) -> str:
    """Say why a member may not decide, and who can; "" where they may."""
    able = holders(tenant, ROLE_OF[kind], campaign.department_id)
    if not tenant.own_approval:
        able = [member for member in able if member.pk not in authors]
    if by in able:
        return ""
    if by.may(ROLE_OF[kind], campaign.department_id):
        return _("You can’t approve this: you changed it. %(who)s") % {"who": _can(names(able))}
    role = LABELS[ROLE_OF[kind]]
    return _("You can’t decide this: it needs the role %(role)s. %(who)s") % {"role": role, "who": _can(names(able))}


def names(members: Collection[Member]) -> str:
    """Write some names, and how many more there are."""
    shown = ", ".join(member.name for member in list(members)[:NAMES_SHOWN])
    more = len(members) - NAMES_SHOWN
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more} if more > 0 else shown


def _can(who: str) -> str:
    return _("%(who)s can.") % {"who": who} if who else _("Nobody can yet: ask an admin.")


def last_to_change(tenant: Tenant, frozen: Frozen) -> str:
    """Name who last changed a shared thing that a campaign rests on; "" where nobody did."""
    last = _deeds(tenant, frozen).first()
    return last.member_name if last else ""


def _authors_of_models(tenant: Tenant, frozen: Frozen, since: datetime) -> set[int]:
    deeds = _deeds(tenant, frozen).filter(member__isnull=False, at__gt=since)
    return set(deeds.order_by().values_list("member_id", flat=True).distinct())


def _deeds(tenant: Tenant, frozen: Frozen) -> AuditQuerySet:
    models = (frozen.speaker, frozen.audience, frozen.segmentation, frozen.seeds)
    return AuditEntry.objects.of(tenant).about(model.public_id for model in models if model).filter(did__in=CHANGES)
