"""Builds the demo's tenants through the same actions that the pages use: nothing here touches a table by itself."""

import hashlib
import io
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from audiences.actions.models import create_audience
from audiences.actions.seeds import SeedListOf, SeedOf, make_seed_list
from audiences.models import AudienceModel, SeedList
from campaigns.actions.campaigns import (
    Choice,
    Information,
    Schedule,
    change_audience,
    change_schedule,
    make_campaign,
)
from campaigns.actions.content import assign_content
from campaigns.actions.review import approve, ask_approval
from campaigns.models import Approval, Campaign
from campaigns.states import ApprovalState, StartKind
from connect.core.actions.members import GrantOf, add_member
from connect.core.actions.tenants import make_tenant
from connect.core.actions.users import make_operator
from connect.core.models import Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from connect.demo import letters
from connect.demo.letters import Letter
from connect.demo.people import (
    AUDIENCE_RULE,
    CLOSED_DOMAIN,
    INTERESTS,
    SEGMENT_RULES,
    TIERS,
    Person,
    people,
    write_file,
)
from content.actions.contents import create_content, save_revision
from content.checks import Draft
from content.models import MessageContent
from conversations.actions.attributes import AttributeOf, declare_attribute
from conversations.actions.conversations import Identity, make_conversation
from conversations.actions.dkim_keys import make_dkim_key, start_signing
from conversations.actions.imports import MappingOf, do_map, do_upload, run_import
from conversations.actions.subscriptions import do_unsubscribe
from conversations.importing.staging import Counts
from conversations.models import Conversation, Customer
from conversations.states import AttributeKind, AttributeType, Channel, DkimAlgorithm
from segments.actions.models import create_segmentation
from segments.models import Segment, SegmentationModel
from suppression.actions.applications import apply_list
from suppression.actions.imports import import_entries
from suppression.actions.lists import ListFields, make_list
from suppression.reading import Defaults
from suppression.states import Reason, Scope

ROLES = {
    "marketer": ("Marta Lindt", [Role.MARKETER]),
    "approver": ("Amélie Tremblay", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER]),
    "admin": ("Ada Okafor", [Role.ADMIN]),
    "viewer": ("Viktor Chen", [Role.VIEWER]),
}
SLUG = "northwind"
OPERATOR = "olga@operators.example"
SEEDS = ["marta@seeds.northwind.example", "studio@seeds.northwind.example"]
NEIGHBOURS = 60
#: Column of the file → field.
MAPPING = {
    "customer_id": "external_id",
    "email": "email",
    "first_name": "attributes.first_name",
    "last_name": "attributes.last_name",
    "language": "language",
    "time_zone": "zone",
    "country": "country",
    "region": "region",
    "tier": "attributes.tier",
    "points": "attributes.points",
    "birthday": "attributes.birthday",
    "interests": "interests",
}
WORDING = "Yes, send me news and offers by email. I can leave at any time."


@dataclass(frozen=True)
class Cast:
    """The demo's tenant with the people who work in it."""

    tenant: Tenant
    department: Department
    members: Mapping[str, Member]


@dataclass(frozen=True)
class Shop:
    """What campaigns are made of."""

    conversation: Conversation
    audience: AudienceModel
    segmentation: SegmentationModel
    seeds: SeedList
    contents: Mapping[str, MessageContent]


