"""Secrets at rest: sealed with AES-256-GCM under a key ring, bound to their tenant and field.

A sealed value moved to another row's tenant or field can't be opened.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from connect.core.errors import Terminal

NONCE_BYTES = 12
KEY_ID_BYTES = 4


class CannotOpen(Terminal):
    """The value was sealed under a key that the ring lacks, for another place, or was changed."""


def seal(secret: bytes, *, tenant_id: int, field: str) -> bytes:
    """Encrypt a secret for one tenant's field, under the first key of the ring.

    Shape: key id (4 bytes), nonce (12), ciphertext with tag.
    """
    key = _ring()[0]
    nonce = os.urandom(NONCE_BYTES)
    return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, secret, _place(tenant_id, field))


def open_sealed(sealed: bytes, *, tenant_id: int, field: str) -> bytes:
    """Decrypt what `seal` made.

    Errors: CannotOpen.
    """
    key_id, nonce, body = (
        sealed[:KEY_ID_BYTES],
        sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES],
        sealed[KEY_ID_BYTES + NONCE_BYTES :],
    )
    for key in _ring():
        if _key_id(key) == key_id:
            try:
                return AESGCM(key).decrypt(nonce, body, _place(tenant_id, field))
            except InvalidTag as error:
                raise CannotOpen(field) from error
    raise CannotOpen(f"{field}: no such key in the ring")


def _ring() -> list[bytes]:
    return [hashlib.sha256(b"connect field " + key.encode()).digest() for key in settings.FIELD_KEYS]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"id " + key).digest()[:KEY_ID_BYTES]


def _place(tenant_id: int, field: str) -> bytes:
    return f"{tenant_id}:{field}".encode()
