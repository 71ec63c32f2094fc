"""Make, change and delete seed lists. Every name and address is checked here, whoever brings it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audiences.actions.models import gather
from audiences.did import Did
from audiences.models import Seed, SeedList
from audiences.naming import MAX_NAME_CHARACTERS, check_name
from connect.core.audit import audit
from connect.core.constraints import unique, unreferenced
from connect.core.errors import Forbidden, Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from conversations.addresses import check_header_text, normalise_email

NAME_KEY = "audiences_seedlist_name_key"
#: Each seed gets a copy for every segment and language: more of them would be an audience.
MAX_SEEDS = 50


@dataclass(frozen=True)
class SeedOf:
    """One person who gets copies. A name of "" stands for the address itself."""

    name: str
    email: str


@dataclass(frozen=True)
class SeedListOf:
    """What a seed list is to be."""

    name: str
    department: UUID
    mark_subject: bool
    seeds: Sequence[SeedOf]


@in_tenant
def make_seed_list(tenant: Tenant, wanted: SeedListOf, *, by: Member | None, now: datetime) -> SeedList:
    """Make a seed list.

    Errors: Invalid naming each field, a bad seed as `seeds.3.email`; Forbidden unless `by` is a marketer in the
    department.
    """
    values, seeds = _check(tenant, wanted)
    _access_as_marketer(values["department"].pk, by)
    with unique(NAME_KEY, {"name": _("Another seed list has this name.")}):
        made = SeedList.objects.create(tenant=tenant, created_at=now, updated_at=now, **values)
    _write(tenant, made, seeds)
    audit(tenant, by, Did.MADE_SEED_LIST, made.public_id, now=now, name=made.name, seeds=len(seeds))
    return made


@in_tenant
def change_seed_list(
    tenant: Tenant, list_id: UUID, version: int, wanted: SeedListOf, *, by: Member | None, now: datetime
) -> SeedList:
    """Change a seed list that still is as it was at `version`. Approvals that rest on it fall with it.

    Errors: SeedList.DoesNotExist; StaleVersion with the list as it is now; Invalid as above; Forbidden unless `by` is
    a marketer in its department and in the wanted one.
    """
    one = SeedList.objects.of(tenant).filter(public_id=list_id)
    before = one.get()
    _access_as_marketer(before.department_id, by)
    values, seeds = _check(tenant, wanted)
    _access_as_marketer(values["department"].pk, by)
    with unique(NAME_KEY, {"name": _("Another seed list has this name.")}):
        one.save_version(version, updated_at=now, **values)
    known = {seed.email_key for seed in seeds_on(tenant, before)}
    _write(tenant, before, seeds)
    wanted_keys = {key for _name, key in seeds}
    audit(
        tenant,
        by,
        Did.CHANGED_SEED_LIST,
        list_id,
        now=now,
        fields=sorted(field for field, value in values.items() if getattr(before, field) != value),
        added=len(wanted_keys - known),
        removed=len(known - wanted_keys),
    )
    return one.get()


@in_tenant
def delete_seed_list(tenant: Tenant, list_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Delete a seed list with its seeds.

    Errors: SeedList.DoesNotExist; Conflict while a campaign uses it; Forbidden unless `by` is a marketer in its
    department.
    """
    listed = SeedList.objects.of(tenant).select_for_update().get(public_id=list_id)
    _access_as_marketer(listed.department_id, by)
    with unreferenced(_("A campaign uses this seed list. Choose another one there first.")):
        Seed.objects.of(tenant).filter(seed_list=listed).delete()
        SeedList.objects.of(tenant).filter(pk=listed.pk).delete()
    audit(tenant, by, Did.REMOVED_SEED_LIST, list_id, now=now, name=listed.name)


def seeds_on(tenant: Tenant, listed: SeedList) -> list[Seed]:
    """List the seeds of a list in the order in which they were written down."""
    return list(Seed.objects.of(tenant).filter(seed_list=listed).order_by("pk"))


def _access_as_marketer(department_id: int, by: Member | None) -> None:
    if by and not by.may(Role.MARKETER, department_id):
        raise Forbidden(_("Only a marketer of its department changes this seed list."))


def _write(tenant: Tenant, listed: SeedList, seeds: Sequence[tuple[str, str]]) -> None:
    Seed.objects.of(tenant).filter(seed_list=listed).delete()
    Seed.objects.bulk_create(
        [Seed(tenant=tenant, seed_list=listed, name=name, email=key, email_key=key) for name, key in seeds]
    )


def _check(tenant: Tenant, wanted: SeedListOf) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    checked = gather(
        {
            "name": lambda: check_name(wanted.name),
            "department": lambda: _find_department(tenant, wanted.department),
            "seeds": lambda: _check_seeds(wanted.seeds),
        }
    )
    seeds: list[tuple[str, str]] = checked.pop("seeds")
    return {**checked, "mark_subject": wanted.mark_subject}, seeds


def _find_department(tenant: Tenant, department_id: UUID) -> Department:
    department = Department.objects.of(tenant).filter(public_id=department_id).first()
    if department is None:
        raise Invalid({"department": _("There is no such department.")})
    return department


def _check_seeds(seeds: Sequence[SeedOf]) -> list[tuple[str, str]]:
    """Check all seeds and gather what is wrong, each by its place.

    Shape: (name, normalised address) in the order given.
    """
    if not seeds:
        raise Invalid({"seeds": _("A seed list needs one address at least.")})
    if len(seeds) > MAX_SEEDS:
        raise Invalid({"seeds": _("A seed list has at most %(most)d addresses.") % {"most": MAX_SEEDS}})
    faults: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    for place, seed in enumerate(seeds):
        try:
            name, key = _check_seed(seed, f"seeds.{place}.")
        except Invalid as error:
            faults |= error.fields
            continue
        if key in found:
            faults[f"seeds.{place}.email"] = [_("%(address)s stands above already.") % {"address": key}]
        found.setdefault(key, name)
    if faults:
        raise Invalid(faults)
    return [(name, key) for key, name in found.items()]


def _check_seed(seed: SeedOf, at: str) -> tuple[str, str]:
    checked = gather(
        {
            "name": lambda: _check_seed_name(seed.name, f"{at}name"),
            "email": lambda: normalise_email(seed.email, f"{at}email"),
        }
    )
    return checked["name"] or checked["email"][:MAX_NAME_CHARACTERS], checked["email"]


def _check_seed_name(raw: str, field: str) -> str:
    name = check_header_text(raw, field)
    if len(name) > MAX_NAME_CHARACTERS:
        raise Invalid({field: _("A name has at most %(most)d characters.") % {"most": MAX_NAME_CHARACTERS}})
    return name