def cast(slug: str = SLUG, *, now: datetime) -> Cast:
    """Find the demo's tenant, or make it with one member a role."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        tenant = make_tenant("Northwind Outfitters", slug, language="en", zone="America/Toronto", now=now)
        for name, roles in ROLES.values():
            _hire(tenant, _login(name, slug), name, roles, now=now)
        make_operator(OPERATOR, "Olga Petrova")
        _set_password(OPERATOR)
    with open_tenant(tenant):
        found = {member.name: member for member in Member.objects.of(tenant)}
        members = {role: found[name] for role, (name, _roles) in ROLES.items()}
        return Cast(tenant, Department.objects.of(tenant).earliest("pk"), members)


def logins(of: Cast) -> list[tuple[str, str]]:
    """List role and address of each member of the cast, and of who runs the installation."""
    members = [(role, _login(name, of.tenant.slug)) for role, (name, _roles) in ROLES.items()]
    return [*members, ("operator", OPERATOR)]


def next_sample() -> str:
    """Choose the slug of the next sample tenant: each run once through has a tenant of its own."""
    taken = set(Tenant.objects.filter(slug__startswith="sample-").values_list("slug", flat=True))
    return next(slug for number in itertools.count(1) if (slug := f"sample-{number}") not in taken)


def password() -> str:
    """Give the demo logins' password: this home's own."""
    return "demo-" + hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()[:8]


def declare(tenant: Tenant, by: Member, *, now: datetime) -> None:
    """Declare what the file says of people."""
    kinds = [
        AttributeOf(AttributeKind.ATTRIBUTE, "first_name", "First name", AttributeType.TEXT, personal=True),
        AttributeOf(AttributeKind.ATTRIBUTE, "last_name", "Last name", AttributeType.TEXT, personal=True),
        AttributeOf(
            AttributeKind.ATTRIBUTE,
            "tier",
            "Tier",
            AttributeType.CHOICE,
            [tier for tier in TIERS if tier],
            reportable=True,
        ),
        AttributeOf(AttributeKind.ATTRIBUTE, "points", "Trail points", AttributeType.NUMBER),
        AttributeOf(AttributeKind.ATTRIBUTE, "birthday", "Birthday", AttributeType.DATE, personal=True),
        *(AttributeOf(AttributeKind.INTEREST, interest, interest.capitalize()) for interest in INTERESTS),
    ]
    for kind in kinds:
        declare_attribute(tenant, kind, by=by, now=now)


def make_news(of: Cast, *, now: datetime) -> Conversation:
    """Make the conversation that campaigns speak in, signing with both kinds of keys."""
    by = of.members["admin"]
    identity = Identity(
        name="Northwind News",
        department=of.department.public_id,
        from_name="Northwind Outfitters",
        from_email=f"hello@news.{of.tenant.slug}.example",
        reply_to=f"care@{of.tenant.slug}.example",
        postal_address="1200 Water Street\nHalifax NS  B3J 1S9\nCanada",
        footer="Prices in Canadian dollars, until 24 December.",
        default_language="en",
        default_zone="America/Toronto",
    )
    news = make_conversation(of.tenant, identity, by=by, now=now)
    key = make_dkim_key(of.tenant, news.public_id, algorithm=DkimAlgorithm.RSA, by=by, now=now)
    start_signing(of.tenant, key.public_id, by=by, now=now)
    service = replace(
        identity,
        name="Orders and service",
        from_name="Northwind service",
        from_email=f"service@orders.{of.tenant.slug}.example",
        footer="",
    )
    make_conversation(of.tenant, service, by=by, now=now)
    return news


def import_people(
    tenant: Tenant, conversation: Conversation, by: Member, made: Sequence[Person], *, now: datetime
) -> Counts:
    """Import people from a file with some broken lines, subscribing them to a conversation."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        write_file(file, made)
        with file.open("rb") as stream:
            uploaded = do_upload(tenant, by=by, file_name=file.name, stream=stream, now=now)
    wanted = MappingOf(mapping=MAPPING, conversation=conversation.public_id, source="shop sign-up", wording=WORDING)
    do_map(tenant, uploaded.public_id, wanted, by=by, now=now)
    return run_import(tenant, uploaded.pk, now=now)


def make_seeds(of: Cast, *, now: datetime) -> SeedList:
    """Make the list of colleagues who get copies."""
    wanted = SeedListOf("Studio", of.department.public_id, mark_subject=True, seeds=[SeedOf("", one) for one in SEEDS])
    return make_seed_list(of.tenant, wanted, by=of.members["marketer"], now=now)


def suppress(of: Cast, news: Conversation, made: Sequence[Person], *, now: datetime) -> None:
    """Put the suppressed people's addresses on a list that applies to the conversation, and close one domain."""
    by = of.members["admin"]
    partner = make_list(
        of.tenant,
        ListFields("Partner opt-outs", Scope.CONVERSATIONS, "Delivered by our partner each month."),
        by=by,
        now=now,
    )
    apply_list(of.tenant, partner.public_id, news.public_id, by=by, now=now)
    addresses = [
        person.email for person in made if person.suppressed and not person.email.endswith("@" + CLOSED_DOMAIN)
    ]
    file = io.BytesIO("\n".join(["value", *addresses, CLOSED_DOMAIN]).encode())
    import_entries(of.tenant, partner.public_id, file, Defaults(Reason.IMPORT, "partner file"), by=by, now=now)


def let_leave(of: Cast, news: Conversation, made: Sequence[Person], *, now: datetime) -> None:
    """Let those who left unsubscribe, one by one, as customers do."""
    with open_tenant(of.tenant):
        keys = dict(
            Customer.objects.of(of.tenant)
            .filter(external_id__in=[person.customer_id for person in made if person.left])
            .values_list("external_id", "pk")
        )
        for customer_id in keys.values():
            do_unsubscribe(of.tenant, customer_id, news.pk, channel=Channel.EMAIL, source="link", now=now)


def make_shop(of: Cast, news: Conversation, *, now: datetime) -> Shop:
    """Make models, seeds and content."""
    by, department = of.members["marketer"], of.department
    contents = {
        "Gift guide": letters.GUIDE,
        "Gift guide for members": letters.MEMBERS,
        "First snow": letters.SKIERS,
    }
    return Shop(
        conversation=news,
        audience=create_audience(
            of.tenant, by=by, name="Active customers", rule=AUDIENCE_RULE, department_id=department.public_id, now=now,
            description="Has 100 trail points, or is a gold member.",
        ),
        segmentation=create_segmentation(
            of.tenant, by=by, name="Winter buyers", segments=SEGMENT_RULES, leftovers_get_content=True,
            department_id=department.public_id, now=now,
        ),
        seeds=make_seeds(of, now=now),
        contents={name: _write(of, name, made, now=now) for name, made in contents.items()},
    )  # fmt: skip


