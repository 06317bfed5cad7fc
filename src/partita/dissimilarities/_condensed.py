"""Condensed distances as items, without the square that they stand for. Called by KMedoids."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita._core.memory import memory_budget
from partita._core.threads import map_blocks
from partita.dissimilarities._items import Placer
from partita.dissimilarities._precomputed import (
    GivenItems,
    RowsPlacer,
    as_float,
    count_of_pairs,
    square_of_pairs,
)
from partita.kernels import pairs as kernel

_BLOCK = 1 << 22
_ROWS = 64
_ASKED = 8


def is_condensed(X: Any) -> bool:
    """Whether `X` has one axis, and is no sparse matrix."""
    return not hasattr(X, "tocsr") and np.asarray(X).ndim == 1


def check_condensed(X: Any) -> np.ndarray:
    """Condensed distances, float32 or float64; no copy when they are that already.

    Raises
    ------
    InvalidDataError
        For a length that no number of items has, and values that are no distances, with the pair.
    """
    D = as_float(X)
    n = count_of_pairs(len(D))
    for start in range(0, len(D), _BLOCK):
        block = D[start : start + _BLOCK]
        fine = np.isfinite(block) & (block >= 0)
        if not fine.all():
            at = start + int(np.argmin(fine))
            i, j = _pair_at(at, n)
            value = D[at]
            what = "NaN" if np.isnan(value) else "negative" if value < 0 else "no finite number"
            told = "Negative values in data: the" if value < 0 else "The"
            raise InvalidDataError(
                f"{told} distance in row {i}, column {j} is {what}.",
                name="X",
                allowed="finite numbers of at least 0",
                got=float(value),
            )
    return D


def _pair_at(at: int, n: int) -> tuple[int, int]:
    item = np.arange(n)
    firsts = item * n - item * (item + 1) // 2
    i = int(np.searchsorted(firsts, at, side="right")) - 1
    return i, at - int(firsts[i]) + i + 1


class CondensedItems(GivenItems):
    """The items of condensed distances, each its own; in the order that their square would have.

    Parameters
    ----------
    D : float[n (n - 1) / 2], checked
    weight : float64[n] or None
    """

    def __init__(self, D: np.ndarray, weight: np.ndarray | None) -> None:
        self._D = D
        super().__init__(count_of_pairs(len(D)), weight)

    @property
    def largest(self) -> float:
        """The largest distance."""
        return float(self._D.max(initial=0.0))

    @property
    def square_fits(self) -> bool:
        """Whether the memory budget holds the square."""
        return self.itemsize * self.n * self.n <= memory_budget()

    @property
    def itemsize(self) -> int:
        """Bytes of a distance."""
        return int(self._D.itemsize)

    def rows(self, some: np.ndarray) -> np.ndarray:
        out = np.empty((len(some), self.n), self._D.dtype)
        map_blocks(
            lambda start, stop: kernel.pairs_rows(self._D, self.n, some, start, stop, out), len(some), _ASKED
        )
        return out

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        kernel.pairs_fill(self._D, self.n, rows, columns, out)

    def matrix(self) -> np.ndarray:
        return square_of_pairs(self._D)

    def placer(self, medoids: np.ndarray) -> Placer:
        return RowsPlacer(self.rows(medoids))

    def _signature(self, known: np.ndarray) -> np.ndarray:
        def block(start: int, stop: int) -> np.ndarray:
            out = np.zeros(self.n, np.uint64)
            kernel.pairs_signature(self._D, self.n, known, start, stop, out)
            return out

        out = np.zeros(self.n, np.uint64)
        for part in map_blocks(block, self.n, max(_ROWS, -(-self.n // _ROWS))):
            out += part
        kernel.signature_end(known, out)
        return out
