"""Items of any kind as the medoids see them: distances of some to others, in an order of content."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.kernels.medoids_start import costs_add, nearest_two

_ROWS = 256
_PLACED = 1 << 14


class Placer:
    """Distances of any items, old or new, to fixed medoids; the same code labels both."""

    def distances(self, data: Any, start: int, stop: int) -> np.ndarray:
        """Distances of items `start` to `stop` of `data` to the medoids, float (stop - start, k)."""
        raise NotImplementedError

    def nearest(self, data: Any, n: int, weight: np.ndarray | None = None) -> Placed:
        """The nearest medoid of each of `n` items, the first of equal ones, and what parts would cost.

        Parameters
        ----------
        data : what ``distances`` takes
        n : int
        weight : float64[n], optional
            Default: costs are not asked for.
        """
        placed = Placed(np.empty(n, np.int32), np.empty(n), np.empty(n), None)
        for first in range(0, n, _PLACED):
            last = min(first + _PLACED, n)
            blocks = self._blocks(data, first, last)
            at = first
            for block in blocks:  # in their order: sums don't depend on threads
                nearest_two(block, at, placed.labels, placed.d1, placed.d2)
                if weight is not None:
                    k = block.shape[1]
                    placed.cost = np.zeros((k, k)) if placed.cost is None else placed.cost
                    costs_add(block, at, placed.labels, weight, placed.cost)
                at += len(block)
        return placed

    def _blocks(self, data: Any, first: int, last: int) -> list[np.ndarray]:
        return map_blocks(
            lambda start, stop: self.distances(data, first + start, first + stop), last - first, _ROWS
        )


class Placed:
    """Labels int32[n], the smallest distances d1 and d2 float64[n], ``cost`` (k, k) of part and medoid."""

    def __init__(self, labels: np.ndarray, d1: np.ndarray, d2: np.ndarray, cost: np.ndarray | None) -> None:
        self.labels, self.d1, self.d2, self.cost = labels, d1, d2, cost


class Items:
    """Distinct items with weights. Subclasses write ``fill`` and ``placer``.

    Attributes
    ----------
    n : int
    weight : float64[n]
    rank : intp[n]
        Places in an order of content.
    first, inverse : intp
        A position in the data for each item, and the item at each position.
    fingerprint : str
    exponent : int
        Distances are to be multiplied by 2 to this power.
    notes : list of str
    kept : ndarray or None
        The square matrix, where it is there already.
    given : bool
        Whether distances were given, not computed: then items at distance 0 can still be different ones.
    """

    weight: np.ndarray
    rank: np.ndarray
    first: np.ndarray
    inverse: np.ndarray
    fingerprint: str
    exponent: int = 0
    kept: np.ndarray | None = None
    given: bool = False

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.choices: dict[str, Any] = {}

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.weight)

    @property
    def order(self) -> np.ndarray:
        """The items by rank."""
        return np.argsort(self.rank, kind="stable")

    @property
    def candidates(self) -> np.ndarray:
        """The items of positive weight by rank."""
        order = self.order
        return order[self.weight[order] > 0]

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        """Write the distances of items `rows` to items `columns`, float (rows, columns), on one thread."""
        raise NotImplementedError

    def placer(self, medoids: np.ndarray) -> Placer:
        """The way to the nearest of `medoids` (items)."""
        raise NotImplementedError

    @property
    def data(self) -> Any:
        """All items, as the placer takes them, by rank."""
        raise NotImplementedError

    def note_triangle(self, medoids: np.ndarray) -> None:
        """Say so where the distances are seen to be no metric; given distances only."""

    def block(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Distances of items `rows` to items `columns`, float32 (rows, columns)."""
        out = np.empty((len(rows), len(columns)), np.float32)
        map_blocks(
            lambda start, stop: self.fill(rows[start:stop], columns, out[start:stop]), len(rows), _ROWS
        )
        return out

    def matrix(self) -> np.ndarray:
        """All distances, float (n, n); float32 unless they were given otherwise.

        Raises
        ------
        BudgetError
            When they need more memory than there may be.
        """
        if self.kept is not None:
            return self.kept
        n = self.n
        check_memory(
            4 * n * n,
            what=f"The matrix of the distances of {n} items",
            alternative="use method='onebatch', 'fastclara' or 'fastclarans', which need no such matrix",
        )
        out, ids = np.empty((n, n), np.float32), np.arange(n)

        def block(start: int, stop: int) -> None:
            self.fill(ids[start:stop], ids[start:], out[start:stop, start:])
            out[stop:, start:stop] = out[start:stop, stop:].T

        map_blocks(block, n, _ROWS)
        return out
