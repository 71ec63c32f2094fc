"""What rests on a model, and how a person agrees to void approvals by changing it."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from connect.core import panels
from connect.core.models import Tenant
from connect.core.panels import Use

AUDIENCE = "audience"
SEGMENTATION = "segmentation"


@dataclass(frozen=True)
class Uses:
    """All that rests on a model, and of that what a change would void."""

    listed: tuple[Use, ...]

    @property
    def voided(self) -> tuple[Use, ...]:
        """What loses its approvals by a change."""
        return tuple(use for use in self.listed if use.voids)

    @property
    def consent(self) -> str:
        """The word by which a person agrees to void exactly these; "" where a change voids nothing."""
        urls = sorted(use.url for use in self.voided)
        return hashlib.sha256("\n".join(urls).encode()).hexdigest()[:16] if urls else ""


def uses_of(tenant: Tenant, kind: str, model_id: UUID) -> Uses:
    """List what rests on a model."""
    return Uses(tuple(panels.used_by(tenant, kind, model_id)))
