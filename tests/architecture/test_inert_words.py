"""Markup in anybody's words is words on every page of the console: lists, search, audit log, review, notices."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from selectolax.lexbor import LexborHTMLParser

from connect.core.audit import audit
from connect.core.did import Did
from connect.core.models import Member
from connect.core.tenancy import tenant as open_tenant
from tests.architecture.furnished import Furnished, furnished
from tests.architecture.routes import Route, routes

IN_TENANT = [route for route in routes() if route.in_tenant]
EVIL = "<img src=x onerror=alert(1)>\"'><b hx-on:load=alert(1)>{{7*7}}"
#: Where people's words stand.
WORDS = {
    "audiences.AudienceModel": ("name", "description"),
    "audiences.SeedList": ("name",),
    "campaigns.Campaign": ("name", "description"),
    "campaigns.Note": ("text",),
    "content.MessageContent": ("name",),
    "conversations.Attribute": ("label",),
    "conversations.Conversation": ("name", "from_name", "postal_address", "footer"),
    "conversations.Customer": ("external_id", "region"),
    "conversations.CustomerImport": ("file_name", "source"),
    "core.Department": ("name",),
    "core.Member": ("name",),
    "segments.Segment": ("name",),
    "segments.SegmentationModel": ("name", "description"),
    "suppression.SuppressionList": ("name", "description"),
}


@pytest.fixture(scope="module")
def found(django_db_setup: object, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """A furnished tenant in which every word is markup."""
    with django_db_blocker.unblock(), furnished() as tenant:
        with open_tenant(tenant.tenant):
            for label, fields in WORDS.items():
                words = Concat(Value(EVIL[:55]), Cast(F("pk"), models.TextField()), output_field=models.TextField())
                apps.get_model(label)._base_manager.update(**dict.fromkeys(fields, words))
            # The log takes new lines alone.
            by = Member.objects.get(pk=tenant.everything.pk)
            audit(tenant.tenant, by, Did.ADDED_MEMBER, by.public_id, now=timezone.now(), reason=EVIL)
        yield tenant


@pytest.mark.parametrize("route", IN_TENANT, ids=lambda route: route.name)
def test_words_of_markup_are_words(route: Route, found: Furnished) -> None:
    with transaction.atomic():
        answer = found.browser.get(found.path(route, segment="rest", language="en"), {"q": EVIL[:20]})
        transaction.set_rollback(True)
    assert answer.status_code < 500
    if "html" not in answer["Content-Type"]:
        return
    page = LexborHTMLParser(answer.content.decode())
    running = [
        node.html for node in page.css("*") if any(name.startswith(("onerror", "hx-on")) for name in node.attributes)
    ]
    assert running == []
    assert ">49" not in answer.content.decode().replace(" ", "")


def test_the_pages_do_show_them(found: Furnished) -> None:
    shown = (
        "campaigns",
        "customers",
        "audiences",
        "segments",
        "content",
        "suppression",
        "admin/members",
        "admin/audit",
    )
    for page in shown:
        answer = found.browser.get(f"/t/{found.tenant.slug}/{page}/")
        assert "&lt;img src=x onerror=alert(1)&gt;" in answer.content.decode()
