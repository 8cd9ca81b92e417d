"""Small images as PNG in data URIs."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from unstuck.result.pictures import Image

_COLOR_TYPES = {1: 0, 3: 2}


def data_uri(image: Image) -> str:
    """An image that a page can show without asking for it; empty where its data is damaged."""
    try:
        pixels = base64.b64decode(image.pixels, validate=True)
    except (binascii.Error, ValueError):
        return ""
    width, height = image.width, image.height
    stride = width * image.channels
    if image.channels not in _COLOR_TYPES or len(pixels) != stride * height:
        return ""
    lines = b"".join(b"\0" + pixels[at : at + stride] for at in range(0, len(pixels), stride))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[image.channels], 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + b"".join((
        _chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b""),
    ))  # fmt: skip
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
