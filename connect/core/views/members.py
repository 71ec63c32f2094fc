"""Admin pages about members and their roles."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.actions import invitations
from connect.core.actions import members as actions
from connect.core.actions.invitations import INVITATION_DAYS
from connect.core.errors import Invalid, StaleVersion
from connect.core.forms import InviteForm, RolesForm, put_faults
from connect.core.models import Department, Grant, Member, User
from connect.core.roles import DUTIES, LABELS, Role
from connect.core.web import ConsoleRequest, here, needs, page


@needs(Role.ADMIN)
def members(request: ConsoleRequest) -> HttpResponse:
    """List members: who has come, who was invited, and who may do what where."""
    people = list(Member.objects.of(request.tenant).order_by("-active", "name"))
    emails = dict(User.objects.filter(pk__in=[who.user_id for who in people]).values_list("pk", "email"))
    held: dict[tuple[int, str], list[str]] = {}
    for grant in Grant.objects.of(request.tenant).select_related("department").order_by("department__name"):
        held.setdefault((grant.member_id, grant.role), []).append(grant.department.name if grant.department else "")
    listed = [
        {
            "member": who,
            "email": emails[who.user_id],
            "standing": standing_of(who, request.now),
            "roles": [held.get((who.pk, role.value), []) for role in Role],
        }
        for who in people
    ]
    roles = [(LABELS[role], DUTIES[role]) for role in Role]
    return page(request, "core/members.html", {"people": listed, "roles": roles})


@needs(Role.ADMIN)
def add(request: ConsoleRequest) -> HttpResponse:
    """Invite a member. The answer is the same whether the address has a login or not."""
    departments = _departments(request)
    if request.method != "POST":
        return _invite(request, InviteForm(departments=departments))
    form = InviteForm(request.POST, departments=departments)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            made = invitations.invite(
                request.tenant,
                email=typed["email"],
                name=typed["name"],
                grants=form.grants(),
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("%(name)s is a member now. A mail tells them.") % {"name": made.name})
            return redirect(here(request, "members"))
    return _invite(request, form, status=422)


@needs(Role.ADMIN)
def member(request: ConsoleRequest, member_id: UUID) -> HttpResponse:
    """Show one member's roles, and change them; a stale save shows both versions."""
    who = Member.objects.of(request.tenant).public(member_id)
    departments = _departments(request)
    if request.method != "POST":
        return _member(request, who, RolesForm(initial=_initial(who), departments=departments))
    form = RolesForm(request.POST, departments=departments)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.change_roles(
                request.tenant,
                member_id,
                grants=form.grants(),
                version=who.version if version is None else version,
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            return _both(request, error.current, form)
        else:
            messages.success(request, _("Roles of %(name)s changed.") % {"name": who.name})
            return redirect(here(request, "members"))
    return _member(request, who, form, status=422)


@needs(Role.ADMIN)
def invite_again(request: ConsoleRequest, member_id: UUID) -> HttpResponse:
    """Mail the invitation of somebody who hasn't come yet once more."""
    who = invitations.invite_again(request.tenant, member_id, by=request.member, now=request.now)
    messages.success(request, _("%(name)s is mailed again. The earlier link has ended.") % {"name": who.name})
    return redirect(here(request, "members"))


@needs(Role.ADMIN)
def stop(request: ConsoleRequest, member_id: UUID) -> HttpResponse:
    """Shut a member out."""
    actions.stop_member(request.tenant, member_id, by=request.member, now=request.now)
    messages.success(request, _("They can't open this tenant any more."))
    return redirect(here(request, "members"))


@needs(Role.ADMIN)
def restore(request: ConsoleRequest, member_id: UUID) -> HttpResponse:
    """Let a stopped member in again."""
    actions.restore_member(request.tenant, member_id, by=request.member, now=request.now)
    messages.success(request, _("They can open this tenant again."))
    return redirect(here(request, "members"))


def standing_of(who: Member, now: datetime) -> str:
    """Tell in one word how far a member has come: `shut_out`, `joined`, `added`, `waiting`, `ended` or `invited`.

    `waiting`: the mail hasn't left yet. `added`: nobody asked for a mail.
    """
    if not who.active:
        return "shut_out"
    if who.entered_at:
        return "joined"
    if not who.invited_at:
        return "added"
    if not who.mailed_at:
        return "waiting"
    return "ended" if now >= who.invited_at + timedelta(days=INVITATION_DAYS) else "invited"


def _departments(request: ConsoleRequest) -> list[Department]:
    return list(Department.objects.of(request.tenant).order_by("name"))


def _initial(who: Member) -> dict[str, object]:
    grants = Grant.objects.filter(tenant_id=who.tenant_id, member=who).select_related("department")
    return {"roles": _choices(grants), "version": who.version}


def _choices(grants: Iterable[Grant]) -> list[str]:
    return [f"{one.role}:{one.department.public_id}" if one.department else one.role for one in grants]


def _invite(request: ConsoleRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    return page(request, "core/invite.html", {"form": form, "roles": _role_heads()}, status=status)


def _member(request: ConsoleRequest, who: Member, form: RolesForm, theirs: str = "", status: int = 200) -> HttpResponse:
    context = {
        "who": who,
        "email": User.objects.get(pk=who.user_id).email,
        "standing": standing_of(who, request.now),
        "form": form,
        "roles": _role_heads(),
        "theirs": theirs,
    }
    return page(request, "core/member.html", context, status=status)


def _both(request: ConsoleRequest, who: Member, typed: RolesForm) -> HttpResponse:
    """Answer a stale save: what was chosen stays in the matrix, what somebody else saved stands above it."""
    saved = _initial(who)
    words = dict(typed.fields["roles"].choices)  # type: ignore[attr-defined]  # it is a MultipleChoiceField
    chosen = {"roles": typed.cleaned_data["roles"], "version": who.version}
    form = RolesForm(initial=chosen, departments=typed.departments)
    theirs = ", ".join(str(words[choice]) for choice in saved["roles"] if choice in words)  # type: ignore[attr-defined]
    return _member(request, who, form, theirs, status=409)


def _role_heads() -> list[tuple[object, object]]:
    return [(LABELS[role], DUTIES[role]) for role in Role]
