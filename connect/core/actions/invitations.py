"""Invite people into a tenant by mail, and let who has no password yet choose one through the link in it.

The row keeps when the invitation was asked for and when its mail left: a bell that was lost shows on the members' page
and is rung again by a button. The link names the row and that time under a signature, so it ends after a week, with the
next invitation, and with the first password.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from connect.core.actions.members import GrantOf, add_member
from connect.core.audit import audit
from connect.core.did import Did
from connect.core.errors import Conflict
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant, User
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant

INVITATION_DAYS = 7
#: Nobody's mailbox is filled by a button.
AGAIN_AFTER = timedelta(minutes=1)
_SALT = "connect.core.invitation"


class NoInvitation(Conflict):
    """The link is older than a week, was replaced or used, or was never ours."""


@dataclass(frozen=True)
class Invitation:
    """What a link leads to. `chooses` tells that the person has no password yet and chooses one now."""

    tenant: Tenant
    member: Member
    user: User
    chooses: bool


@in_tenant
def invite(
    tenant: Tenant, *, email: str, name: str, grants: Sequence[GrantOf], by: Member | User, now: datetime
) -> Member:
    """Make somebody a member and mail them, whether they have a login already or not.

    Errors: as `add_member`.
    """
    member = add_member(tenant, email=email, name=name, grants=grants, by=by, now=now)
    _ask(tenant, member, by=by, now=now)
    return member


@in_tenant
def invite_again(tenant: Tenant, member_id: UUID, *, by: Member | User, now: datetime) -> Member:
    """Mail somebody who hasn't come yet once more; the link of the earlier mail ends.

    Errors: Member.DoesNotExist; Conflict when they have come, are shut out, or were mailed within the last minute.
    """
    member = Member.objects.of(tenant).select_for_update().public(member_id)
    if not member.active or member.entered_at:
        raise Conflict(_("%(name)s needs no invitation.") % {"name": member.name})
    if member.invited_at and now - member.invited_at < AGAIN_AFTER:
        raise Conflict(_("An invitation left within the last minute. Give it a moment."))
    _ask(tenant, member, by=by, now=now)
    audit(tenant, by, Did.INVITED_MEMBER, member_id, now=now)
    return member


def mail_invitation(tenant: Tenant, member_id: int, *, now: datetime) -> None:
    """Mail the invitation that a member waits for, outside any transaction; do nothing where none waits.

    Errors: SMTPException or OSError when the mail server doesn't take it: the row still waits.
    """
    with open_tenant(tenant):
        member = Member.objects.of(tenant).filter(pk=member_id, active=True, mailed_at=None).first()
    if member is None or member.invited_at is None or tenant.suspended_at:
        return
    user = User.objects.get(pk=member.user_id)
    subject, text = _letter(tenant, member, user)
    send_mail(subject, text, None, [user.email])
    with open_tenant(tenant):
        waiting = Member.objects.of(tenant).filter(pk=member_id, invited_at=member.invited_at)
        waiting.update(mailed_at=now)


def link_of(tenant: Tenant, member: Member) -> str:
    """Write the address in an invitation's mail."""
    facts = [tenant.public_id.hex, member.public_id.hex, _stamp(member)]
    token = signing.dumps(facts, key=settings.LINK_KEYS[0], salt=_SALT)
    return settings.BASE_URL + reverse("invitation", args=[token])


def read_invitation(token: str, *, now: datetime) -> Invitation:
    """Find what a link leads to.

    Errors: NoInvitation, whatever is wrong with it.
    """
    try:
        older: list[str | bytes] = [*settings.LINK_KEYS[1:]]
        facts = signing.loads(token, key=settings.LINK_KEYS[0], salt=_SALT, fallback_keys=older)
    except signing.BadSignature as error:
        raise NoInvitation from error
    tenant_id, member_id, stamp = facts
    tenant = Tenant.objects.filter(public_id=tenant_id, suspended_at=None).first()
    if tenant is None:
        raise NoInvitation
    with open_tenant(tenant):
        member = Member.objects.of(tenant).filter(public_id=member_id, active=True).first()
    if member is None or not member.invited_at or _stamp(member) != stamp:
        raise NoInvitation
    if now >= member.invited_at + timedelta(days=INVITATION_DAYS):
        raise NoInvitation
    user = User.objects.get(pk=member.user_id)
    if not user.is_active:
        raise NoInvitation
    return Invitation(tenant, member, user, chooses=not user.has_usable_password())


def accept_invitation(token: str, password: str, *, now: datetime) -> Invitation:
    """Set the first password of an invited person. Whoever has one keeps it, whoever holds the link.

    Errors: NoInvitation, also when a password was set in the meantime.
    """
    found = read_invitation(token, now=now)
    if not found.chooses:
        raise NoInvitation
    first = User.objects.filter(pk=found.user.pk, password=found.user.password)
    if first.update(password=make_password(password)) != 1:
        raise NoInvitation
    return read_invitation(token, now=now)


def _ask(tenant: Tenant, member: Member, *, by: Member | User, now: datetime) -> None:
    Member.objects.of(tenant).filter(pk=member.pk).update(invited_at=now, invited_by=by.name, mailed_at=None)
    ring(Bell.MEMBER_INVITED, tenant.pk, member.pk)


def _stamp(member: Member) -> int:
    """Units: microseconds since 1970."""
    asked = member.invited_at or datetime.min.replace(tzinfo=UTC)
    return (asked - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _letter(tenant: Tenant, member: Member, user: User) -> tuple[str, str]:
    """Write subject and text: an invitation to choose a password, or word that one more tenant is open to them."""
    chooses = not user.has_usable_password()
    said = {
        "name": member.name,
        "by": member.invited_by or "Connect",
        "tenant": tenant.name,
        "link": link_of(tenant, member),
        "days": INVITATION_DAYS,
        "address": user.email,
    }
    with override(tenant.default_language if chooses else user.language):
        if chooses:
            subject = _("%(by)s invites you to %(tenant)s on Connect")
            text = _(
                "Hello %(name)s,\n\n%(by)s has made you a member of %(tenant)s on Connect. Choose a password here:\n\n"
                "%(link)s\n\nThe link works once, for %(days)s days. After that, ask for a new one. You then sign in"
                " as %(address)s.\n\nIf you don’t know what this is about, do nothing: without you, nothing happens.\n"
            )
        else:
            subject = _("You were added to %(tenant)s on Connect")
            text = _(
                "Hello %(name)s,\n\n%(by)s has made you a member of %(tenant)s on Connect. You sign in as before, as"
                " %(address)s, with the password that you have:\n\n%(link)s\n"
            )
        return subject % said, text % said
