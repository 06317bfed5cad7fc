"""Spherical k-means on distinct unit rows: start, sums, assignment, repair. Called by SphericalKMeans.

Only centres whose rows changed are summed again; every similarity is a pure function of a row and a centre.
So the pruned iterations give what plain ones give, bit for bit, whatever the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels.lloyd import labels_group
from partita.kernels.spherical import (
    CenterIndex,
    cells_copy,
    cells_mean,
    index_count,
    index_fill,
    rows_assign,
    start_choose,
)
from partita.points._sparse_input import SparseRows

_ROWS = 1024
_CELLS = 64
_START_ROWS = 1 << 16
_START_ROWS_PER_CELL = 32
_GOLDEN_RATIO = 0.6180339887498949
_ROWS_PER_CELL_OF_FREQUENT = 0.5
_LARGEST_BLOCK = 1 << 23
_TELLABLE = 1e-12
_MEANS_TOL = 3e-4


@dataclass
class Cells:
    """Where rows are: labels int32[n] (-1: nowhere yet), similarities to their centres float64[n]."""

    labels: np.ndarray
    similar: np.ndarray

    @classmethod
    def none(cls, n: int) -> Cells:
        """Rows that have not been compared with any centre."""
        return cls(np.full(n, -1, np.int32), np.full(n, -np.inf))

    def loss(self, unit: bool) -> np.ndarray:
        """1 - cosine of each unit row and its centre if that is a direction, else half of the square."""
        return (1.0 if unit else 0.5) - self.similar


@dataclass(frozen=True)
class Result:
    """What the iterations ended with; `centers` are those that `cells` were found for."""

    centers: SparseRows
    cells: Cells
    n_iter: int
    converged: bool


def rare_first(rows: SparseRows, n_clusters: int) -> tuple[np.ndarray, np.ndarray, int]:
    """An order of the used columns by how many rows hold them.

    Returns
    -------
    place : int32[d]
        New number of each column; -1 for columns that no row holds.
    columns : intp[used]
        Old number of each new column.
    cut : int
        From this new column on, a column stands in so many rows that most centres will hold it.
    """
    frequency = np.bincount(rows.column, minlength=rows.d)
    order = np.argsort(frequency, kind="stable")
    columns = order[np.searchsorted(frequency[order], 1) :]
    place = np.full(rows.d, -1, np.int32)
    place[columns] = np.arange(len(columns))
    limit = _ROWS_PER_CELL_OF_FREQUENT * n_clusters
    cut = max(
        int(np.searchsorted(frequency[columns], limit)), len(columns) - _LARGEST_BLOCK // max(n_clusters, 1)
    )
    return place, columns, cut


def start_rows(rows: SparseRows, weight: np.ndarray, k: int, progress: Progress) -> np.ndarray:
    """`k` rows at wide angles: greedy k-means++ with a golden-ratio sequence in the place of random numbers.

    A row's distance to what is chosen is 1 less its highest cosine, where negative ones count as 0. Among the
    first 65,536 rows, or 32 a cell; rows in the order of their hashes are as good as drawn at random.

    References
    ----------
    D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007,
    https://dl.acm.org/doi/10.5555/1283383.1283494
    """
    n, trials = min(len(rows), max(_START_ROWS, _START_ROWS_PER_CELL * k)), 2 + int(np.log(k))
    weight = weight[:n]
    by_column = _matrix(rows)[:n].tocsc()
    t_first, t_row = by_column.indptr.astype(np.int64), by_column.indices.astype(np.int32)
    best, similar, lost = np.zeros(n), np.zeros(n), np.empty(n)
    chosen = np.empty(k, np.intp)
    progress.start(f"Choose {k} rows to start from", k)
    for c in range(k):
        turns = (np.arange(c * trials, (c + 1) * trials) * _GOLDEN_RATIO + 0.5) % 1.0
        chosen[c] = start_choose(
            rows.first,
            rows.column,
            rows.value,
            t_first,
            t_row,
            by_column.data,
            weight,
            turns,
            best,
            similar,
            lost,
        )
        progress.advance()
    return chosen


def assign(
    rows: SparseRows, centers: SparseRows, cut: int, unit: bool, cells: Cells, moved: np.ndarray
) -> None:
    """Move `cells` (in place) to the nearest centre of each row; `moved` bool[k]: changed since last time.

    Nearest by cosine if centres are directions (`unit`), by squared distance if they are means.
    """
    changed, still = (center_index(centers, cut, unit, which) for which in (moved, ~moved))

    def block(start: int, stop: int) -> None:
        rows_assign(
            rows.first,
            rows.column,
            rows.value,
            start,
            stop,
            cut,
            changed,
            still,
            cells.labels,
            cells.similar,
        )

    map_blocks(block, len(rows), _ROWS)


def center_index(centers: SparseRows, cut: int, unit: bool, which: np.ndarray) -> CenterIndex:
    """The centres where `which` (bool[k]), by column."""
    number = np.flatnonzero(which).astype(np.int32)
    place = np.full(len(which), -1, np.int32)
    place[number] = np.arange(len(number))
    first = np.empty(cut + 1, np.int64)
    index_count(centers.first, centers.column, number, cut, first)
    center, weight = np.empty(first[-1], np.int32), np.empty(first[-1])
    block, tail = np.zeros((centers.d - cut, len(number))), np.empty(len(number))
    base = np.empty(len(number))
    index_fill(
        centers.first,
        centers.column,
        centers.value,
        number,
        cut,
        unit,
        first,
        center,
        weight,
        block,
        tail,
        base,
    )
    return CenterIndex(first, center, weight, block, tail, base, number, place)


def move_centers(
    rows: SparseRows,
    weight: np.ndarray,
    labels: np.ndarray,
    centers: SparseRows,
    chosen: np.ndarray,
    unit: bool,
) -> SparseRows:
    """Put the centres `chosen` (intp, each with rows) at the means of their rows, of length 1 if `unit`."""
    c_first, members = np.empty(len(centers) + 1, np.intp), np.empty(len(rows), np.intp)
    labels_group(labels, c_first, members)
    in_cell = np.bincount(labels, np.diff(rows.first), len(centers)).astype(np.int64)
    room = np.concatenate([[0], np.cumsum(in_cell[chosen])])
    column, value = np.empty(room[-1], np.int32), np.empty(room[-1])
    length = np.empty(len(chosen), np.int64)

    def block(start: int, stop: int) -> None:
        cells_mean(
            rows.first,
            rows.column,
            rows.value,
            weight,
            c_first,
            members,
            chosen,
            unit,
            start,
            stop,
            room,
            column,
            value,
            length,
        )

    map_blocks(block, len(chosen), _CELLS)
    return replace_centers(centers, chosen, room, length, column, value)


def replace_centers(
    centers: SparseRows,
    chosen: np.ndarray,
    room: np.ndarray,
    length: np.ndarray,
    column: np.ndarray,
    value: np.ndarray,
) -> SparseRows:
    """Centres of which `chosen` are new: entries ``room[t]`` to ``room[t] + length[t]`` of the arrays."""
    sizes = np.diff(centers.first)
    sizes[chosen] = length
    first = np.concatenate([[0], np.cumsum(sizes)])
    fresh = np.full(len(centers), -1, np.intp)
    fresh[chosen] = np.arange(len(chosen))
    out_column, out_value = np.empty(first[-1], np.int32), np.empty(first[-1])
    cells_copy(
        centers.first, centers.column, centers.value, fresh, room, column, value, first, out_column, out_value
    )
    return SparseRows(first, out_column, out_value, centers.d)


def fill_empty(
    rows: SparseRows, weight: np.ndarray, cells: Cells, centers: SparseRows, unit: bool
) -> tuple[SparseRows, np.ndarray]:
    """Put centres without rows at the rows that lose most by their own centre.

    Returns
    -------
    centers : SparseRows
    filled : intp
        Which were moved; fewer than were empty where no row can be told apart from its centre.
    """
    empty = np.flatnonzero(np.bincount(cells.labels, minlength=len(centers)) == 0)
    loss = cells.loss(unit)
    farthest = np.argsort(-weight * loss, kind="stable") if len(empty) else empty
    farthest = farthest[loss[farthest] > _TELLABLE][: len(empty)]
    if not len(farthest):
        return centers, farthest
    filled = empty[: len(farthest)]
    length = rows.first[farthest + 1] - rows.first[farthest]
    moved = replace_centers(centers, filled, rows.first[farthest], length, rows.column, rows.value)
    return moved, filled


def lloyd(
    rows: SparseRows,
    weight: np.ndarray,
    centers: SparseRows,
    cut: int,
    *,
    unit: bool,
    max_iter: int,
    tol: float,
    progress: Progress,
) -> Result:
    """k-means of unit rows from `centers`: assign, average, repeat until nothing changes.

    Centres are directions if `unit` (spherical k-means), else means.

    Centres without rows move to the rows that lose most, one each; so no cell of the result is empty unless
    the similarities can't tell enough rows apart.
    """
    k = len(centers)
    cells = Cells.none(len(rows))
    assign(rows, centers, cut, unit, cells, np.ones(k, bool))
    before, n_iter, converged = np.full(len(rows), -1, np.int32), 0, False
    while n_iter < max_iter:
        changed, loss = _changed(before, cells.labels, k), float(weight @ cells.loss(unit))
        centers = move_centers(rows, weight, cells.labels, centers, changed, unit)
        centers, filled = fill_empty(rows, weight, cells, centers, unit)
        moved = np.zeros(k, bool)
        moved[changed] = moved[filled] = True
        if not moved.any():
            converged = True
            break
        n_iter += 1
        progress.start(f"Iteration {n_iter}")
        before = cells.labels.copy()
        assign(rows, centers, cut, unit, cells, moved)
        if not len(filled) and loss - float(weight @ cells.loss(unit)) <= tol * loss:
            converged = np.array_equal(before, cells.labels) or tol > 0
            if converged:
                break
    return _filled(rows, weight, centers, cut, unit, cells, n_iter, converged)


def _filled(
    rows: SparseRows,
    weight: np.ndarray,
    centers: SparseRows,
    cut: int,
    unit: bool,
    cells: Cells,
    n_iter: int,
    converged: bool,
) -> Result:
    """The result, after centres without rows have been moved for as long as there are any: the loss falls."""
    while True:
        centers, filled = fill_empty(rows, weight, cells, centers, unit)
        if not len(filled):
            return Result(centers, cells, n_iter, converged)
        moved = np.zeros(len(centers), bool)
        moved[filled] = True
        assign(rows, centers, cut, unit, cells, moved)


def through_means(
    rows: SparseRows,
    weight: np.ndarray,
    result: Result,
    cut: int,
    *,
    max_iter: int,
    tol: float,
    progress: Progress,
) -> Result:
    """`result`, or what comes of going on from it with means for centres and then with directions again.

    The one with the lower loss. Where one kind of centres has come to rest, the other often has not.
    """
    every, tol_means = np.arange(len(result.centers)), max(tol, _MEANS_TOL)
    means = move_centers(rows, weight, result.cells.labels, result.centers, every, False)
    way = lloyd(rows, weight, means, cut, unit=False, max_iter=max_iter, tol=tol_means, progress=progress)
    again = move_centers(rows, weight, way.cells.labels, way.centers, every, True)
    other = lloyd(rows, weight, again, cut, unit=True, max_iter=max_iter, tol=tol, progress=progress)
    if weight @ other.cells.loss(True) < weight @ result.cells.loss(True):
        return replace(other, n_iter=result.n_iter + way.n_iter + other.n_iter)
    return result


def _changed(before: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Cells that have rows and lost or won some."""
    differs = before != labels
    touched = np.zeros(k, bool)
    touched[labels[differs]] = True
    left = before[differs]
    touched[left[left >= 0]] = True
    return np.flatnonzero(touched & (np.bincount(labels, minlength=k) > 0))


def _matrix(rows: SparseRows) -> sparse.csr_matrix:
    return sparse.csr_matrix((rows.value, rows.column, rows.first), shape=(len(rows), rows.d))
