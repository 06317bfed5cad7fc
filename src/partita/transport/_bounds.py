"""Bounds on the sizes of cells: read, compared with the items to place, refused when they can't be met."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InfeasibleError, InvalidParameterError


def check_sizes(value: Any, k: int, name: str, otherwise: int) -> np.ndarray:
    """A bound as intp[k]: None is `otherwise` for all, one integer holds for all cells.

    Raises
    ------
    InvalidParameterError
        For anything but non-negative integers (infinity counts as no upper bound), one or k of them.
    """
    if value is None:
        return np.full(k, otherwise, np.intp)
    allowed = f"an integer of at least 0, or {k} of them"
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidParameterError(f"{name} is not valid.", name=name, allowed=allowed, got=value) from error
    if array.ndim > 1 or (array.ndim == 1 and array.shape != (k,)):
        raise InvalidParameterError(f"{name} is not valid.", name=name, allowed=allowed, got=array.shape)
    array = np.where(array == np.inf, float(otherwise), array) if name != "min_size" else array
    if not np.isfinite(array).all() or (array < 0).any() or (array != np.floor(array)).any():
        raise InvalidParameterError(f"{name} is not valid.", name=name, allowed=allowed, got=value)
    return np.broadcast_to(np.minimum(array, 2.0**62).astype(np.intp), (k,)).copy()


def check_feasible(n: int, lower: np.ndarray, upper: np.ndarray) -> None:
    """Refuse bounds on sizes that no assignment of `n` items keeps.

    Raises
    ------
    InfeasibleError
        With the smallest change of one bound that can be met.
    """
    k = len(lower)
    crossed = np.flatnonzero(lower > upper)
    if len(crossed):
        cell = int(crossed[0])
        raise InfeasibleError(
            f"min_size is above max_size in cell {cell}: {lower[cell]} > {upper[cell]}.",
            f"max_size={lower[cell]} for that cell, or min_size={upper[cell]}",
            name="min_size",
        )
    room, need = int(upper.sum()), int(lower.sum())
    if room < n:
        equal = k > 0 and (upper == upper[0]).all()
        raise InfeasibleError(
            f"The cells hold {room} items together, and there are {n}.",
            f"max_size={-(-n // k)}" if equal else f"raise the max_size of some cells by {n - room} in all",
            name="max_size",
        )
    if need > n:
        equal = (lower == lower[0]).all()
        raise InfeasibleError(
            f"The cells need {need} items together, and there are {n}.",
            f"min_size={n // k}" if equal else f"lower the min_size of some cells by {need - n} in all",
            name="min_size",
        )
