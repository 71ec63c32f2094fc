"""The bench's tenant: made, filled and launched through the same actions as the demo's."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from campaigns.models import Campaign, Run
from campaigns.states import RunState
from connect.core.tenancy import tenant as open_tenant
from connect.demo import build, people, show
from connect.demo.build import Cast, Shop
from connect.demo.people import Person
from content.actions.contents import create_content, save_revision
from content.checks import Draft
from content.models import MessageContent
from tests.bench.letters import letter

LOOK_AGAIN_SECONDS = 0.02
#: A run may take so long beyond what a slow machine needs.
FIXED_SECONDS, SLOWEST_PER_SECOND = 120, 300


class DidNotFinish(Exception):
    """A run didn't come to its end in the time that it was given."""


@dataclass(frozen=True)
class Furnished:
    """A tenant with customers, models and content, ready for campaigns."""

    cast: Cast
    shop: Shop
    made: list[Person]
    import_seconds: float


def furnish(customers: int) -> Furnished:
    """Make a tenant of its own with so many customers."""
    now = datetime.now(UTC)
    cast = build.cast(build.next_sample(), now=now)
    made = list(people.people(customers))
    news, _counts, seconds = show.prepare(cast, made, lambda _line: None, now=now)
    shop = build.make_shop(cast, news, now=now)
    contents = {name: _write(cast, f"{name} for the bench", now=now) for name in shop.contents}
    return Furnished(cast, replace(shop, contents=contents), made, seconds)


def _write(cast: Cast, name: str, *, now: datetime) -> MessageContent:
    by = cast.members["marketer"]
    content = create_content(cast.tenant, by=by, name=name, department_id=cast.department.public_id, now=now)
    for version, language in enumerate(["en", "fr"], start=1):
        made = letter(language, f"{name}, {{{{ attributes.first_name|default('friend', true) }}}}")
        draft = Draft(made.subject, made.preheader, made.html, made.text)
        save_revision(cast.tenant, content.public_id, made.language, draft, version=version, by=by, now=now)
    return content


def draft(furnished: Furnished, name: str) -> Campaign:
    """Build a campaign to everybody who may be written to, up to its sign-offs."""
    cast, shop = furnished.cast, furnished.shop
    wanted = build.information(cast, name, "Measured")
    return build.draft_campaign(cast, shop, wanted, build.now_schedule(shop), now=datetime.now(UTC))


def launch(furnished: Furnished, campaign: Campaign) -> None:
    """Sign a campaign off, which launches it."""
    build.sign_off(furnished.cast, campaign, now=datetime.now(UTC))


def wait_for(furnished: Furnished, campaign: Campaign, *states: RunState) -> Run:
    """Wait until the campaign's run is in one of the states.

    Errors: DidNotFinish.
    """
    tenant = furnished.cast.tenant
    deadline = time.monotonic() + FIXED_SECONDS + len(furnished.made) / SLOWEST_PER_SECOND
    while time.monotonic() < deadline:
        with open_tenant(tenant):
            run = Run.objects.of(tenant).filter(campaign=campaign).first()
        if run and run.state in states:
            return run
        time.sleep(LOOK_AGAIN_SECONDS if run is None or run.state == RunState.PLANNING else 0.2)
    raise DidNotFinish(f"{campaign.name} is {run.state if run else 'not launched'}")
