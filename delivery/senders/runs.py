"""Make the composer of one run, from what was frozen when it was launched and the keys that sign today."""

from django.conf import settings

from campaigns.frozen import Frozen, Speaker, from_json
from campaigns.models import Run
from connect.core.errors import Terminal
from connect.core.models import Tenant
from connect.core.tenancy import in_tenant
from content.models import Revision
from content.rendering.compile import Compiled, compile_content
from content.rendering.footer import FrozenImprint
from conversations.dkim import signing_keys
from delivery.senders.compose import RunComposer, Voice
from delivery.senders.dkim import Signer
from delivery.tracking.links import LinkMaker


class NobodySpeaks(Terminal):
    """The run was frozen without a conversation."""


@in_tenant
def composer_of(tenant: Tenant, run_id: int) -> RunComposer:
    """Read a run, its identity, keys and revisions, and compile each cell's content once.

    Errors: Run.DoesNotExist, NobodySpeaks.
    """
    run = Run.objects.of(tenant).select_related("conversation").get(pk=run_id)
    frozen = from_json(run.frozen)
    if frozen.speaker is None:
        raise NobodySpeaks(str(run.public_id))
    # Keys aren't frozen: they rotate. But they must be those of the domain that the run speaks for.
    conversation = run.conversation
    conversation.from_email = frozen.speaker.from_email
    return RunComposer(
        _voice(run, frozen, frozen.speaker),
        Signer(signing_keys(tenant, conversation)),
        LinkMaker(settings.BASE_URL, tenant.pk, run.month),
        _compiled(tenant, frozen, frozen.speaker),
    )


def _voice(run: Run, frozen: Frozen, speaker: Speaker) -> Voice:
    return Voice(
        from_name=speaker.from_name,
        from_email=speaker.from_email,
        reply_to=speaker.reply_to,
        bounce_domain=speaker.bounce_domain,
        feedback_id=f"{run.public_id.hex}:{speaker.public_id.replace('-', '')}:email:connect",
        marks_seeds=frozen.seeds is not None and frozen.seeds.mark_subject,
    )


def _compiled(tenant: Tenant, frozen: Frozen, speaker: Speaker) -> dict[tuple[int, str], Compiled]:
    imprint = FrozenImprint(speaker.name, speaker.postal_address, speaker.footer)
    revisions = Revision.objects.of(tenant).in_bulk({cell.revision for cell in frozen.cells})
    return {
        (cell.revision, cell.language): compile_content(
            revisions[cell.revision], conversation=imprint, language=cell.language
        )
        for cell in frozen.cells
    }
