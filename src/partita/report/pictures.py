"""Sample images as cells of a few PNG sheets. Callers: ``report.payload``."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.report.png import encode_png

LONGEST_SIDE = 64
_CELLS_A_SHEET = 1024
_COLUMNS = 32


def check_images(images: Any, n_items: int) -> np.ndarray:
    """`images` as an array, one image an item.

    Raises
    ------
    InvalidDataError
        When the shape is neither (n, h, w) nor (n, h, w, 3), or n is not the number of items.
    """
    array = np.asarray(images)
    good = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3)
    if not good or array.dtype.kind not in "buif" or 0 in array.shape[1:]:
        raise InvalidDataError(
            "The images have a shape or type that can't be drawn.",
            name="images",
            allowed="numbers of shape (n, height, width) or (n, height, width, 3)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    if len(array) != n_items:
        raise InvalidDataError(
            f"There are {len(array)} images and {n_items} items.",
            name="images",
            hint="give one image an item, in the order of the rows that were divided",
        )
    return array


def image_cost(images: np.ndarray) -> int:
    """Bytes that one thumbnail takes before compression."""
    step = _step(images.shape[1:3])
    height, width = -(-images.shape[1] // step), -(-images.shape[2] // step)
    return height * width * (3 if images.ndim == 4 else 1)


def picture_sheets(images: np.ndarray, chosen: np.ndarray) -> dict[str, Any]:
    """The thumbnails of the `chosen` items, as PNG sheets in data URIs.

    Parameters
    ----------
    images : array (n, h, w) or (n, h, w, 3)
        Any number type; the range of the chosen images is stretched to 0..255, uint8 stays as it is.
    chosen : intp[s]
        Items to draw; the cell of sample i is cell i.

    Returns
    -------
    sheets : dict
        ``sheets`` (data URIs), ``width``, ``height``, ``columns``, ``per_sheet`` and ``ink``: "bright" or
        "dark" when gray images stand on a plain ground of the other kind, else None.
    """
    step = _step(images.shape[1:3])
    thumbs = _to_bytes(_shrink(images[chosen], step))
    sheets = [_sheet(thumbs[i : i + _CELLS_A_SHEET]) for i in range(0, len(thumbs), _CELLS_A_SHEET)]
    uris = ["data:image/png;base64," + base64.b64encode(encode_png(sheet)).decode() for sheet in sheets]
    return {
        "sheets": uris,
        "width": int(thumbs.shape[2]),
        "height": int(thumbs.shape[1]),
        "columns": _COLUMNS,
        "per_sheet": _CELLS_A_SHEET,
        "ink": _ink(thumbs),
    }


def _step(shape: tuple[int, ...]) -> int:
    return max(1, -(-max(shape) // LONGEST_SIDE))


def _shrink(images: np.ndarray, step: int) -> np.ndarray:
    """The mean of blocks of `step` x `step` pixels; the edge is repeated to fill the last block."""
    if step == 1:
        return images
    pad = [(0, 0), (0, -images.shape[1] % step), (0, -images.shape[2] % step)] + [(0, 0)] * (images.ndim - 3)
    padded = np.pad(images, pad, mode="edge").astype(np.float64)
    count, height, width = padded.shape[:3]
    blocks = padded.reshape(count, height // step, step, width // step, step, *padded.shape[3:])
    small = blocks.mean(axis=(2, 4))
    return np.rint(small).astype(np.uint8) if images.dtype == np.uint8 else small


def _to_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    values = np.nan_to_num(images.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint8)


def _sheet(thumbs: np.ndarray) -> np.ndarray:
    count, height, width = thumbs.shape[:3]
    rows = -(-count // _COLUMNS)
    cells = np.zeros((rows * _COLUMNS, *thumbs.shape[1:]), np.uint8)
    cells[:count] = thumbs
    grid = cells.reshape(rows, _COLUMNS, *thumbs.shape[1:]).swapaxes(1, 2)
    return grid.reshape(rows * height, _COLUMNS * width, *thumbs.shape[3:])


def _ink(thumbs: np.ndarray) -> str | None:
    """Whether gray images are strokes on a plain ground: most of their border is black, or white."""
    if thumbs.ndim != 3 or not len(thumbs):
        return None
    border = np.concatenate([thumbs[:, 0], thumbs[:, -1], thumbs[:, :, 0], thumbs[:, :, -1]], axis=1)
    if np.mean(border <= 16) > 0.5:
        return "bright"
    return "dark" if np.mean(border >= 239) > 0.5 else None
