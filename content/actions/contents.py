"""Make content, save its revisions, copy and archive it. A revision is never changed."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant
from content.checks import Draft, completed, faults, fields_of
from content.did import Did
from content.models import MessageContent, Revision
from content.rendering import links
from conversations.addresses import check_header_text, check_language

NAME_KEY = "content_content_name_key"
PARTS = ("subject", "preheader", "html", "text")


class BrokenTemplate(Invalid):
    """A draft that can't be kept; `places` says for each field line, column and what is wrong."""

    def __init__(self, draft: Draft) -> None:
        self.places = faults(draft)
        super().__init__(
            {
                field: [_("Line %(line)s: %(says)s") % {"line": fault.line, "says": fault.says} for fault in said]
                for field, said in self.places.items()
            }
        )


@in_tenant
def create_content(tenant: Tenant, *, by: Member, name: str, department_id: UUID, now: datetime) -> MessageContent:
    """Make a piece of email content without a revision yet.

    Errors: Invalid when the name is empty or taken, or there is no such department; Forbidden unless `by` is a
    marketer there.
    """
    department = Department.objects.of(tenant).filter(public_id=department_id).first()
    if department is None:
        raise Invalid({"department": _("There is no such department.")})
    _may_edit(by, department.pk)
    with unique(NAME_KEY, {"name": _("Another content has this name.")}):
        made = MessageContent.objects.create(
            tenant=tenant, department=department, name=_name(name), created_at=now, updated_at=now
        )
    audit(tenant, by, Did.MADE_CONTENT, made.public_id, now=now, name=made.name)
    return made


@in_tenant
def rename_content(tenant: Tenant, content_id: UUID, version: int, name: str, *, by: Member, now: datetime) -> None:
    """Give content another name.

    Errors: MessageContent.DoesNotExist; Invalid; StaleVersion; Forbidden.
    """
    content = access_content(tenant, content_id, by)
    with unique(NAME_KEY, {"name": _("Another content has this name.")}):
        MessageContent.objects.of(tenant).filter(pk=content.pk).save_version(version, name=_name(name), updated_at=now)
    audit(tenant, by, Did.RENAMED_CONTENT, content_id, now=now, name=name)


@in_tenant
def save_revision(
    tenant: Tenant, content_id: UUID, language: str, draft: Draft, *, version: int, by: Member, now: datetime
) -> Revision:
    """Keep a draft as the next revision of its language; the same words as the newest make no new one.

    An empty text part is made from the HTML.
    Errors: MessageContent.DoesNotExist; BrokenTemplate; Invalid for the language; StaleVersion; Forbidden.
    """
    content = access_content(tenant, content_id, by)
    language = check_language(language)
    draft = _whole(draft)
    if content.version != version:
        raise StaleVersion(content)
    newest = Revision.objects.of(tenant).filter(content=content, language=language).order_by("-number").first()
    digest = hash_of(draft)
    if newest is not None and newest.hash == digest:
        return newest
    MessageContent.objects.of(tenant).filter(pk=content.pk).save_version(version, updated_at=now)
    made = Revision.objects.create(
        tenant=tenant,
        content=content,
        language=language,
        number=newest.number + 1 if newest else 1,
        subject=draft.subject,
        preheader=draft.preheader,
        html=draft.html,
        text=draft.text,
        hash=digest,
        fields=fields_of(draft),
        links=links.targets(draft.html, draft.text),
        member=by,
        created_at=now,
    )
    audit(tenant, by, Did.SAVED_REVISION, content_id, now=now, language=language, number=made.number, hash=digest)
    return made


