"""A short name for bytes, made from what is in them, the same in every process."""

from __future__ import annotations

import hashlib
import struct


def digest(*parts: bytes | memoryview) -> str:
    """A digest in hexadecimal of parts whose bounds count."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(struct.pack("<Q", len(part)))
        made.update(part)
    return made.hexdigest()