def draft_campaign(of: Cast, shop: Shop, information: Information, schedule: Schedule, *, now: datetime) -> Campaign:
    """Build a campaign up to the point where approval is asked."""
    by, tenant = of.members["marketer"], of.tenant
    campaign = make_campaign(tenant, information, by=by, now=now)
    choice = Choice(shop.conversation.public_id, shop.audience.public_id, shop.segmentation.public_id)
    campaign = change_audience(tenant, campaign.public_id, campaign.version, choice, by=by, now=now)
    with open_tenant(tenant):
        segments = {one.name: one.public_id for one in Segment.objects.of(tenant).filter(model=shop.segmentation)}
    cells = {"Gift guide for members": segments["Summit members"], "First snow": segments["Skiers"], "Gift guide": None}
    for name, segment in cells.items():
        content_id = shop.contents[name].public_id
        campaign = assign_content(
            tenant, campaign.public_id, campaign.version, content_id, segments=[segment], by=by, now=now
        )
    return change_schedule(tenant, campaign.public_id, campaign.version, schedule, by=by, now=now)


def sign_off(of: Cast, campaign: Campaign, *, now: datetime) -> None:
    """Ask for both approvals and give them, as another member: the second one launches."""
    tenant, approver = of.tenant, of.members["approver"]
    ask_approval(tenant, campaign.public_id, note="Ready for you.", by=of.members["marketer"], now=now)
    with open_tenant(tenant):
        asked = list(Approval.objects.of(tenant).filter(campaign=campaign, state=ApprovalState.ASKED).order_by("kind"))
    for approval in asked:
        approve(tenant, approval.public_id, approval.fingerprint, by=approver, now=now)


def information(of: Cast, name: str, description: str, *tags: str) -> Information:
    """Name a campaign."""
    return Information(name, of.department.public_id, "en", description, tags=tags)


def now_schedule(shop: Shop) -> Schedule:
    """Start as soon as approved, with seeds."""
    return Schedule(StartKind.NOW, seed_list=shop.seeds.public_id)


def next_week_schedule(shop: Shop, *, now: datetime) -> Schedule:
    """Start in a week at nine on each recipient's clock, quiet at night, expiring a day later."""
    day = now + timedelta(days=5)
    return Schedule(
        StartKind.LOCAL,
        start_at=f"{day:%Y-%m-%d}T09:00",
        expires_at=day + timedelta(days=2),
        seed_list=shop.seeds.public_id,
    )


def more(of: Cast, shop: Shop, *, now: datetime) -> None:
    """Add a scheduled campaign, a draft, and a small neighbour with a member in common."""
    scheduled = draft_campaign(
        of,
        shop,
        information(
            of, "Last day for ground shipping", "Parcels that leave by Friday arrive in time", "holiday", "shipping"
        ),
        next_week_schedule(shop, now=now),
        now=now,
    )
    sign_off(of, scheduled, now=now)
    make_campaign(
        of.tenant,
        information(of, "Boxing week preview", "Members first", "holiday"),
        by=of.members["marketer"],
        now=now,
    )
    fjord = make_tenant("Fjord Coffee", "fjord", language="en", zone="Europe/Oslo", now=now)
    _hire(fjord, "ada@northwind.example", "Ada Okafor", [Role.ADMIN, Role.MARKETER], now=now)
    with open_tenant(fjord):
        admin = Member.objects.of(fjord).get()
        department = Department.objects.of(fjord).get()
    identity = Identity(
        name="Fjord letters",
        department=department.public_id,
        from_name="Fjord Coffee",
        from_email="hello@letters.fjord.example",
        postal_address="Bryggen 3\n5003 Bergen\nNorway",
        default_language="en",
        default_zone="Europe/Oslo",
    )
    declare(fjord, admin, now=now)
    letters_of_fjord = make_conversation(fjord, identity, by=admin, now=now)
    import_people(fjord, letters_of_fjord, admin, list(people(NEIGHBOURS, seed=7)), now=now)


def _write(of: Cast, name: str, made: Sequence[Letter], *, now: datetime) -> MessageContent:
    by = of.members["marketer"]
    content = create_content(of.tenant, by=by, name=name, department_id=of.department.public_id, now=now)
    for version, letter in enumerate(made, start=1):
        draft = Draft(letter.subject, letter.preheader, letter.html, letter.text)
        save_revision(of.tenant, content.public_id, letter.language, draft, version=version, by=by, now=now)
    return content


def _hire(tenant: Tenant, email: str, name: str, roles: Sequence[Role], *, now: datetime) -> None:
    add_member(tenant, email=email, name=name, grants=[GrantOf(role) for role in roles], by=None, now=now)
    _set_password(email)


def _set_password(email: str) -> None:
    user = User.objects.get(email=email)
    user.set_password(password())
    user.save(update_fields=["password"])


def _login(name: str, slug: str) -> str:
    return f"{name.split()[0].lower().replace('é', 'e')}@{slug}.example"
