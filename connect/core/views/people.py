"""A person's own pages outside any tenant: the way in through an invitation, and what they set of themselves."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override

from connect.core.actions.invitations import Invitation, NoInvitation, accept_invitation, read_invitation
from connect.core.actions.users import change_own
from connect.core.errors import Invalid
from connect.core.forms import OwnForm, PasswordForm, put_faults
from connect.core.models import User
from connect.core.web import memberships, public, uncached

BACKEND = "django.contrib.auth.backends.ModelBackend"


@public("the link in a mail lets people in who have no password yet; its signature is the key")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person choose a password, or lead who has one to the tenant. 410 for a link that has ended."""
    now = datetime.now(UTC)
    try:
        found = read_invitation(token, now=now)
        with override(found.tenant.default_language if found.chooses else found.user.language):
            if not found.chooses:
                return _answer(request, "core/added.html", {"found": found})
            return _choose(request, token, found, now)
    except NoInvitation:
        return _answer(request, "core/no_invitation.html", {}, status=410)


def _choose(request: HttpRequest, token: str, found: Invitation, now: datetime) -> HttpResponse:
    if request.method != "POST":
        return _answer(request, "core/invitation.html", {"found": found, "form": PasswordForm(user=found.user)})
    form = PasswordForm(request.POST, user=found.user)
    if not form.is_valid():
        return _answer(request, "core/invitation.html", {"found": found, "form": form}, status=422)
    joined = accept_invitation(token, form.cleaned_data["password"], now=now)
    login(request, joined.user, backend=BACKEND)
    return redirect("home", joined.tenant.slug)


@public("each person's own; who isn't logged in is sent to the login")
def own(request: HttpRequest) -> HttpResponse:
    """Show and change a person's own name and language."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    user = request.user
    back = _back(request)
    with override(user.language):
        form = OwnForm(request.POST or None, initial={"name": user.name, "language": user.language})
        if request.method == "POST" and form.is_valid():
            try:
                change_own(user, memberships(user), **form.cleaned_data, now=datetime.now(UTC))
            except Invalid as error:
                put_faults(form, error)
            else:
                with override(form.cleaned_data["language"]):
                    messages.success(request, _("Saved, for all of your tenants."))
                return redirect(back)
        return _answer(request, "core/own.html", {"form": form, "back": back}, status=422 if form.errors else 200)


def _back(request: HttpRequest) -> str:
    """Tell where the person came from, if it is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "/"


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    return uncached(render(request, template, context, status=status))
