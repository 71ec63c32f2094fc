"""DKIM keys: made, written as a DNS record, sealed, and opened again for the sender.

Source: RFC 6376 (DKIM), RFC 8301 (RSA sizes), RFC 8463 (Ed25519).
"""

import base64
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connect.core.crypto import open_sealed, seal
from connect.core.models import Tenant
from conversations.models import Conversation, DkimKey
from conversations.states import DkimAlgorithm

RSA_BITS = 2048


@dataclass(frozen=True)
class NewKey:
    """A key pair as it was drawn: the private half in PEM, the public half as the text of its DNS record."""

    private_key_pem: bytes
    dns_record: str


@dataclass(frozen=True)
class SigningKey:
    """A key ready to sign with: `domain` and `selector` are the signature's d= and s=, `algorithm` its a=."""

    domain: str
    selector: str
    algorithm: DkimAlgorithm
    private_key_pem: bytes


def draw_key(algorithm: DkimAlgorithm) -> NewKey:
    """Draw a new key pair.

    Shape: RSA in PKCS #1, which every signer reads; Ed25519 in PKCS #8, its only PEM form.
    """
    if algorithm is DkimAlgorithm.RSA:
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return NewKey(pem, _record("rsa", public))
    edwards = ed25519.Ed25519PrivateKey.generate()
    pem = edwards.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return NewKey(pem, _record("ed25519", edwards.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)))


def _record(kind: str, public: bytes) -> str:
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def record_name(domain: str, selector: str) -> str:
    """Name the place in DNS where a key's record is published."""
    return f"{selector}._domainkey.{domain}"


def seal_key(pem: bytes, *, tenant_id: int, key_id: UUID) -> bytes:
    """Seal a private key for one row: copied to another row it can't be opened."""
    return seal(pem, tenant_id=tenant_id, field=_field(key_id))


def open_key(key: DkimKey) -> bytes:
    """Open the private key of a row, as PEM.

    Errors: CannotOpen.
    """
    return open_sealed(bytes(key.sealed_private_key), tenant_id=key.tenant_id, field=_field(key.public_id))


def _field(key_id: UUID) -> str:
    return f"dkim_key:{key_id}"


def signing_keys(tenant: Tenant, conversation: Conversation) -> list[SigningKey]:
    """Open the keys that sign a conversation's mail: its active keys whose domain is aligned with the From address.

    Shape: RSA before Ed25519, then by selector; empty where nothing is to be signed.
    Source: RFC 7489, 3.1.1 (relaxed alignment: the domain or one above it).
    """
    keys = DkimKey.objects.of(tenant).filter(conversation=conversation, active=True).order_by("-algorithm", "selector")
    return [
        SigningKey(key.domain, key.selector, DkimAlgorithm(key.algorithm), open_key(key))
        for key in keys
        if is_aligned(key.domain, conversation.sending_domain)
    ]


def is_aligned(domain: str, sending_domain: str) -> bool:
    """Tell whether a signature of `domain` speaks for mail from `sending_domain`."""
    return sending_domain == domain or sending_domain.endswith(f".{domain}")
