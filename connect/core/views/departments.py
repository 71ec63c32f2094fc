"""Admin pages about departments: what belongs to each, and the few things that can be done with them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core import belongings
from connect.core.actions import departments as actions
from connect.core.errors import Invalid, StaleVersion
from connect.core.forms import DepartmentForm, put_faults
from connect.core.models import Department, Grant
from connect.core.roles import LABELS, Role
from connect.core.web import ConsoleRequest, here, needs, page


@needs(Role.ADMIN)
def departments(request: ConsoleRequest) -> HttpResponse:
    """List departments with what belongs to them."""
    counted = belongings.counts_of_all(request.tenant)
    listed = [
        {"department": one, "counts": counted.get(one.pk, belongings.nothing())}
        for one in Department.objects.of(request.tenant).order_by("name")
    ]
    context = {"listed": listed, "columns": [one.label for one in belongings.nothing()]}
    return page(request, "core/departments.html", context)


@needs(Role.ADMIN)
def add(request: ConsoleRequest) -> HttpResponse:
    """Make a department."""
    if request.method != "POST":
        return page(request, "core/department_new.html", {"form": DepartmentForm()})
    form = DepartmentForm(request.POST)
    if form.is_valid():
        try:
            made = actions.make_department(
                request.tenant, form.cleaned_data["name"], by=request.member, now=request.now
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("“%(name)s” is made. Give members roles in it.") % {"name": made.name})
            return redirect(here(request, "departments"))
    return page(request, "core/department_new.html", {"form": form}, status=422)


@needs(Role.ADMIN)
def department(request: ConsoleRequest, department_id: UUID) -> HttpResponse:
    """Show what belongs to one department and who has roles in it, and rename it; a stale save shows both names."""
    one = Department.objects.of(request.tenant).public(department_id)
    if request.method != "POST":
        return _department(request, one, DepartmentForm(initial={"name": one.name, "version": one.version}))
    form = DepartmentForm(request.POST)
    if form.is_valid():
        name, version = form.cleaned_data["name"], form.cleaned_data["version"]
        try:
            actions.rename_department(
                request.tenant, department_id, name, version=version or 0, by=request.member, now=request.now
            )
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            again = DepartmentForm(initial={"name": name, "version": error.current.version})
            return _department(request, error.current, again, stale=True, status=409)
        else:
            messages.success(request, _("Renamed to “%(name)s”.") % {"name": name})
            return redirect(here(request, "departments"))
    return _department(request, one, form, status=422)


@needs(Role.ADMIN)
def delete(request: ConsoleRequest, department_id: UUID) -> HttpResponse:
    """Delete a department to which nothing belongs."""
    name = Department.objects.of(request.tenant).public(department_id).name
    actions.delete_department(request.tenant, department_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect(here(request, "departments"))


def _department(
    request: ConsoleRequest, one: Department, form: DepartmentForm, *, stale: bool = False, status: int = 200
) -> HttpResponse:
    people: dict[str, list[str]] = {}
    grants = Grant.objects.of(request.tenant).filter(department=one).select_related("member").order_by("member__name")
    for grant in grants:
        people.setdefault(grant.member.name, []).append(str(LABELS[Role(grant.role)]))
    counted = belongings.counts(request.tenant, one.pk)
    context = {
        "one": one,
        "form": form,
        "stale": stale,
        "counts": counted,
        "left": belongings.words(counted),
        "last": not Department.objects.of(request.tenant).exclude(pk=one.pk).exists(),
        "people": [(name, ", ".join(held)) for name, held in people.items()],
    }
    return page(request, "core/department.html", context, status=status)
