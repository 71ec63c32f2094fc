"""Whatever people type: no page breaks, and what was typed is kept as it is, or refused at its field with nothing kept.

Strings are spread over the fields: each field gets some of them, other ones than its neighbours. A file takes them all,
and so does each check that stands behind the fields.
"""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from audiences.naming import check_description, check_name
from campaigns.checks import check_description as check_campaign_description
from campaigns.checks import check_name as check_campaign_name
from campaigns.checks import check_tags
from connect.core.cursors import read_cursor
from connect.core.errors import Invalid
from connect.core.models import AuditEntry
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.imports import MappingOf, do_map, run_import
from conversations.addresses import (
    check_country,
    check_header_text,
    check_language,
    check_phone,
    check_storable,
    check_zone,
    normalise_email,
)
from conversations.domains import normalise_domain
from conversations.models import Customer, CustomerImport, ImportFault
from suppression.values import read_value
from tests.architecture.formkinds import Form, source
from tests.architecture.forms import BUTTONS, FORMS, PAGES
from tests.architecture.furnished import Furnished, furnished
from tests.architecture.naughty import NAUGHTY, spread
from tests.architecture.routes import Route, routes

IN_TENANT = [route for route in routes() if route.in_tenant]
BY_NAME = {route.name: route for route in IN_TENANT}
PER_FIELD = 1
PER_PAGE = 1
#: What a database can't hold, tried everywhere.
NUL = "a\x00b"
#: Written down without anything being kept: a refused draft, a file of which no line was good.
REFUSALS = ("content.draft_refused", "suppression.entries_imported")
#: Nobody types these.
HIDDEN = frozenset({"version", "language"})


