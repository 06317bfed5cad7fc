"""Casting and freezing of the arrays that the hierarchy keeps. Called inside this room only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError

_NUMBERS = "biuf"


def frozen(array: np.ndarray) -> np.ndarray:
    """The array, contiguous and read-only; copied where its owner could still write to it."""
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def sealed(array: np.ndarray) -> np.ndarray:
    """The array itself, made read-only: for arrays that this room has just made."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def as_integers(values: Any, name: str, dtype: Any = np.intp, length: int | None = None) -> np.ndarray:
    """A 1-D integer array of `dtype`.

    Raises
    ------
    InvalidDataError
        When `values` is not one-dimensional, not of integers, out of range or of another length.
    """
    array = np.asarray(values)
    if array.size == 0 and array.ndim == 1 and array.dtype.kind == "f":
        array = array.astype(dtype)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidDataError(
            f"{name} must be a one-dimensional array of integers.",
            name=name,
            allowed="integers, shape (length,)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    _check_length(array, name, length)
    bounds = np.iinfo(dtype)
    if array.size and (int(array.min()) < bounds.min or int(array.max()) > bounds.max):
        raise InvalidDataError(f"{name} holds numbers outside {np.dtype(dtype)}.", name=name)
    return array.astype(dtype, copy=False)


def as_floats(values: Any, name: str, length: int | None = None) -> np.ndarray:
    """A 1-D float64 array.

    Raises
    ------
    InvalidDataError
        When `values` is not one-dimensional, not of numbers, or of another length.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in _NUMBERS:
        raise InvalidDataError(
            f"{name} must be a one-dimensional array of numbers.",
            name=name,
            got=f"{array.dtype} of shape {array.shape}",
        )
    _check_length(array, name, length)
    return array.astype(np.float64, copy=False)


def as_column(values: Any, name: str, length: int) -> np.ndarray:
    """A read-only column of `length` rows: numbers of any shape a row, texts, or tuples of texts.

    Raises
    ------
    InvalidDataError
        When the rows are of another kind or number.
    """
    array = _as_array(values)
    if array.ndim == 0 or len(array) != length:
        raise InvalidDataError(
            f"The column {name!r} must have one row for each of {length}.",
            name=name,
            got=f"shape {array.shape}",
        )
    if array.dtype.kind in _NUMBERS and array.dtype.itemsize <= 8:
        return frozen(array.astype(np.float32) if array.dtype == np.float16 else array)
    if array.dtype.kind in "UOT" and array.ndim == 1:
        return sealed(_as_texts(array, name))
    raise InvalidDataError(
        f"The column {name!r} is of a kind that can't be kept.",
        name=name,
        allowed="numbers, booleans, texts, or lists of texts",
        got=str(array.dtype),
        hint="turn dates and other objects into numbers or texts first",
    )


def as_columns(part_data: Mapping[str, Any], n_parts: int) -> Mapping[str, np.ndarray]:
    """A read-only mapping of names to columns of `n_parts` rows.

    Raises
    ------
    InvalidDataError
        When it is no mapping of names, or a column is of no use.
    """
    if not isinstance(part_data, Mapping) or not all(isinstance(name, str) for name in part_data):
        raise InvalidDataError("part_data must be a mapping of names to columns.", name="part_data")
    return MappingProxyType({name: as_column(part_data[name], name, n_parts) for name in part_data})


def _as_array(values: Any) -> np.ndarray:
    # NumPy would make texts of a mixture of texts and numbers, and a matrix of lists of one length.
    texts = isinstance(values, (list, tuple)) and any(
        isinstance(row, str) or (isinstance(row, (list, tuple)) and (not row or isinstance(row[0], str)))
        for row in values
    )
    if not texts:
        try:
            return np.asarray(values)
        except ValueError as error:
            raise InvalidDataError(f"A column is not a regular array ({error}).") from error
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def _as_texts(array: np.ndarray, name: str) -> np.ndarray:
    rows: list[Any] = []
    listed = any(isinstance(value, (list, tuple, np.ndarray)) for value in array)
    for row, value in enumerate(array):
        if listed and isinstance(value, (list, tuple, np.ndarray)) and all(isinstance(t, str) for t in value):
            rows.append(tuple(str(text) for text in value))
        elif not listed and isinstance(value, str):
            rows.append(str(value))
        else:
            raise InvalidDataError(
                f"Row {row} of the column {name!r} is not {'a list of texts' if listed else 'a text'}.",
                name=name,
                allowed="texts throughout, or lists of texts throughout",
                got=value,
            )
    _check_encodable(rows, name)
    result = np.empty(len(rows), dtype=object)
    for row, value in enumerate(rows):
        result[row] = value
    return result


def _check_encodable(rows: list[Any], name: str) -> None:
    for row, value in enumerate(rows):
        try:
            (value if isinstance(value, str) else "".join(value)).encode()
        except UnicodeEncodeError as error:
            raise InvalidDataError(
                f"Row {row} of the column {name!r} is no valid Unicode text ({error.reason}).",
                name=name,
                hint="text.encode(errors='replace').decode() mends it",
            ) from error


def _check_length(array: np.ndarray, name: str, length: int | None) -> None:
    if length is not None and len(array) != length:
        raise InvalidDataError(
            f"{name} has {len(array)} entries where {length} are needed.", name=name, got=len(array)
        )
