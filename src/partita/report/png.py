"""PNG files from arrays, with the standard library alone. Callers: ``report.pictures``."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB = 0, 2


def encode_png(image: np.ndarray) -> bytes:
    """The bytes of a PNG file.

    Parameters
    ----------
    image : uint8[h, w] or uint8[h, w, 3]
        Gray or RGB pixels, top row first; at least one pixel.

    Returns
    -------
    png : bytes
        A complete file. O(h w).
    """
    height, width = image.shape[:2]
    colour = _GRAY if image.ndim == 2 else _RGB
    rows = np.ascontiguousarray(image, dtype=np.uint8).reshape(height, -1)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), 9)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
