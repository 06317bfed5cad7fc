"""Vectors of documents, one document after another: checked once. Called by the pooling functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.threads import map_blocks
from partita.kernels.canonical import rows_nonfinite

_BLOCK = 1 << 15


def check_vectors(vectors: Any, *, name: str, ndim: tuple[int, ...] = (2,)) -> np.ndarray:
    """`vectors` as a C-contiguous float32 or float64 array; no copy where it is one.

    Parameters
    ----------
    vectors : array-like of shape (n, d)
        float16 becomes float32, integers become float64. n = 0 is legal.
    name : str
        The argument, for the message.
    ndim : tuple of int
        Allowed numbers of dimensions.

    Returns
    -------
    vectors : ndarray

    Raises
    ------
    InvalidDataError
        For the wrong number of dimensions, and for NaN and infinity with row and column.
    InvalidTypeError
        For what can't be read as real numbers.
    """
    try:
        array = np.asarray(vectors)
        if array.dtype.kind == "c":
            raise InvalidTypeError(f"{name} holds complex numbers.", name=name, got=array.dtype)
        kind = np.float32 if array.dtype in (np.float32, np.float16) else np.float64
        array = np.ascontiguousarray(array, dtype=kind)
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidTypeError):
            raise
        raise InvalidTypeError(f"{name} can't be read as numbers: {error}", name=name) from error
    if np.ndim(vectors) not in ndim or array.ndim not in ndim:
        raise InvalidDataError(
            f"{name} has {array.ndim} dimensions.",
            name=name,
            allowed=" or ".join(str(count) for count in ndim) + " dimensions: a row for each token",
            got=array.shape,
        )
    _refuse_nonfinite(array.reshape(len(array), int(np.prod(array.shape[1:]))), name)
    return array


def check_offsets(offsets: Any, n: int) -> np.ndarray:
    """Bounds of documents as intp[b + 1]; one document of all rows where `offsets` is None.

    Raises
    ------
    InvalidDataError
        Unless the bounds are integers from 0 to `n` that never fall; empty documents are legal.
    """
    if offsets is None:
        return np.array([0, n], dtype=np.intp)
    array = np.asarray(offsets)
    if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) == 0:
        raise InvalidDataError(
            "offsets are not bounds of documents.",
            name="offsets",
            allowed="one-dimensional integers: 0, the end of the first document, …, the number of tokens",
            got=offsets,
        )
    array = array.astype(np.intp)
    falls = np.flatnonzero(np.diff(array) < 0)
    if array[0] != 0 or array[-1] != n or len(falls):
        where = (
            f"They fall at document {falls[0]}."
            if len(falls)
            else f"They run from {array[0]} to {array[-1]}."
        )
        raise InvalidDataError(
            f"offsets are not bounds of documents. {where}",
            name="offsets",
            allowed=f"integers that never fall, from 0 to {n} (the number of tokens)",
        )
    return array


def check_protected(protected: Any, offsets: np.ndarray) -> np.ndarray:
    """Which tokens stay as they are, bool[n]: a mask, or the first so many of every document.

    Raises
    ------
    InvalidDataError
        For a mask of the wrong shape or type, or a negative number.
    """
    n = int(offsets[-1])
    if isinstance(protected, (int, np.integer)) and not isinstance(protected, (bool, np.bool_)):
        if protected >= 0:
            return np.arange(n) - np.repeat(offsets[:-1], np.diff(offsets)) < protected
    else:
        mask = np.asarray(protected)
        if mask.shape == (n,) and mask.dtype == bool:
            return np.ascontiguousarray(mask)
    raise InvalidDataError(
        "protected is not valid.",
        name="protected",
        allowed=f"a number of at least 0 (the first tokens of every document), or booleans of shape ({n},)",
        got=protected,
    )


def check_counts(counts: Any, n: int) -> np.ndarray:
    """How many items each stands for, float64[n]; ones where `counts` is None.

    Raises
    ------
    InvalidDataError
        For the wrong shape, and for what is no finite number above 0 (with the row).
    """
    if counts is None:
        return np.ones(n)
    array = check_vectors(counts, name="counts", ndim=(1,)).astype(np.float64)
    if len(array) != n:
        raise InvalidDataError(f"counts has {len(array)} entries where keys has {n} rows.", name="counts")
    bad = np.flatnonzero(array <= 0)
    if len(bad):
        raise InvalidDataError(
            f"counts is not valid in row {bad[0]}.",
            name="counts",
            allowed="finite numbers greater than 0",
            got=float(array[bad[0]]),
        )
    return array


def _refuse_nonfinite(array: np.ndarray, name: str) -> None:
    found = map_blocks(lambda start, stop: rows_nonfinite(array, start, stop), len(array), _BLOCK)
    bad = [position for position in found if position >= 0]
    if bad:
        row, column = divmod(bad[0], array.shape[1])
        what = "NaN" if np.isnan(array[row, column]) else "infinity"
        raise InvalidDataError(f"{name} contains {what} in row {row}, column {column}.", name=name)
