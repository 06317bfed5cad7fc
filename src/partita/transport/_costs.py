"""What it costs to put an item into a cell, looked at in blocks: a matrix, or points and centres.

Both number the items in the order of their content, so that what is built on them doesn't depend on the order
of the rows. Called by the exact assignments of this room.
"""

from __future__ import annotations

from copy import copy
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
    products_gather,
    rows_cheapest,
    rows_count_near,
    rows_fill_near,
)

_ENTRIES = 1 << 19
_UNIT = 2.0**-24


@dataclass(frozen=True)
class Near:
    """Items with several cells in reach: ``cells[first[p]:first[p + 1]]`` for ``items[p]``; exact costs.

    ``cut[p]`` says whether the item has more of them than are listed.
    """

    items: np.ndarray
    first: np.ndarray
    cells: np.ndarray
    costs: np.ndarray
    cut: np.ndarray


@dataclass(frozen=True)
class Scan:
    """The cheapest cell of each item under prices, the next one, and how much dearer that one is."""

    best: np.ndarray
    second: np.ndarray
    margin: np.ndarray
    near: Near | None = None


@dataclass(frozen=True)
class Reach:
    """A cell is near if it costs at most ``up[best] + down[cell]`` more than the best one, float64[k] each.

    Neither is ever below `least`. Of more than `most` cells only the nearest are listed.
    """

    up: np.ndarray
    down: np.ndarray
    least: float
    most: int


class Costs(Protocol):
    """Costs of n items in k cells."""

    n: int
    k: int
    order: np.ndarray
    exact: bool

    def scan(self, prices: np.ndarray, reach: Reach | None = None) -> Scan:
        """Look at all items under `prices`; with `reach`, list the cells that are in it for each item."""

    def own(self, labels: np.ndarray) -> np.ndarray:
        """The exact cost of each item in the cell of its label, float64[n]."""

    def take(self, items: slice | np.ndarray) -> Costs:
        """The costs of some items. The first so many are a sample of all."""


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

    exact = True

    def __init__(self, C: np.ndarray, order: np.ndarray | None = None) -> None:
        self.order = content_order(C) if order is None else order
        self.n, self.k = len(self.order), C.shape[1]
        self._C = C

    def take(self, items: slice | np.ndarray) -> MatrixCosts:
        return MatrixCosts(self._C, self.order[items])

    def scan(self, prices: np.ndarray, reach: Reach | None = None) -> Scan:
        gather = _Gather(self.n)

        def block(start: int, stop: int) -> Near | None:
            rows = self._C[self.order[start:stop]].astype(np.float64, copy=False)
            low = gather.cheapest(rows, prices, 1.0, start, stop)
            if reach is None:
                return None
            best = gather.best[start:stop]
            limit = low + reach.up[best]
            picked, first, cells, cut = cells_near(rows, prices - reach.down, 1.0, limit, best, reach.most)
            costs = np.empty(len(cells))
            costs_gather(rows, picked, first, cells, costs)
            return Near(picked + start, first, cells, costs, cut)

        return gather.done(map_blocks(block, self.n, _block(self.k)))

    def own(self, labels: np.ndarray) -> np.ndarray:
        return self._C[self.order, labels].astype(np.float64)

    def cheapest(self, prices: np.ndarray) -> np.ndarray:
        """The least cost of each item with prices, float64[n]."""
        out = np.empty(self.n)

        def block(start: int, stop: int) -> None:
            out[start:stop] = (self._C[self.order[start:stop]] + prices).min(axis=1)

        map_blocks(block, self.n, _block(self.k))
        return out


class Rows:
    """Rows of points in content order, in a frame around the centres that are given first.

    Parameters
    ----------
    X : float (n, d)
    centers : float (k, d)
        They say where the frame lies, no more.
    unit : bool
        Whether rows are seen with length 1.

    Attributes
    ----------
    order : intp[n]
        The rows by content.
    points, norms : float32 (n, d), float64[n]
        The rows in the frame, in that order, and their lengths.
    """

    def __init__(self, X: np.ndarray, centers: np.ndarray, *, unit: bool = False) -> None:
        self.X, self.unit, self.order = X, unit, content_order(X)
        middle = np.zeros(X.shape[1]) if unit else centers.mean(axis=0, dtype=np.float64)
        spread = float(np.abs(centers - middle).max()) or float(np.abs(middle).max()) or 1.0
        self.scale = 1.0 if unit else float(np.ldexp(1.0, -int(np.clip(np.frexp(spread)[1], -1000, 1000))))
        self.shift = middle * self.scale
        self.points, self.norms = np.empty(X.shape, np.float32), np.empty(len(X))

        def block(start: int, stop: int) -> None:
            part = slice(start, stop)
            frame_rows(X, self.order[part], self.shift, self.scale, unit, self.points[part], self.norms[part])

        with np.errstate(over="ignore"):
            map_blocks(block, len(X), _block(X.shape[1]))

    def take(self, items: slice | np.ndarray) -> Rows:
        """Some of the rows, in the same frame. The first so many are a sample of all."""
        some = copy(self)
        some.order, some.points, some.norms = self.order[items], self.points[items], self.norms[items]
        return some

    def see(self, centers: np.ndarray) -> np.ndarray:
        """Centres in the frame, float64."""
        return np.ascontiguousarray(centers * self.scale - self.shift)

    def undo(self, centers: np.ndarray) -> np.ndarray:
        """Centres of the frame in the units of the data."""
        return (centers + self.shift) / self.scale


