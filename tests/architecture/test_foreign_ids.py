"""What a form names is looked up in the form's own tenant, and what a form doesn't hold is not read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from campaigns.models import Forecast
from connect.core.models import AuditEntry, Member
from connect.core.tenancy import tenant as open_tenant
from tests.architecture.formkinds import Form, Values
from tests.architecture.forms import FORMS
from tests.architecture.furnished import Furnished, furnish
from tests.architecture.routes import routes
from tests.architecture.rows import tenant_models
from tests.factories import make_cast_tenant

BY_NAME = {route.name: route for route in routes() if route.in_tenant}
NAMES = [name for name in FORMS if name in BY_NAME]


@pytest.fixture(scope="module")
def both(django_db_setup: object, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Furnished, Furnished]]:
    """Northwind and its neighbour, each with a thing of every kind."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = timezone.now()
        mine = furnish(make_cast_tenant("Northwind", "northwind", now=now))
        yield mine, furnish(make_cast_tenant("Southwind", "southwind", now=now))
        transaction.set_rollback(True)


def _prepared(name: str, found: Furnished) -> tuple[str, Form, Values]:
    form = FORMS[name]
    with open_tenant(found.tenant):
        path = found.path(BY_NAME[name], **{key: found.more.get(to, to) for key, to in form.at.items()})
        return path, form, form.valid(found)


def _rows(found: Furnished) -> dict[str, list[dict[str, Any]]]:
    with open_tenant(found.tenant):
        return {
            model._meta.label: [
                {name: value for name, value in row.items() if not _volatile(name)}
                for row in model._base_manager.order_by("pk").values()
            ]
            for model in tenant_models()
            if model not in (Member, Forecast)
        }


def _volatile(name: str) -> bool:
    """Tell whether a column differs each time: keys, times, what is drawn by lot."""
    words = (
        "id",
        "public_id",
        "at",
        "selector",
        "sealed_private_key",
        "sealed_password",
        "dns_record",
        "thing",
        "fingerprint",
        "sql",
        "proof",
    )
    return name in words or name.endswith(("_at", "_id"))


# --- A28: a neighbour's ids ----------------------------------------------------------------------------------------

#: Ids that a good post may hold besides those that it must: form → field → whose id, or how it is written.
OPTIONAL: dict[str, dict[str, str]] = {
    "audience-draft-reach": {"conversation": "{conversation_id}"},
    "audience-save": {"conversation": "{conversation_id}"},
    "campaign-audience": {"audience": "{audience_id}", "segmentation": "{model_id}"},
    "campaign-content": {"segments": "{segment}"},
    "campaign-schedule": {"seed_list": "{seed_list_id}"},
    "import-map": {"conversation": "{conversation_id}"},
    "member": {"roles": "viewer:{department_id}"},
    "member-add": {"roles": "viewer:{department_id}"},
    "segmentation-new": {"segments.0.id": "{segment}"},
    "segmentation-save": {"segments.0.id": "{segment}"},
}
#: Forms that only count or lead on: a foreign id is as good as none there.
HARMLESS = {"audience-draft-reach", "segmentation-draft-reach", "audience-save", "segmentation-save"}


def _with_theirs(name: str, values: Values, mine: Furnished, theirs: Furnished) -> Iterator[Values]:
    """Put the neighbour's ids into a post, one at a time."""
    ids = {**mine.ids, **mine.more}
    for field, value in values.items():
        for key, own in ids.items():
            other = {**theirs.ids, **theirs.more}[key]
            if key != "nobody" and own in value and own != other:
                yield {**values, field: value.replace(own, other)}
    for field, written in OPTIONAL.get(name, {}).items():
        yield {**values, field: written.format(**theirs.ids, **theirs.more)}


@pytest.mark.parametrize("name", NAMES)
def test_a_neighbours_id_in_a_form_is_no_id(name: str, both: tuple[Furnished, Furnished]) -> None:
    mine, theirs = both
    path, form, values = _prepared(name, mine)
    for tried in _with_theirs(name, values, mine, theirs):
        odd = {field: value for field, value in tried.items() if values.get(field) != value}
        with transaction.atomic():
            with open_tenant(mine.tenant):
                before = AuditEntry.objects.of(mine.tenant).count()
            answer = mine.browser.post(path, tried)
            with open_tenant(mine.tenant):
                kept = AuditEntry.objects.of(mine.tenant).count() - before
            transaction.set_rollback(True)
        if name in HARMLESS:
            assert (odd, answer.status_code in {form.good, 404, 422}) == (odd, True)
            assert not any(theirs_id.encode() in answer.content for theirs_id in odd.values() if name.endswith("reach"))
        else:
            assert (odd, answer.status_code in {404, 409, 422}, kept) == (odd, True, 0)


def test_the_sweep_tries_every_kind_of_thing_that_forms_name(both: tuple[Furnished, Furnished]) -> None:
    mine, theirs = both
    tried = {name for name in NAMES if next(_with_theirs(name, _prepared(name, mine)[2], mine, theirs), None)}
    assert tried >= set(OPTIONAL) & set(NAMES)
    assert tried >= {
        "campaign-cell",
        "campaign-new",
        "content-new",
        "customer-consent",
        "review-decide",
        "suppression-apply",
    }


# --- A30: fields that a form doesn't hold --------------------------------------------------------------------------


def _extras(theirs: Furnished) -> Values:
    neighbour = str(theirs.tenant.pk)
    return {
        **dict.fromkeys(("tenant", "tenant_id", "_tenant"), neighbour),
        **dict.fromkeys(("state", "standing"), "approved"),
        **dict.fromkeys(("is_staff", "is_superuser", "is_operator", "automatic", "active", "personal_ok"), "1"),
        **dict.fromkeys(("approved_by", "created_by", "member", "member_id", "by", "pk", "id"), "1"),
        **dict.fromkeys(("public_id", "user", "user_id", "uuid"), theirs.more["nobody"]),
        **dict.fromkeys(("approved_at", "archived_at", "created_at", "updated_at", "now"), "2001-01-01T00:00:00Z"),
        "role": "admin",
        "grants": "admin",
        "hash": "0" * 64,
        "number": "99",
        "held_reason": "x",
        "email_key": "x@y.z",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_a_form_does_not_hold_changes_nothing(name: str, both: tuple[Furnished, Furnished]) -> None:
    mine, theirs = both
    path, form, values = _prepared(name, mine)
    pictures = []
    for more in ({}, _extras(theirs)):
        with transaction.atomic():
            answer = mine.browser.post(path, {**more, **values})
            assert answer.status_code == form.good
            pictures.append((_rows(mine), _rows(theirs)))
            transaction.set_rollback(True)
    assert pictures[0] == pictures[1]
