"""Reusable rules that let customers into a campaign, and the seeds that check what goes out."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.queries import ModelQuerySet
from connect.core.models import Department
from connect.core.rows import EditedRow, TenantForeignKey, TenantRow
from conversations.models import Conversation


class ReusableModel(EditedRow):
    """What audience and segmentation models share: campaigns of one department rest on them by their name."""

    department = TenantForeignKey(Department)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=240, blank=True)
    archived_at = models.DateTimeField(null=True)

    objects = ModelQuerySet.as_manager()  # type: ignore[misc, django-manager-missing, unused-ignore]  # as others

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class AudienceModel(ReusableModel):
    """Rules that decide whom a campaign lets in. `rule` is the rule language's JSON."""

    rule = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="audiences_model_name_key")]


class AudienceCount(TenantRow):
    """The last count of a model's rule, as it was at `version`, over one conversation. Lists show it with its time."""

    audience = TenantForeignKey(AudienceModel, models.CASCADE)
    conversation = TenantForeignKey(Conversation, models.CASCADE)
    version = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    members = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "audience", "conversation"], name="audiences_count_key")
        ]


class SeedList(EditedRow):
    """People who get a copy of each segment and language on a run's first batch."""

    department = TenantForeignKey(Department)
    name = models.CharField(_("name"), max_length=120)
    mark_subject = models.BooleanField(_("mark the subject with [SEED]"), default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="audiences_seedlist_name_key")]

    def __str__(self) -> str:
        return self.name


class Seed(TenantRow):
    """One address on a seed list."""

    seed_list = TenantForeignKey(SeedList, models.CASCADE)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("email"))
    email_key = models.CharField(max_length=254, db_collation="C")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "seed_list", "email_key"], name="audiences_seed_key")
        ]