@pytest.fixture(scope="module")
def found(django_db_setup: object, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """A furnished tenant, whose browser hands faults on as answers. Each test takes back what it changed."""
    with django_db_blocker.unblock(), furnished() as tenant:
        tenant.browser.raise_request_exception = False
        yield tenant


def test_every_route_that_takes_a_post_has_an_entry(found: Furnished) -> None:
    takes = {route.name for route in IN_TENANT if Client().post(_anywhere(route)).status_code != 405}
    assert takes - FORMS.keys() - BUTTONS - PAGES == set()


def _anywhere(route: Route) -> str:
    return "/" + re.sub(
        r"<uuid:\w+>", "0" * 8 + "-0000-4000-8000-" + "0" * 12, re.sub(r"<(?!uuid)[^>]+>", "1", route.route)
    )


def test_there_are_enough_of_them() -> None:
    assert len(NAUGHTY) >= 500
    assert len(set(NAUGHTY)) == len(NAUGHTY)


@pytest.mark.parametrize("name", [name for name in FORMS if name in BY_NAME])
def test_whatever_is_typed_into_a_form_is_kept_or_refused_at_its_field(name: str, found: Furnished) -> None:
    form, place = FORMS[name], list(FORMS).index(name)
    wrong = []
    with open_tenant(found.tenant):
        path = found.path(BY_NAME[name], **{key: found.more.get(to, to) for key, to in form.at.items()})
        valid = form.valid(found)
    assert _post(found, path, valid, form)[0] == form.good
    for number, field in enumerate(form.texts):
        for typed in [NUL, *spread(PER_FIELD, place * 5 + number * 3)]:
            says = _fault(found, path, form, {**valid, field: typed}, field)
            wrong += [f"{field}: {typed[:60]!a} {says}"] if says else []
    assert not wrong, "\n".join(wrong)


def _fault(found: Furnished, path: str, form: Form, values: dict[str, str], field: str) -> str:
    """Post one odd value and tell what went wrong, or ""."""
    status, answer, before, after, deeds = _post(found, path, values, form)
    typed, keeps = values[field], form.texts[field]
    if status == form.good and deeds is not None:
        expected = keeps(typed) if keeps else None
        return f"became {after.get(field)!a}" if keeps and after.get(field) != expected else ""
    if status in {404, 409} and not keeps:
        return "" if before == after and not deeds else "was kept in spite of a refusal"
    if status != 422:
        return f"got {status} {getattr(answer, 'exc_info', '')!s:.300}"
    if before != after or deeds:
        return "was kept in spite of a refusal"
    return (
        ""
        if field in HIDDEN or form.good == 200 or _names(answer.content.decode(), field)
        else "was refused without its field"
    )


def _post(found: Furnished, path: str, values: dict[str, str], form: Form) -> tuple[int, Any, Any, Any, int]:
    """Post, look, and take it all back."""
    with transaction.atomic():
        with open_tenant(found.tenant):
            before, seen = dict(form.stored(found)), _deeds(found)
        answer = found.browser.post(path, values)
        with open_tenant(found.tenant):
            after, deeds = dict(form.stored(found)), _deeds(found) - seen
        transaction.set_rollback(True)
    return answer.status_code, answer, before, after, deeds


def _deeds(found: Furnished) -> int:
    return AuditEntry.objects.of(found.tenant).exclude(did__in=REFUSALS).count()


def _names(page: str, field: str) -> bool:
    """Tell whether a refusal stands at its field, or in the list of what is wrong by the field's name."""
    at = field.rpartition(".")[0]
    marks = (f'id="id_{field}_error"', f'id="{field}_error"', f'id="{field}.error"', f'id="{at}.error"', f"<b>{field}")
    return any(mark in page for mark in marks) or 'role="alert"' in page or 'data-tone="bad"' in page


# --- Pages that are asked for something ----------------------------------------------------------------------------

#: What addresses of pages hold behind their question mark, all of it at once.
SOUGHT = ("q", "address", "who", "value", "customer", "name")
NARROWED = ("after", "before", "cell", "conversation", "country", "did", "language", "page", "reason", "sort", "state")
CHOSEN = ("add", "archived", "code", "count", "excluded", "format", "on", "part", "revision", "start", "wide", "was")


@pytest.mark.parametrize(
    "route",
    [route for route in IN_TENANT if not {"str"} & set(route.parameters.values())],
    ids=lambda route: route.name,
)
def test_no_page_breaks_on_what_it_is_asked_for(route: Route, found: Furnished) -> None:
    path = found.path(route)
    broken = []
    for number, typed in enumerate([NUL, *spread(PER_PAGE, IN_TENANT.index(route) * 5)]):
        asked = SOUGHT if number == 1 else (*SOUGHT, *NARROWED, *CHOSEN)
        with transaction.atomic():
            answer = found.browser.get(path, {**dict.fromkeys(asked, typed), "nobody": ""})
            transaction.set_rollback(True)
        broken += [(typed, str(getattr(answer, "exc_info", "")))] if answer.status_code >= 500 else []
    assert broken == []


# --- All of them, where that costs little --------------------------------------------------------------------------


def test_a_file_of_them_is_imported_or_refused_line_by_line(found: Furnished) -> None:
    cells = [text for text in NAUGHTY if len(text) < 5000]
    written = StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(["customer_id", "city", "region"])
    writer.writerows([f"n-{number}", text, ""] for number, text in enumerate(cells))
    writer.writerows([text, "", ""] for text in cells)
    writer.writerows([f"r-{number}", "", text] for number, text in enumerate(cells))
    file = SimpleUploadedFile("\u202e..\\..//\x00naughty\r\n.csv", written.getvalue().encode())
    base = f"/t/{found.tenant.slug}/customers/imports/"
    with transaction.atomic():
        assert found.browser.post(f"{base}upload/", {"file": file}).status_code == 302
        with open_tenant(found.tenant):
            made = CustomerImport.objects.order_by("-pk")[0]
            mapping = {"customer_id": "external_id", "city": "attributes.city", "region": "region"}
            do_map(found.tenant, made.public_id, MappingOf(mapping), by=found.everything, now=made.created_at)
        run_import(found.tenant, made.pk, now=made.created_at)
        answer = found.browser.get(f"{base}{made.public_id}/")
        with open_tenant(found.tenant):
            kept = {one.external_id: one for one in Customer.objects.of(found.tenant)}
            refused = ImportFault.objects.filter(customer_import=made).count()
        transaction.set_rollback(True)
    assert answer.status_code == 200
    towns = [(text, kept[f"n-{n}"].attributes.get("city", "")) for n, text in enumerate(cells) if f"n-{n}" in kept]
    regions = [(text, kept[f"r-{n}"].region) for n, text in enumerate(cells) if f"r-{n}" in kept]
    assert [(text, became) for text, became in [*towns, *regions] if became != source(text)[:-1]] == []
    assert len(towns) + len(regions) + refused >= 2 * len(cells)


CHECKS: list[Callable[[str], Any]] = [
    normalise_email,
    normalise_domain,
    check_language,
    check_zone,
    check_country,
    check_phone,
    check_header_text,
    check_storable,
    check_name,
    check_description,
    check_campaign_name,
    check_campaign_description,
    lambda text: check_tags([text]),
    read_value,
    read_cursor,
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_refuses_or_gives_what_can_be_stored(check: Callable[[str], Any]) -> None:
    for text in [*NAUGHTY, "\ud800", "a\udfffb", "\udc00\ud800"]:
        with suppress(Invalid):
            became = str(check(text))
            assert "\x00" not in became
            became.encode()


@pytest.mark.parametrize("check", [normalise_email, check_header_text, check_campaign_name, check_name])
def test_no_check_of_a_header_lets_a_line_break_through(check: Callable[[str], Any]) -> None:
    for text in NAUGHTY:
        with suppress(Invalid):
            assert re.search("[\r\n\x00\x0b\x0c\x85\u2028\u2029]", check(text)) is None


@pytest.mark.parametrize("charset", ["utf-7", "raw_unicode_escape", "utf-16-le", "idna", "hex", "nothing"])
def test_a_form_in_another_charset_than_ours_is_refused(charset: str, found: Furnished) -> None:
    """Some of them would carry half characters, which no database holds."""
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\r\n--x\r\n'
    body += b'Content-Disposition: form-data; name="scope"\r\n\r\ntenant\r\n--x--\r\n'
    with transaction.atomic():
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        answer = found.browser.generic("POST", f"/t/{found.tenant.slug}/suppression/new/", body, content_type=kind)
        transaction.set_rollback(True)
    assert answer.status_code == 400
