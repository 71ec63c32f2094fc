"""One tenant with a thing of every kind in it, for the sweeps that post forms at every route."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from audiences.actions.seeds import SeedListOf, SeedOf, make_seed_list
from campaigns.models import Run
from connect.core.models import Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import in_tenant
from conversations.actions.dkim_keys import make_dkim_key
from conversations.actions.imports import do_upload
from conversations.models import Conversation
from conversations.states import AttributeKind, AttributeType, DkimAlgorithm
from delivery.actions.plan import plan_run
from suppression.actions.entries import add_entry
from suppression.states import Reason
from tests.architecture.routes import Route
from tests.audiences.factories import add_customer, declare, make_conversation
from tests.campaigns.factories import Stage, make_stage, segment_ids
from tests.delivery.factories import make_run
from tests.delivery.relaying import a_relay
from tests.factories import make_cast_member, make_cast_tenant
from tests.suppression.factories import a_list

CSV = b"customer_id,email,City\nc-1,kim@shop.example,Halifax\n"


@dataclass
class Furnished:
    """A furnished tenant. `ids` names what a route's parameter leads to; `more` what forms refer to besides."""

    tenant: Tenant
    stage: Stage
    everything: Member
    ids: dict[str, str]
    more: dict[str, str]
    browser: Client = field(default_factory=Client)

    def path(self, route: Route, **others: str) -> str:
        """Fill a route with this tenant's own things, or with `others`."""
        path = route.route.replace("<slug:slug>", self.tenant.slug)
        kinds = {"int": "1", "str": "en", "slug": "x", "path": "x", "uuid": self.more["nobody"]}
        for name, kind in route.parameters.items():
            path = path.replace(f"<{kind}:{name}>", {**self.ids, **others}.get(name, kinds[kind]))
        return "/" + path


@contextmanager
def furnished() -> Iterator[Furnished]:
    """Make the tenant Northwind with its things in a transaction that is taken back in the end: once for many tests."""
    with transaction.atomic():
        yield furnish(make_cast_tenant("Northwind", "northwind", now=timezone.now()))
        transaction.set_rollback(True)


def furnish(tenant: Tenant) -> Furnished:
    """Make a tenant's things now, by the clock on the wall, which is the views'."""
    now = timezone.now()
    marketer = make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=now)
    approver = make_cast_member(tenant, "Amelie Roy", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER], now=now)
    everything = make_cast_member(tenant, "Eve Ryrole", list(Role), now=now)
    found = _furnish(tenant, marketer, approver, everything, now)
    user = User.objects.get(pk=everything.user_id)
    found.browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


@in_tenant
def _furnish(tenant: Tenant, marketer: Member, approver: Member, everything: Member, now: datetime) -> Furnished:
    department = Department.objects.of(tenant).get()
    city = declare(tenant, "city", AttributeType.TEXT, now=now)
    declare(tenant, "ski", AttributeType.BOOLEAN, now=now, of=AttributeKind.INTEREST)
    conversation = make_conversation(tenant, department, now=now)
    customer = add_customer(tenant, "c-1", conversation, now=now, country="DE", attributes={"city": "Kiel"})
    stage = make_stage(tenant, department, marketer, approver, conversation, now)
    draft = stage.campaign("Draft")
    asked = stage.ask(stage.campaign("Asked"))
    later = stage.campaign("Later")
    tomorrow = (now + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    later = stage.approve(stage.ask(stage.schedule(later, start=tomorrow)))
    listed = a_list(tenant, now=now)
    entry = add_entry(tenant, listed.public_id, value="no@shop.example", reason=Reason.MANUAL, by=marketer, now=now)
    seeds = SeedListOf("Team", department.public_id, True, [SeedOf("Kim", "kim@team.example")])
    seed_list = make_seed_list(tenant, seeds, by=marketer, now=now)
    key = make_dkim_key(
        tenant, conversation.public_id, algorithm=DkimAlgorithm.ED25519, selector="one", by=None, now=now
    )
    upload = do_upload(tenant, by=marketer, file_name="customers.csv", stream=BytesIO(CSV), now=now)
    things: dict[str, Any] = {
        "approval_id": stage.asked(asked)[0],
        "attribute_id": city,
        "audience_id": stage.audience,
        "campaign_id": draft,
        "content_id": stage.content,
        "conversation_id": conversation,
        "customer_id": customer,
        "department_id": department,
        "entry_id": entry,
        "import_id": upload,
        "key_id": key,
        "list_id": listed,
        "member_id": approver,
        "model_id": stage.segmentation,
        "relay_id": a_relay(tenant, now=now),
        "revision_id": stage.english,
        "run_id": _run_in_doubt(tenant, department, conversation, now),
        "seed_list_id": seed_list,
    }
    more = {
        "asked": str(asked.public_id),
        "later": str(later.public_id),
        "fingerprint": stage.asked(asked)[0].fingerprint,
        "segment": str(segment_ids(tenant, stage.segmentation)[0]),
        "nobody": "00000000-0000-4000-8000-000000000000",
    }
    return Furnished(tenant, stage, everything, {name: str(one.public_id) for name, one in things.items()}, more)


def _run_in_doubt(tenant: Tenant, department: Department, conversation: Conversation, now: datetime) -> Run:
    """Make a run that is sending, its one message in doubt."""
    cast = make_run(tenant, department, now=now, conversation=conversation, algorithms=[])
    assert plan_run(tenant, cast.run.pk, now=now)
    run_sql(Sql("UPDATE delivery_message SET state = 'in_doubt', settled_at = now() WHERE run_id = %s", (cast.run.pk,)))
    run_sql(Sql("UPDATE delivery_chunk SET in_doubt = total, next_at = NULL WHERE run_id = %s", (cast.run.pk,)))
    return cast.run
