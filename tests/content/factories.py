"""Content made through the product's own actions."""

from datetime import datetime

from connect.core.models import Department, Member, Tenant
from content.actions.contents import create_content, save_revision
from content.checks import Draft
from content.models import MessageContent, Revision

HTML = (
    "<html><body><h1>Winter</h1><p>Hello {{ attributes.first_name|default('friend', true) }}</p>"
    '<p><a href="https://shop.northwind.example/guide">Open the guide</a></p></body></html>'
)


def draft(subject: str = "Winter is here", *, html: str = HTML, text: str = "", preheader: str = "") -> Draft:
    """Write a small draft with one field and one link."""
    return Draft(subject=subject, preheader=preheader, html=html, text=text)


def make_content(
    tenant: Tenant, department: Department, by: Member, *, now: datetime, name: str = "Winter letter"
) -> MessageContent:
    """Make content without a revision."""
    return create_content(tenant, by=by, name=name, department_id=department.public_id, now=now)


def make_revision(
    tenant: Tenant,
    content: MessageContent,
    by: Member,
    *,
    now: datetime,
    language: str = "en",
    words: Draft | None = None,
) -> Revision:
    """Save the next revision of a language."""
    version = MessageContent.objects.of(tenant).get(pk=content.pk).version
    return save_revision(tenant, content.public_id, language, words or draft(), version=version, by=by, now=now)