@in_tenant
def copy_content(tenant: Tenant, content_id: UUID, *, by: Member, now: datetime) -> MessageContent:
    """Copy content with the newest revision of each language.

    Errors: MessageContent.DoesNotExist; Forbidden.
    """
    content = access_content(tenant, content_id, by)
    name = _free_name(tenant, content.name)
    made = MessageContent.objects.create(
        tenant=tenant, department_id=content.department_id, name=name, created_at=now, updated_at=now
    )
    for revision in newest_revisions(tenant, content).values():
        revision.pk, revision.public_id = None, Revision._meta.get_field("public_id").get_default()
        revision.content, revision.number, revision.member, revision.created_at = made, 1, by, now
        Revision.objects.bulk_create([revision])
    audit(tenant, by, Did.COPIED_CONTENT, made.public_id, now=now, name=name)
    return made


@in_tenant
def archive_content(tenant: Tenant, content_id: UUID, *, by: Member, now: datetime) -> None:
    """Take content out of sight; campaigns that use its revisions keep them.

    Errors: MessageContent.DoesNotExist; Forbidden.
    """
    content = access_content(tenant, content_id, by)
    MessageContent.objects.of(tenant).filter(pk=content.pk).update(archived_at=now, updated_at=now)
    audit(tenant, by, Did.ARCHIVED_CONTENT, content_id, now=now)


@in_tenant
def restore_content(tenant: Tenant, content_id: UUID, *, by: Member, now: datetime) -> None:
    """Bring archived content back into sight.

    Errors: MessageContent.DoesNotExist; Forbidden.
    """
    content = access_content(tenant, content_id, by)
    MessageContent.objects.of(tenant).filter(pk=content.pk).update(archived_at=None, updated_at=now)
    audit(tenant, by, Did.RESTORED_CONTENT, content_id, now=now)


@in_tenant
def note_refused_draft(
    tenant: Tenant, content_id: UUID, language: str, error: BrokenTemplate, *, by: Member, now: datetime
) -> None:
    """Write down that a broken draft was refused, and where it is broken; its words aren't kept.

    Errors: MessageContent.DoesNotExist; Forbidden.
    """
    access_content(tenant, content_id, by)
    places = {field: [fault.line for fault in said] for field, said in error.places.items()}
    audit(tenant, by, Did.REFUSED_DRAFT, content_id, now=now, language=language[:40], lines=places)


def newest_revisions(tenant: Tenant, content: MessageContent) -> dict[str, Revision]:
    """Read the newest revision of each language."""
    newest = Revision.objects.of(tenant).filter(content=content).order_by("language", "-number").distinct("language")
    return {revision.language: revision for revision in newest}


def access_content(tenant: Tenant, content_id: UUID, by: Member) -> MessageContent:
    """Get content that `by` may edit.

    Errors: MessageContent.DoesNotExist, also for one that `by` can't see; Forbidden.
    """
    content = MessageContent.objects.of(tenant).visible_to(by).public(content_id)
    _may_edit(by, content.department_id)
    return content


def hash_of(draft: Draft) -> str:
    """Hash all parts of a draft: SHA-256 in hex over their lengths and words."""
    digest = hashlib.sha256()
    for part in PARTS:
        words = getattr(draft, part).encode()
        digest.update(f"{part}:{len(words)}:".encode() + words)
    return digest.hexdigest()


def _whole(draft: Draft) -> Draft:
    """Check a draft as it was written, then give it the text part that it lacks."""
    written = draft.tidy()
    if faults(written):
        raise BrokenTemplate(written)
    whole = completed(written)
    if faults(whole):
        raise Invalid({"text": _("Write the plain text yourself: none can be made from this HTML.")})
    return whole


def _may_edit(by: Member, department_id: int) -> None:
    if not by.may(Role.MARKETER, department_id):
        raise Forbidden(_("Only a marketer of its department may change it."))


def _name(name: str) -> str:
    checked = check_header_text(name.strip(), "name")
    if not 0 < len(checked) <= 120:
        raise Invalid({"name": _("A name has 1 to 120 characters.")})
    return checked


def _free_name(tenant: Tenant, name: str) -> str:
    taken = set(MessageContent.objects.of(tenant).values_list("name", flat=True))
    names = (f"{name[:100]} ({_('copy')}{number or ''})" for number in ["", *range(2, 1000)])
    return next(found for found in names if found not in taken)
