"""Tenants, the people who work in them, and what they did. Everything else hangs on these."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from connect.core.queries import TenantQuerySet
from connect.core.roles import HOLDERS, Role
from connect.core.rows import PublicRow, TenantForeignKey, TenantRow, new_public_id


class UserManager(BaseUserManager["User"]):
    """Makes users, by email."""

    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        """Make one user; without a password they can't log in until they set one."""
        user = self.model(email=self.normalize_email(email).lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by email, whatever its case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who logs in: global, a member of any number of tenants."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    language = models.CharField(max_length=12, default="en")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email


class Tenant(models.Model):
    """One company. Every row of theirs carries its id."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=40, unique=True)
    default_language = models.CharField(max_length=12, default="en")
    default_zone = models.CharField(max_length=64, default="UTC")
    own_approval = models.BooleanField(_("authors may approve their own campaigns"), default=False)
    created_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class Fence(models.Model):
    """One counting-up of the restore fence; the highest `epoch` counts. Read through `fence.py`."""

    epoch = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.epoch)


class Department(PublicRow):
    """A part of a tenant that owns conversations, models, content and campaigns."""

    name = models.CharField(_("name"), max_length=120)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="core_department_name_key")]

    def __str__(self) -> str:
        return self.name


class Member(PublicRow):
    """A user in a tenant, with roles."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    active = models.BooleanField(default=True)
    joined_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    invited_at = models.DateTimeField(null=True)  # when the newest invitation was asked for
    invited_by = models.CharField(max_length=120)  # whom that invitation names
    mailed_at = models.DateTimeField(null=True)  # when it was handed to the mail server
    entered_at = models.DateTimeField(null=True)  # when they first opened this tenant

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("tenant", "user", name="core_member_user_key")]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """The first letters of the first and the last name."""
        words = self.name.split() or ["?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @cached_property
    def grants(self) -> "list[Grant]":
        """The roles that this member holds, read once."""
        return list(Grant.objects.filter(tenant_id=self.tenant_id, member=self))

    def departments(self, role: Role) -> set[int] | None:
        """Tell in which departments the member may act as `role`: None for all of them, an empty set for none."""
        held = [grant for grant in self.grants if grant.role in HOLDERS[role]]
        if any(grant.department_id is None for grant in held):
            return None
        return {grant.department_id for grant in held if grant.department_id is not None}

    def may(self, role: Role, department_id: int | None = None) -> bool:
        """Tell whether the member may act as `role`: in that department, or anywhere at all."""
        departments = self.departments(role)
        if departments is None:
            return True
        return bool(departments) if department_id is None else department_id in departments


class Grant(TenantRow):
    """One role of one member, for one department or for the whole tenant."""

    member = TenantForeignKey(Member, models.CASCADE)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    department = TenantForeignKey(Department, models.CASCADE, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "member", "role", "department"], nulls_distinct=False, name="core_grant_key"
            )
        ]


class AuditQuerySet(TenantQuerySet["AuditEntry"]):
    """Reads of the audit log."""

    def about(self, things: Iterable[Any]) -> "AuditQuerySet":
        """Keep the entries about these public ids, newest first."""
        return self.filter(thing__in=list(things)).order_by("-at", "-id")


class AuditEntry(TenantRow):
    """One deed. Written once; the app's role can neither change nor delete it."""

    member = TenantForeignKey(Member, models.PROTECT, null=True)
    member_name = models.CharField(max_length=120)
    did = models.CharField(max_length=60)
    thing = models.UUIDField(null=True)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = AuditQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-at"], name="core_audit_at_ix"),
            models.Index(fields=["tenant", "thing", "-at"], name="core_audit_thing_ix"),
        ]


class Notice(PublicRow):
    """What a member is told about something of theirs: a sentence in their language, and where it leads."""

    member = TenantForeignKey(Member, models.CASCADE)
    says = models.CharField(max_length=300)
    url = models.CharField(max_length=300)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "member", "-id"], name="core_notice_member_ix"),
            models.Index(fields=["tenant", "member"], condition=models.Q(read_at=None), name="core_notice_unread_ix"),
        ]
