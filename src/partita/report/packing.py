"""Columns of numbers and texts as one compressed block inside a page. Callers: ``report.page``."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

_LEVEL = 6
_INTEGERS = ("u1", "u2", "u4", "i1", "i2", "i4")
_LARGEST_FLOAT4 = float(np.finfo(np.float32).max)
_SMALLEST_FLOAT4 = float(np.finfo(np.float32).tiny)


class Words(list[str]):
    """A column of texts; each must be one line."""


def pack(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with its arrays and `Words`, wherever they lie in it, moved into one deflated block.

    Parameters
    ----------
    payload : dict
        Of dicts, arrays of integers or floats of at most 32 bits worth, `Words` and JSON values.

    Returns
    -------
    payload : dict
        JSON-able. ``"packed"`` holds ``columns``, one (path, type, bytes) each, and ``block``: the columns
        one after another, little-endian, deflated, in base64. Types are ``u1`` to ``f8``, and ``text``: UTF-8
        lines. O(bytes).
    """
    columns: list[list[Any]] = []
    blocks: list[bytes] = []
    plain = _lifted(payload, [], columns, blocks)
    block = base64.b64encode(zlib.compress(b"".join(blocks), _LEVEL)).decode("ascii")
    return {**plain, "packed": {"columns": columns, "block": block}}


def _lifted(value: Any, path: list[str], columns: list[list[Any]], blocks: list[bytes]) -> Any:
    if isinstance(value, dict):
        return {key: _lifted(inner, [*path, key], columns, blocks) for key, inner in value.items()}
    if isinstance(value, (np.ndarray, Words)):
        kind, data = _encoded(value)
        columns.append([path, kind, len(data)])
        blocks.append(data)
        return None
    return value


def _encoded(column: np.ndarray | Words) -> tuple[str, bytes]:
    if isinstance(column, Words):
        text = "\n".join(column) if column != [""] else "\n"
        return "text", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    kind = _float_type(column) if column.dtype.kind == "f" else _integer_type(column)
    return kind, column.astype(f"<{kind}").tobytes()


def _integer_type(column: np.ndarray) -> str:
    low, high = (int(column.min()), int(column.max())) if column.size else (0, 0)
    return next(kind for kind in _INTEGERS if low >= np.iinfo(kind).min and high <= np.iinfo(kind).max)


def _float_type(column: np.ndarray) -> str:
    size = np.abs(column[np.isfinite(column) & (column != 0)])
    fits = not size.size or (size.max() <= _LARGEST_FLOAT4 and size.min() >= _SMALLEST_FLOAT4)
    return "f4" if fits else "f8"
