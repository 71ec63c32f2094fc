"""A sealed secret opens for its own tenant and field alone."""

import pytest
from django.test import override_settings

from connect.core.crypto import CannotOpen, open_sealed, seal


def test_a_sealed_secret_opens_in_its_place() -> None:
    sealed = seal(b"key", tenant_id=1, field="dkim")
    assert b"key" not in sealed
    assert open_sealed(sealed, tenant_id=1, field="dkim") == b"key"


@pytest.mark.parametrize(("tenant_id", "field"), [(2, "dkim"), (1, "other")])
def test_a_sealed_secret_stays_shut_elsewhere(tenant_id: int, field: str) -> None:
    with pytest.raises(CannotOpen):
        open_sealed(seal(b"key", tenant_id=1, field="dkim"), tenant_id=tenant_id, field=field)


def test_an_older_key_of_the_ring_still_opens() -> None:
    with override_settings(FIELD_KEYS=["old"]):
        sealed = seal(b"key", tenant_id=1, field="dkim")
    with override_settings(FIELD_KEYS=["new", "old"]):
        assert open_sealed(sealed, tenant_id=1, field="dkim") == b"key"
    with override_settings(FIELD_KEYS=["new"]), pytest.raises(CannotOpen):
        open_sealed(sealed, tenant_id=1, field="dkim")
