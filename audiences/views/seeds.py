"""Seed lists: the list of them, and one of them in its form."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.actions import seeds as actions
from audiences.forms.seeds import SeedListForm, initial_of, write_people
from audiences.models import Seed, SeedList
from audiences.uses import uses_of
from audiences.views.builder import departments_for
from connect.core.errors import Invalid, StaleVersion
from connect.core.panels import use_counts
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

SEED_LIST = "seed_list"


@needs(Role.VIEWER)
def seeds(request: ConsoleRequest) -> HttpResponse:
    """List the seed lists, with how many stand on each and how many campaigns use it."""
    mine = SeedList.objects.of(request.tenant).visible_to(request.member)
    found = list(mine.select_related("department").order_by("name"))
    on_list = Seed.objects.of(request.tenant).filter(seed_list__in=found).order_by()
    people = dict(on_list.values_list("seed_list_id").annotate(count=Count("*")))
    uses = use_counts(request.tenant, SEED_LIST, [one.public_id for one in found])
    context = {
        "rows": [{"list": one, "people": people.get(one.pk, 0), "uses": uses[one.public_id]} for one in found],
        "several": len({one.department_id for one in found}) > 1,
        "may_make": request.member.may(Role.MARKETER),
    }
    return page(request, "audiences/seeds.html", context)


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Make a seed list."""
    departments = departments_for(request.tenant, request.member)
    if request.method != "POST":
        return _page(request, SeedListForm(departments=departments, initial={"department": departments[0].public_id}))
    form = SeedListForm(request.POST, departments=departments)
    if form.is_valid():
        try:
            made = actions.make_seed_list(request.tenant, form.wanted(), by=request.member, now=request.now)
        except Invalid as error:
            form.put(error)
        else:
            messages.success(request, _("“%(name)s” is made. Campaigns may choose it.") % {"name": made.name})
            return redirect(here(request, "seeds"))
    return _page(request, form, status=422)


@needs(Role.VIEWER)
def seed_list(request: ConsoleRequest, seed_list_id: UUID) -> HttpResponse:
    """Show a seed list: its form to who may change it, its people to everybody else. On POST change it."""
    visible = SeedList.objects.of(request.tenant).visible_to(request.member).select_related("department")
    listed = visible.get(public_id=seed_list_id)
    if not request.member.may(Role.MARKETER, listed.department_id) and request.method != "POST":
        return _page(request, None, listed)
    departments = departments_for(request.tenant, request.member)
    if request.method != "POST":
        on_list = actions.seeds_on(request.tenant, listed)
        return _page(request, SeedListForm(departments=departments, initial=initial_of(listed, on_list)), listed)
    form = SeedListForm(request.POST, departments=departments)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            changed = actions.change_seed_list(
                request.tenant, seed_list_id, version, form.wanted(), by=request.member, now=request.now
            )
        except Invalid as error:
            form.put(error)
        except StaleVersion as error:
            again = SeedListForm({**form.cleaned_data, "version": error.current.version}, departments=departments)
            return _page(request, again, error.current, status=409, stale=True)
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
            return redirect(here(request, "seeds"))
    return _page(request, form, listed, status=422)


@needs(Role.MARKETER)
def delete(request: ConsoleRequest, seed_list_id: UUID) -> HttpResponse:
    """Delete a seed list that no campaign uses."""
    visible = SeedList.objects.of(request.tenant).visible_to(request.member)
    listed = visible.get(public_id=seed_list_id)
    actions.delete_seed_list(request.tenant, seed_list_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": listed.name})
    return redirect(here(request, "seeds"))


def _page(
    request: ConsoleRequest,
    form: SeedListForm | None,
    listed: SeedList | None = None,
    *,
    status: int = 200,
    stale: bool = False,
) -> HttpResponse:
    on_list = actions.seeds_on(request.tenant, listed) if listed else []
    context = {
        "form": form,
        "list": listed,
        "seeds": on_list,
        "theirs": write_people(on_list) if stale else None,
        "uses": uses_of(request.tenant, SEED_LIST, listed.public_id) if listed else None,
        "most": actions.MAX_SEEDS,
    }
    return page(request, "audiences/seed_list.html", context, status=status)
