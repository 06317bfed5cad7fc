"""Covers of a level or a cut by rule, from distances to the means of its parts. Called by ``Hierarchy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.params import Integer, OneOf, Optional, Real, Rule, check_parameters
from partita.hierarchy.cover import Cover
from partita.hierarchy.partition import NOISE, Partition

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy
    from partita.kernels.tree_cover import Block, Cells, Copies, Frame, Request

RULES = ("nearest", "top", "closure", "bisector", "spill")
_CHECKS: dict[str, Rule] = {
    "rule": OneOf(RULES),
    "max_copies": Integer(low=1),
    "radius": Optional(Real(low=0.0)),
    "penalty": Real(low=0.0),
}
_ROWS = 4096
_SCORES = 2**22
_GAPS = 2048


def cover_tree(
    h: Hierarchy,
    rule: str,
    X: Any,
    *,
    level: int | Partition = -1,
    max_copies: int = 8,
    radius: float | None = None,
    penalty: float = 1.0,
) -> Cover:
    """Overlapping membership of the items in the parts of a level or cut; see `Hierarchy.cover`."""
    from partita._core.threads import thread_scope

    check_parameters(
        "cover",
        _CHECKS,
        {"rule": rule, "max_copies": max_copies, "radius": radius, "penalty": penalty},
    )
    if rule == "bisector" and radius is None:
        raise InvalidParameterError(
            "The rule 'bisector' needs a radius.", name="radius", allowed="the largest distance of a pair"
        )
    labels, parts = _labels_at(h, level)
    with thread_scope() as n_threads:
        points = _Points(X, h.n_items)
        held = np.bincount(labels[labels >= 0], minlength=len(parts))
        holding = np.flatnonzero(held)
        dense = np.full(len(parts) + 1, NOISE, dtype=np.intp)
        dense[holding] = np.arange(len(holding))
        home = dense[labels]
        most = min(max_copies, max(len(holding), 1))
        frame, centers = _centers(points, home, held[holding], n_threads)
        request = _request(rule, most, radius, frame.scale, penalty)
        copies = _copies(points, home, frame, _cells(centers), request)
    from scipy import sparse

    wide = np.int32 if len(copies.parts) < 2**31 else np.int64
    first = np.concatenate([[0], np.cumsum(copies.counts)]).astype(wide)
    matrix = sparse.csr_array(
        (copies.weights, holding.astype(wide)[copies.parts], first), shape=(h.n_items, len(parts))
    )
    return Cover._of_rule(matrix, h, parts, copies.capped)


def _labels_at(h: Hierarchy, level: int | Partition) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the items and the parts that they number; the root where the level holds no item."""
    if isinstance(level, Partition):
        if level.hierarchy is not h or level.parts is None:
            raise InvalidParameterError(
                "The 'level' of cover is not valid.",
                name="level",
                allowed="the number of a level, or a cut of this hierarchy",
                got=level,
            )
        labels, parts = level.labels, level.parts
    else:
        labels, parts = h.labels(level), h._level(level)
    if h.n_items and not (labels >= 0).any():
        return h.labels(0), h.levels[0]
    return labels, parts


class _Points:
    """The vectors of the items, seen in blocks of rows, so that a memory map stays one.

    Raises
    ------
    InvalidDataError
        For another number of rows, another kind of data, or a value that is not finite.
    """

    def __init__(self, X: Any, n: int) -> None:
        array = np.asarray(X)
        if array.ndim != 2 or array.dtype.kind not in "biuf" or len(array) != n:
            raise InvalidDataError(
                "X must have a row of numbers for each item.",
                name="X",
                allowed=f"numbers, shape ({n}, d)",
                got=f"{array.dtype} of shape {array.shape}",
            )
        self._array = array
        small = array.dtype.kind == "f" and array.dtype.itemsize <= 4
        self._dtype = np.float32 if small else np.float64
        self.shape: tuple[int, int] = array.shape
        self.largest = self._largest()

    def block(self, start: int, stop: int) -> np.ndarray:
        """Rows as contiguous, read-only float32 or float64."""
        rows = np.ascontiguousarray(self._array[start:stop], dtype=self._dtype).view()
        rows.flags.writeable = False
        return rows

    def _largest(self) -> float:
        """The largest absolute value."""
        from partita._core.threads import map_blocks
        from partita.kernels.tree_center import rows_largest

        n = self.shape[0]
        found = map_blocks(lambda start, stop: rows_largest(self.block(start, stop)), n, _ROWS)
        for number, largest in enumerate(found):
            if largest < 0.0:
                rows = self.block(number * _ROWS, min((number + 1) * _ROWS, n))
                row, column = (int(i) for i in np.argwhere(~np.isfinite(rows))[0])
                raise InvalidDataError(
                    f"X is not finite at row {number * _ROWS + row}, column {column}.", name="X"
                )
        return max(found, default=0.0)


