"""The operators' pages: tenants of this installation, never anything of their customers."""

from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core import deeds
from connect.core.actions import invitations
from connect.core.actions import tenants as actions
from connect.core.audit import OPERATOR
from connect.core.errors import Invalid, StaleVersion
from connect.core.forms import AdminForm, RenameTenantForm, TenantForm, put_faults
from connect.core.models import AuditEntry, Grant, Member, Tenant, User
from connect.core.operators import OperatorRequest, for_operators, member_counts, operator_page
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from connect.core.views.members import standing_of

MOST = 200
_ADMIN_FIELDS = {"name": "admin_name", "email": "admin_email"}


@for_operators
def tenants(request: OperatorRequest) -> HttpResponse:
    """List tenants with their members and state, found by name or address."""
    wanted = request.GET.get("q", "").strip()
    only = request.GET.get("state", "")
    found = Tenant.objects.filter(Q(name__icontains=wanted) | Q(slug__icontains=wanted)).order_by("name", "pk")
    if only in {"open", "suspended"}:
        found = found.filter(suspended_at__isnull=only == "open")
    shown = list(found[:MOST])
    context = {
        "shown": shown,
        "members": member_counts([one.pk for one in shown]),
        "matching": found.count(),
        "counts": (Tenant.objects.count(), Tenant.objects.exclude(suspended_at=None).count()),
        "wanted": wanted,
        "only": only,
    }
    return operator_page(request, "operator/tenants.html", context)


@for_operators
def new(request: OperatorRequest) -> HttpResponse:
    """Make a tenant and invite its first admin."""
    form = TenantForm(request.POST) if request.method == "POST" else TenantForm()
    if form.is_valid():
        typed = form.cleaned_data
        try:
            made = actions.found_tenant(
                typed["name"],
                typed["slug"],
                language=typed["language"],
                zone=typed["zone"],
                admin_name=typed["admin_name"],
                admin_email=typed["admin_email"],
                by=request.user,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            text = _("%(name)s is made. A mail asks %(admin)s in.")
            messages.success(request, text % {"name": made.name, "admin": typed["admin_name"]})
            return redirect("operator-tenant", made.public_id)
    context = {"form": form, "zones": sorted(available_timezones())}
    return operator_page(request, "operator/new.html", context, status=422 if form.errors else 200)


@for_operators
def tenant(request: OperatorRequest, tenant_id: UUID) -> HttpResponse:
    """Show a tenant, its admins and what operators did with it; rename it. A stale save shows both names."""
    one = Tenant.objects.get(public_id=tenant_id)
    if request.method != "POST":
        return _tenant(request, one, RenameTenantForm(initial={"name": one.name, "version": one.version}))
    form = RenameTenantForm(request.POST)
    if not form.is_valid():
        return _tenant(request, one, form, status=422)
    name, version = form.cleaned_data["name"], form.cleaned_data["version"]
    try:
        actions.rename_tenant(tenant_id, name, version=version or 0, by=request.user, now=request.now)
    except StaleVersion as error:
        again = RenameTenantForm(initial={"name": name, "version": error.current.version})
        return _tenant(request, error.current, again, stale=True, status=409)
    messages.success(request, _("Renamed to “%(name)s”.") % {"name": name})
    return redirect("operator-tenant", tenant_id)


@for_operators
def suspend(request: OperatorRequest, tenant_id: UUID) -> HttpResponse:
    """Suspend a tenant."""
    actions.suspend_tenant(tenant_id, by=request.user, now=request.now)
    messages.success(request, _("Suspended. Its members are shut out, and nothing more leaves."))
    return redirect("operator-tenant", tenant_id)


@for_operators
def resume(request: OperatorRequest, tenant_id: UUID) -> HttpResponse:
    """Resume a suspended tenant."""
    actions.resume_tenant(tenant_id, by=request.user, now=request.now)
    messages.success(request, _("Resumed. What was going out goes on where it stopped."))
    return redirect("operator-tenant", tenant_id)


@for_operators
def invite(request: OperatorRequest, tenant_id: UUID) -> HttpResponse:
    """Invite one more admin of a tenant."""
    one = Tenant.objects.get(public_id=tenant_id)
    form = AdminForm(request.POST)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            actions.invite_admin(
                tenant_id, email=typed["admin_email"], name=typed["admin_name"], by=request.user, now=request.now
            )
        except Invalid as error:
            put_faults(form, error, names=_ADMIN_FIELDS)
        else:
            messages.success(request, _("%(name)s is an admin now. A mail tells them.") % {"name": typed["admin_name"]})
            return redirect("operator-tenant", tenant_id)
    rename = RenameTenantForm(initial={"name": one.name, "version": one.version})
    return _tenant(request, one, rename, admin_form=form, status=422)


@for_operators
def invite_again(request: OperatorRequest, tenant_id: UUID, member_id: UUID) -> HttpResponse:
    """Mail an admin who hasn't come yet once more."""
    one = Tenant.objects.get(public_id=tenant_id)
    with open_tenant(one):
        admin = _admins(one).get(public_id=member_id)
    invitations.invite_again(one, admin.public_id, by=request.user, now=request.now)
    messages.success(request, _("%(name)s is mailed again. The earlier link has ended.") % {"name": admin.name})
    return redirect("operator-tenant", tenant_id)


def _admins(one: Tenant) -> QuerySet[Member]:
    held = Grant.objects.of(one).filter(role=Role.ADMIN).values("member_id")
    return Member.objects.of(one).filter(active=True, pk__in=held).order_by("name")


def _tenant(
    request: OperatorRequest,
    one: Tenant,
    form: RenameTenantForm,
    *,
    admin_form: AdminForm | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    with open_tenant(one):
        admins = list(_admins(one))
        theirs = AuditEntry.objects.of(one).filter(member=None, member_name__endswith=f"({OPERATOR})")
        history = list(theirs.order_by("-id")[:MOST])
    emails = dict(User.objects.filter(pk__in=[who.user_id for who in admins]).values_list("pk", "email"))
    context = {
        "one": one,
        "form": form,
        "admin_form": admin_form or AdminForm(),
        "stale": stale,
        "members": member_counts([one.pk]).get(one.pk, 0),
        "admins": [
            {"who": who, "email": emails[who.user_id], "standing": standing_of(who, request.now)} for who in admins
        ],
        "history": [(entry, deeds.words(entry.did), deeds.details(entry)) for entry in history],
    }
    return operator_page(request, "operator/tenant.html", context, status=status)
