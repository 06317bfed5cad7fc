"""What it costs to put an item into a cell, looked at in blocks: a matrix, or points and centres.

Both number the items in the order of their content, so that what is built on them doesn't depend on the order
of the rows. Called by the exact assignments of this room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.assign import frame_rows, slack_of
from partita.kernels.canonical import column_keys, rows_hash, rows_settle
from partita.kernels.capacity_scan import (
    costs_gather,
    distances_gather,
    distances_own,
    rows_cheapest,
    rows_count_near,
    rows_fill_near,
)

_ENTRIES = 1 << 20
_UNIT = 2.0**-24


@dataclass(frozen=True)
class Near:
    """Items with several cells in reach: ``cells[first[p]:first[p + 1]]`` for ``items[p]``, with exact costs."""

    items: np.ndarray
    first: np.ndarray
    cells: np.ndarray
    costs: np.ndarray


@dataclass(frozen=True)
class Scan:
    """The cheapest cell of each item under prices, the next one, and how much dearer that one is."""

    best: np.ndarray
    second: np.ndarray
    margin: np.ndarray
    near: Near | None = None


class Costs(Protocol):
    """Costs of n items in k cells."""

    n: int
    k: int
    order: np.ndarray

    def scan(self, prices: np.ndarray, reach: float | None = None) -> Scan:
        """Look at all items under `prices`; with `reach`, name the cells that are within it of the best."""

    def own(self, labels: np.ndarray) -> np.ndarray:
        """The exact cost of each item in the cell of its label, float64[n]."""

    @property
    def size(self) -> float:
        """The largest cost there may be: what rounding errors are relative to."""


def content_order(rows: np.ndarray) -> np.ndarray:
    """The order of rows by their content, intp[n]; equal rows by position. O(n d + n log n)."""
    hashes, keys = np.empty(len(rows), np.uint64), column_keys(rows.shape[1])
    block = _block(rows.shape[1])
    map_blocks(lambda start, stop: rows_hash(rows, start, stop, keys, hashes), len(rows), block)
    order = np.argsort(hashes, kind="stable")
    rows_settle(rows, hashes, order)
    return order


class MatrixCosts:
    """Costs that stand in a matrix, float (n, k)."""

    def __init__(self, C: np.ndarray, order: np.ndarray | None = None) -> None:
        self.n, self.k = C.shape
        self.order = content_order(C) if order is None else order
        self._C = C

    @property
    def size(self) -> float:
        return float(max(abs(float(self._C.max())), abs(float(self._C.min())))) if self._C.size else 0.0

    def scan(self, prices: np.ndarray, reach: float | None = None) -> Scan:
        gather = _Gather(self.n)

        def block(start: int, stop: int) -> Near | None:
            rows = self._C[self.order[start:stop]].astype(np.float64, copy=False)
            low = gather.cheapest(rows, prices, 1.0, start, stop)
            if reach is None:
                return None
            picked = np.flatnonzero(gather.margin[start:stop] <= reach)
            first, cells = cells_near(rows, prices, 1.0, picked, low[picked] + reach)
            costs = np.empty(len(cells))
            costs_gather(rows, picked, first, cells, costs)
            return Near(picked + start, first, cells, costs)

        return gather.done(map_blocks(block, self.n, _block(self.k)))

    def own(self, labels: np.ndarray) -> np.ndarray:
        return self._C[self.order, labels].astype(np.float64)


class PointCosts:
    """Squared Euclidean distances of rows of X to centres, in a frame where centres lie around the origin.

    Products of float32 only filter; near cells are measured in float64 in fixed order.

    Parameters
    ----------
    X : float (n, d)
    centers : float64 (k, d)
    order : intp[n]
        The content order of the rows.
    unit : bool
        Whether rows are seen with length 1.
    """

    def __init__(
        self, X: np.ndarray, centers: np.ndarray, order: np.ndarray | None = None, unit: bool = False
    ) -> None:
        self.n, self.k = len(X), len(centers)
        self.order = content_order(X) if order is None else order
        self._X, self._unit = X, unit
        middle = centers.mean(axis=0)
        spread = float(np.abs(centers - middle).max()) or float(np.abs(middle).max()) or 1.0
        self.scale = float(np.ldexp(1.0, -int(np.clip(np.frexp(spread)[1], -1000, 1000))))
        self._shift = middle * self.scale
        self.centers = np.ascontiguousarray(centers * self.scale - self._shift)
        self._columns = np.ascontiguousarray(self.centers.T, dtype=np.float32)
        self._half = 0.5 * np.einsum("ij,ij->i", self.centers, self.centers)
        self._longest = float(np.sqrt(2.0 * self._half.max()))

    @property
    def size(self) -> float:
        return float(4.0 * self._longest**2)

    def scan(self, prices: np.ndarray, reach: float | None = None) -> Scan:
        exact_offset = self._half + 0.5 * prices
        offset = exact_offset.astype(np.float32)
        rounding = 8.0 * _UNIT * float(np.abs(exact_offset).max())
        gather, sign = _Gather(self.n), np.float32(-1.0)

        def block(start: int, stop: int) -> Near | None:
            rows = self.order[start:stop]
            framed, norms = np.empty((len(rows), self._X.shape[1]), np.float32), np.empty(len(rows))
            frame_rows(self._X, rows, self._shift, self.scale, self._unit, framed, norms)
            with np.errstate(over="ignore", invalid="ignore"):
                products = framed @ self._columns
            low = gather.cheapest(products, offset, sign, start, stop)
            if reach is None:
                return None
            slack = slack_of(self._X.shape[1], norms, self._longest) + rounding
            # Infinite products have no margin, and are not trusted: all cells are near.
            picked = np.flatnonzero(~(gather.margin[start:stop] > 0.5 * reach + slack))
            limit = low[picked] + 0.5 * reach + slack[picked]
            first, cells = cells_near(products, offset, sign, picked, limit)
            costs = np.empty(len(cells))
            distances_gather(
                self._X, rows[picked], self._shift, self.scale, self._unit, self.centers, first, cells, costs
            )
            return Near(picked + start, first, cells, costs)

        found = map_blocks(block, self.n, _block(max(self.k, self._X.shape[1])))
        gather.margin *= 2.0
        return gather.done(found)

    def own(self, labels: np.ndarray) -> np.ndarray:
        out = np.empty(self.n)

        def block(start: int, stop: int) -> None:
            distances_own(
                self._X, self.order[start:stop], self._shift, self.scale, self._unit,
                self.centers, labels[start:stop], out[start:stop],
            )  # fmt: skip

        map_blocks(block, self.n, _block(self._X.shape[1]))
        return out


class _Gather:
    """The arrays that the blocks of a scan write to."""

    def __init__(self, n: int) -> None:
        self.best, self.second = np.empty(n, np.int32), np.empty(n, np.int32)
        self.margin = np.empty(n)

    def cheapest(self, rows, offset, sign, start: int, stop: int) -> np.ndarray:
        part, low = slice(start, stop), np.empty(stop - start)
        rows_cheapest(rows, offset, sign, self.best[part], self.second[part], low, self.margin[part])
        return low

    def done(self, found: list[Near | None]) -> Scan:
        pieces = [piece for piece in found if piece is not None]
        return Scan(self.best, self.second, self.margin, _joined(pieces) if pieces else None)


def cells_near(rows, offset, sign, picked, limit) -> tuple[np.ndarray, np.ndarray]:
    """The cells within `limit` of each picked row: runs ``first`` intp[p + 1], ``cells`` int32."""
    first = np.zeros(len(picked) + 1, np.intp)
    rows_count_near(rows, offset, sign, picked, limit, first[1:])
    np.cumsum(first, out=first)
    cells = np.empty(first[-1], np.int32)
    rows_fill_near(rows, offset, sign, picked, limit, first, cells)
    return first, cells


def _joined(pieces: list[Near]) -> Near:
    lengths = np.concatenate([np.diff(piece.first) for piece in pieces])
    return Near(
        np.concatenate([piece.items for piece in pieces]),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        np.concatenate([piece.cells for piece in pieces]),
        np.concatenate([piece.costs for piece in pieces]),
    )


def _block(columns: int) -> int:
    """Rows a block: a multiple of 64, depending on the data alone."""
    return int(np.clip(_ENTRIES // max(1, columns) // 64 * 64, 64, 8192))
