"""Ordered segments: the first that matches takes the customer, Leftovers takes the rest."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models import ReusableModel
from connect.core.rows import PublicRow, TenantForeignKey


class SegmentationModel(ReusableModel):
    """An ordered split of an audience. Leftovers always exist; they may be set to get nothing."""

    leftovers_get_content = models.BooleanField(_("leftovers get content"), default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="segments_model_name_key")]

    def segments(self) -> "list[Segment]":
        """List the segments in the order in which they are asked; Leftovers isn't among them."""
        return list(Segment.objects.filter(tenant_id=self.tenant_id, model=self).order_by("position"))


class Segment(PublicRow):
    """One part of a segmentation model, at its place in the order (from 1)."""

    model = TenantForeignKey(SegmentationModel, models.CASCADE)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=120)
    rule = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "model", "position"],
                name="segments_segment_position_key",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return self.name
