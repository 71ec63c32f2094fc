"""What the pages of models must know of a kind of model. Audience and segmentation models are the two kinds."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.builder import Builder
from audiences.forms.model import ModelForm
from audiences.models import ReusableModel
from audiences.queries import ModelQuerySet
from audiences.rules.schema import check_in
from audiences.rules.sentence import Word, say
from connect.core.errors import Invalid
from connect.core.models import Member, Tenant
from conversations.models import Conversation

M = TypeVar("M", bound=ReusableModel)
F = TypeVar("F", bound=ModelForm)


@dataclass(frozen=True)
class Found:
    """What counting came to; `problem` says why it came to nothing. Without either, nobody has counted yet."""

    counted: Any = None
    problem: str = ""


class Kind(ABC, Generic[M, F]):
    """One kind of model.

    `name` begins its URLs' names (`audience-save`), `names` is its list's, `folder` leads its routes and holds its
    templates, `use` is the word by which campaigns tell what rests on it.
    """

    name: str
    names: str
    folder: str
    use: str
    #: Actions on one model, all called as `copy(tenant, model_id, by=member, now=now)`.
    copy: Callable[..., Any]
    archive: Callable[..., None]
    restore: Callable[..., None]

    # --- Rows ---

    @abstractmethod
    def rows(self, tenant: Tenant) -> ModelQuerySet:
        """Read the stored models."""

    @abstractmethod
    def make(self, tenant: Tenant, form: F, department_id: UUID, *, by: Member, now: datetime) -> M:
        """Make the model that a form asks for."""

    @abstractmethod
    def change(self, tenant: Tenant, model_id: UUID, form: F, *, by: Member, now: datetime) -> M:
        """Change a model as a form asks for."""

    # --- Forms ---

    @abstractmethod
    def empty(self, tenant: Tenant, department: str) -> F:
        """Begin a form."""

    @abstractmethod
    def of(self, tenant: Tenant, model: M) -> F:
        """Show a stored model."""

    @abstractmethod
    def read(self, tenant: Tenant, data: QueryDict) -> F:
        """Read a form that was posted."""

    # --- What pages show ---

    @abstractmethod
    def listed(self, tenant: Tenant, models: Sequence[M]) -> list[dict[str, Any]]:
        """Gather what a list shows of each model beside its name and its uses."""

    @abstractmethod
    def said(self, tenant: Tenant, form: F) -> dict[str, Any]:
        """Say a draft in words, for the page around it."""

    @abstractmethod
    def parts(self, tenant: Tenant, form: F) -> list[tuple[str, list[Word]]]:
        """Say a stored model in words, part by part, beside somebody's own version."""

    @abstractmethod
    def count(self, tenant: Tenant, model: M, conversation: Conversation, *, now: datetime) -> Any:
        """Count a stored model in a conversation. Errors: Invalid, TooSlow."""

    @abstractmethod
    def count_draft(self, tenant: Tenant, form: F, conversation: Conversation, *, now: datetime) -> Any:
        """Count a draft in a conversation. Errors: Invalid where it isn't complete, TooSlow."""


AnyKind = Kind[Any, Any]


def draft_words(tenant: Tenant, builder: Builder, rule: object) -> list[Word]:
    """Say a draft in words, as soon as it is complete."""
    try:
        return say(tenant, check_in(builder.fields, rule))
    except Invalid:
        return [Word(_("This rule isn’t complete yet."), "text")]
