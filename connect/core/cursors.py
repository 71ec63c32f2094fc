"""Page cursors that don't show the key they stand on: one AES block, opaque and short."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

MARK = 0x436F6E6E


def write_cursor(key: int) -> str:
    """Write a key as 22 characters that fit a URL."""
    block = struct.pack(">IIQ", MARK, MARK, key)
    encryptor = _cipher().encryptor()
    return base64.urlsafe_b64encode(encryptor.update(block) + encryptor.finalize()).rstrip(b"=").decode()


def read_cursor(cursor: str) -> int:
    """Read what `write_cursor` wrote; 0, the beginning, for anything else."""
    try:
        block = base64.urlsafe_b64decode(cursor + "==")
        decryptor = _cipher().decryptor()
        first, second, key = struct.unpack(">IIQ", decryptor.update(block) + decryptor.finalize())
    except (ValueError, struct.error):
        return 0
    return int(key) if first == second == MARK else 0


def _cipher() -> "Cipher[modes.ECB]":
    # One block of one value: what ECB is weak at doesn't arise.
    key = hashlib.sha256(b"cursor " + settings.SECRET_KEY.encode()).digest()
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
