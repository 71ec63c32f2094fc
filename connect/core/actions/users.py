"""What people change of themselves, in all of their tenants at once; and who runs the installation."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from connect.core.actions.members import rename_member
from connect.core.errors import Invalid
from connect.core.models import Tenant, User


@transaction.atomic
def change_own(user: User, memberships: Sequence[tuple[int, int]], *, name: str, language: str, now: datetime) -> None:
    """Set a person's own name, here and in each of their memberships, and the language of their console.

    Shape: `memberships` are (tenant id, member id).
    Errors: Invalid for a name without a letter.
    """
    words = " ".join(name.split())
    if not words:
        raise Invalid({"name": _("Write your name.")})
    User.objects.filter(pk=user.pk).update(name=words, language=language)
    tenants = Tenant.objects.in_bulk([tenant_id for tenant_id, _member_id in memberships])
    for tenant_id, member_id in memberships:
        rename_member(tenants[tenant_id], member_id, words, now=now)


@transaction.atomic
def make_operator(email: str, name: str) -> User:
    """Let a person run the installation; who has no login gets one, and sets the password by “Forgotten?”."""
    defaults = {"name": " ".join(name.split()), "password": make_password(None)}
    user, _made = User.objects.get_or_create(email=email.strip().lower(), defaults=defaults)
    User.objects.filter(pk=user.pk).update(is_operator=True)
    return User.objects.get(pk=user.pk)