class PointCosts:
    """Squared Euclidean distances of rows to centres, both in the frame of the rows.

    Products of float32 only filter; near cells are measured in float64 in fixed order. Unless `exact` is
    False: then products are taken for what they are, for iterations whose last digits don't matter.
    """

    def __init__(self, rows: Rows, centers: np.ndarray, *, exact: bool = True) -> None:
        self.exact = exact
        self.n, self.k = len(rows.order), len(centers)
        self.order, self.rows, self.centers = rows.order, rows, centers
        self._columns = np.ascontiguousarray(centers.T, dtype=np.float32)
        self._half = 0.5 * np.einsum("ij,ij->i", centers, centers)
        self._half32 = self._half.astype(np.float32)
        self._longest = float(np.sqrt(2.0 * self._half.max()))

    def take(self, items: slice | np.ndarray) -> PointCosts:
        return PointCosts(self.rows.take(items), self.centers, exact=self.exact)

    def scan(self, prices: np.ndarray, reach: Reach | None = None) -> Scan:
        exact_offset = self._half + 0.5 * prices
        offset = exact_offset.astype(np.float32)
        nearer = offset if reach is None else (exact_offset - 0.5 * reach.down).astype(np.float32)
        rounding = 16.0 * _UNIT * max(float(np.abs(offset).max()), float(np.abs(nearer).max()))
        gather, sign = _Gather(self.n), np.float32(-1.0)

        def block(start: int, stop: int) -> Near | None:
            with np.errstate(over="ignore", invalid="ignore"):
                products = self.rows.points[start:stop] @ self._columns
            low = gather.cheapest(products, offset, sign, start, stop)
            if reach is None:
                return None
            best = gather.best[start:stop]
            with np.errstate(over="ignore", invalid="ignore"):
                slack = slack_of(self.rows.X.shape[1], self.rows.norms[start:stop], self._longest) + rounding
                limit = (low + slack + 0.5 * reach.up[best]).astype(np.float32)
            picked, first, cells, cut = cells_near(products, nearer, sign, limit, best, reach.most)
            if self.exact:
                costs = self._measured(picked + start, first, cells)
            else:
                costs = np.empty(len(cells))
                products_gather(products, self._half32, picked, first, cells, costs)
            return Near(picked + start, first, cells, costs, cut)

        found = map_blocks(block, self.n, _block(max(self.k, self.rows.X.shape[1])))
        gather.margin *= 2.0
        return gather.done(found)

    def own(self, labels: np.ndarray) -> np.ndarray:
        rows, out = self.rows, np.empty(self.n)

        def block(start: int, stop: int) -> None:
            part = slice(start, stop)
            distances_own(
                rows.X, rows.order[part], rows.shift, rows.scale, rows.unit,
                self.centers, labels[part], out[part],
            )  # fmt: skip

        map_blocks(block, self.n, _block(rows.X.shape[1]))
        return out

    def _measured(self, items: np.ndarray, first: np.ndarray, cells: np.ndarray) -> np.ndarray:
        rows, costs = self.rows, np.empty(len(cells))
        distances_gather(
            rows.X, rows.order[items], rows.shift, rows.scale, rows.unit, self.centers, first, cells, costs
        )
        return costs


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


def cells_near(rows, offset, sign, limit, best, most: int) -> tuple[np.ndarray, ...]:
    """Rows with several cells within `limit`, with at most `most` of them.

    Where a product overflowed there is no limit, and all cells are near.

    Returns
    -------
    picked : intp[p]
    first, cells : intp[p + 1], int32
        Runs of cells, the best one first.
    cut : bool[p]
        Whether the row has more.
    """
    count = np.empty(len(rows), np.intp)
    rows_count_near(rows, offset, sign, limit, count)
    picked = np.flatnonzero(count > 1)
    kept = np.where(np.isfinite(limit), np.minimum(count, most), count)[picked]
    first = np.concatenate([[0], np.cumsum(kept)]).astype(np.intp)
    cells = np.empty(first[-1], np.int32)
    rows_fill_near(rows, offset, sign, limit, best, picked, first, cells)
    return picked, first, cells, kept < count[picked]


def _joined(pieces: list[Near]) -> Near:
    lengths = np.concatenate([np.diff(piece.first) for piece in pieces])
    return Near(
        np.concatenate([piece.items for piece in pieces]),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        np.concatenate([piece.cells for piece in pieces]),
        np.concatenate([piece.costs for piece in pieces]),
        np.concatenate([piece.cut for piece in pieces]),
    )


def _block(columns: int) -> int:
    """Rows a block: a multiple of 64, depending on the data alone."""
    return int(np.clip(_ENTRIES // max(1, columns) // 64 * 64, 64, 2048))