def _centers(
    points: _Points, home: np.ndarray, sizes: np.ndarray, n_threads: int
) -> tuple[Frame, np.ndarray]:
    """The mean of each part, float64 (k, d), in a frame about the mean of all."""
    from partita._core.threads import map_blocks
    from partita.kernels.tree_center import quanta, rows_add_exactly
    from partita.kernels.tree_cover import Frame

    (n, d), k = points.shape, len(sizes)
    # A power of two changes no digit; it keeps squares of 1e-200 and 1e200 in range.
    scale = 2.0 ** -float(np.clip(np.frexp(points.largest)[1], -1020, 1020))
    coarse, fine = quanta(n)

    def add_up(start: int, stop: int) -> np.ndarray:
        high_low = np.zeros((2, k, d))
        for low in range(start, stop, _ROWS):
            rows = slice(low, min(low + _ROWS, stop))
            rows_add_exactly(points.block(rows.start, rows.stop), home[rows], scale, coarse, fine, *high_low)
        return high_low

    # One share of the rows for each thread: exact sums are the same however the rows are shared out.
    sums = sum(map_blocks(add_up, n, max(-(-n // n_threads), 1)), np.zeros((2, k, d)))
    shift = sums.sum(axis=1).sum(axis=0) / max(int(sizes.sum()), 1)
    return Frame(shift, scale), sums.sum(axis=0) / np.maximum(sizes, 1)[:, None] - shift


def _cells(centers: np.ndarray) -> Cells:
    from partita._core.threads import map_blocks
    from partita.kernels.tree_cover import Cells, centers_gaps

    k = len(centers)
    squared = np.einsum("ij,ij->i", centers, centers)
    gaps = np.empty((k, k)) if k <= _GAPS else np.empty((0, 0))
    map_blocks(lambda start, stop: centers_gaps(centers, start, stop, gaps), len(gaps), 64)
    longest = float(np.sqrt(squared.max(initial=0.0)))
    return Cells(centers, (0.5 * squared).astype(np.float32), longest, gaps)


def _request(rule: str, most: int, radius: float | None, scale: float, penalty: float) -> Request:
    from partita.kernels.tree_cover import Request

    reach = np.inf if radius is None else float(radius) * scale
    return Request(RULES.index(rule), most, reach, float(penalty))


class _Covered(NamedTuple):
    """How many copies each row has, their parts and weights, and how many rows were cut short."""

    counts: np.ndarray
    parts: np.ndarray
    weights: np.ndarray
    capped: int


def _copies(points: _Points, home: np.ndarray, frame: Frame, cells: Cells, request: Request) -> _Covered:
    """The copies of all rows."""
    from partita._core.threads import map_blocks

    columns = np.ascontiguousarray(cells.centers.T, dtype=np.float32)

    def copies(start: int, stop: int) -> _Covered:
        return _copies_of(points.block(start, stop), home[start:stop], frame, cells, columns, request)

    rows = max(min(_ROWS, _SCORES // max(len(cells.centers), 1)), 16)
    found = map_blocks(copies, len(home), rows)
    if not found:
        return _Covered(np.empty(0, np.intp), np.empty(0, np.int32), np.empty(0), 0)
    return _Covered(
        np.concatenate([one.counts for one in found]),
        np.concatenate([one.parts for one in found]),
        np.concatenate([one.weights for one in found]),
        sum(one.capped for one in found),
    )


def _copies_of(
    X: np.ndarray, home: np.ndarray, frame: Frame, cells: Cells, columns: np.ndarray, request: Request
) -> _Covered:
    """The copies of a block of rows, by part."""
    from partita.kernels.assign import frame_rows
    from partita.kernels.tree_cover import SPILL, Block, Copies, cover_rows, rows_weigh

    b, d = X.shape
    framed, norms = np.empty((b, d), np.float32), np.empty(b)
    frame_rows(X, np.arange(b), frame.shift, frame.scale, False, framed, norms)
    block = Block(X, home, norms, framed @ columns)
    shape = (b, request.most)
    copies = Copies(np.empty(shape, np.int32), np.empty(shape), np.empty(b, np.intp))
    capped = cover_rows(block, frame, cells, request, copies)
    if request.rule == SPILL:
        capped = _spill(block, frame, cells, columns, request, copies)
    rows_weigh(*copies)
    used = np.arange(request.most) < copies.counts[:, None]
    return _Covered(copies.counts, copies.parts[used], copies.squares[used], int(capped))


def _spill(
    block: Block, frame: Frame, cells: Cells, columns: np.ndarray, request: Request, copies: Copies
) -> int:
    """Further copies, a round for each; how many rows were cut short."""
    from partita.kernels.tree_spill import spill_capped, spill_residuals, spill_round

    directions, starts = np.empty(block.X.shape, np.float32), np.empty(len(block.X))
    costs = np.zeros_like(block.products)
    for done in range(1, request.most):
        spill_residuals(block, frame, cells, copies, directions, starts)
        spill_round(block, frame, cells, request, done, directions @ columns, starts, costs, copies)
        if not (copies.counts > done).any():
            break
    return spill_capped(block, frame, cells, request, copies)
