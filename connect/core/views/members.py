"""Admin pages about members and their roles."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.actions import members as actions
from connect.core.errors import Invalid
from connect.core.forms import MemberForm, RolesForm
from connect.core.models import Grant, Member, User
from connect.core.roles import LABELS, Role
from connect.core.web import ConsoleRequest, here, needs, page


@needs(Role.ADMIN)
def members(request: ConsoleRequest) -> HttpResponse:
    """List members with their roles, and the form that adds one."""
    return _list(request, MemberForm())


@needs(Role.ADMIN)
def add(request: ConsoleRequest) -> HttpResponse:
    """Add a member."""
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    try:
        member = actions.add_member(
            request.tenant,
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            grants=form.grants(),
            by=request.member,
            now=request.now,
        )
    except Invalid as error:
        _put(form, error)
        return _list(request, form, status=422)
    messages.success(
        request,
        _("%(name)s is a member now. They set their password with “Forgot it?” on the login page.")
        % {"name": member.name},
    )
    return redirect(here(request, "members"))


@needs(Role.ADMIN)
def member(request: ConsoleRequest, member_id: UUID) -> HttpResponse:
    """Show one member's roles, and change them."""
    who = Member.objects.of(request.tenant).public(member_id)
    if request.method != "POST":
        form = RolesForm(initial={"roles": [grant.role for grant in who.grants if grant.department_id is None]})
        return _member(request, who, form)
    form = RolesForm(request.POST)
    if not form.is_valid():
        return _member(request, who, form, status=422)
    try:
        actions.change_roles(request.tenant, member_id, grants=form.grants(), by=request.member, now=request.now)
    except Invalid as error:
        _put(form, error)
        return _member(request, who, form, status=422)
    messages.success(request, _("Roles of %(name)s changed.") % {"name": who.name})
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


def _list(request: ConsoleRequest, form: MemberForm, status: int = 200) -> HttpResponse:
    people = list(Member.objects.of(request.tenant).order_by("-active", "name"))
    emails = dict(User.objects.filter(pk__in=[who.user_id for who in people]).values_list("pk", "email"))
    held: dict[int, set[str]] = {}
    for grant in Grant.objects.of(request.tenant):
        held.setdefault(grant.member_id, set()).add(grant.role)
    listed = [
        {"member": who, "email": emails[who.user_id], "roles": [role.value in held.get(who.pk, set()) for role in Role]}
        for who in people
    ]
    context = {"people": listed, "roles": [LABELS[role] for role in Role], "form": form}
    return page(request, "core/members.html", context, status=status)


def _member(request: ConsoleRequest, who: Member, form: RolesForm, status: int = 200) -> HttpResponse:
    email = User.objects.get(pk=who.user_id).email
    return page(request, "core/member.html", {"who": who, "email": email, "form": form}, status=status)


def _put(form: RolesForm, error: Invalid) -> None:
    for name, says in error.fields.items():
        for sentence in says:
            form.add_error(name or None, sentence)
