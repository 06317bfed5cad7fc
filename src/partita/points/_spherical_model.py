"""What spherical k-means has learnt, and how new rows find their cells. Called by SphericalKMeans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from partita._core.progress import Progress
from partita.points._sparse_input import Directions, SparseRows
from partita.points._spherical import (
    Cells,
    assign,
    lloyd,
    move_centers,
    rare_first,
    start_rows,
    through_means,
)


@dataclass
class Model:
    """Centres, and the columns they are made of.

    Attributes
    ----------
    centers : SparseRows
        By cell, in the new columns.
    place : int32[d]
        New number of each column, -1 where no row had any.
    columns : intp[used]
        Old number of each new column.
    cut : int
        The first frequent column.
    zero_cell : int
        Where rows go that have no value in any known column.
    """

    centers: SparseRows
    place: np.ndarray
    columns: np.ndarray
    cut: int
    zero_cell: int = 0

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return len(self.centers)

    def find(self, rows: SparseRows) -> Cells:
        """The cell of each unit row, and its similarity to the centre."""
        known = rows.take(np.arange(len(rows)), self.place, len(self.columns))
        cells = Cells.none(len(rows))
        assign(known, self.centers, self.cut, True, cells, np.ones(self.n_cells, bool))
        nothing = known.first[1:] == known.first[:-1]
        cells.labels[nothing], cells.similar[nothing] = self.zero_cell, 0.0
        return cells

    def matrix(self, centers: SparseRows, dtype: np.dtype) -> sparse.csr_matrix:
        """Centres in the columns of the data, of shape (len(centers), d)."""
        found = sparse.csr_matrix(
            (centers.value.astype(dtype), self.columns[centers.column], centers.first),
            shape=(len(centers), len(self.place)),
        )
        found.sort_indices()
        return found


@dataclass(frozen=True)
class Fitted:
    """A model and what it makes of the directions that it was learnt from.

    Attributes
    ----------
    model : Model
    labels : int32[u]
        The cell of each direction.
    inertia, mass : float64[n_cells]
        Sums of weight * (1 - cosine), and of weight.
    mean : SparseRows
        The mean direction of all rows, in the new columns.
    whole : float
        The inertia of all rows around it.
    n_iter, converged
    """

    model: Model
    labels: np.ndarray
    inertia: np.ndarray
    mass: np.ndarray
    mean: SparseRows
    whole: float
    n_iter: int
    converged: bool


def learn(found: Directions, k: int, *, max_iter: int, tol: float, progress: Progress) -> Fitted:
    """Divide directions into `k` cells, or as many as their cosines can tell apart."""
    learnt = np.flatnonzero((found.weight > 0) & ~found.is_zero)
    known, weight = found.rows.pick(found.head[learnt]), found.weight[learnt]
    place, columns, cut = rare_first(known, k)
    rows = known.take(np.arange(len(known)), place, len(columns))
    if not len(learnt):
        return _of_zeros(found, Model(rows.blank(1), place, columns, cut))
    start = rows.pick(start_rows(rows, weight, k, progress))
    result = lloyd(rows, weight, start, cut, unit=True, max_iter=max_iter, tol=tol, progress=progress)
    if result.converged:
        result = through_means(rows, weight, result, cut, max_iter=max_iter, tol=tol, progress=progress)
    used, own = np.unique(result.cells.labels, return_inverse=True)
    model = Model(result.centers.pick(used), place, columns, cut)
    cells = _all_cells(model, found, learnt, Cells(own.astype(np.int32), result.cells.similar))
    loss = found.weight * np.maximum(1.0 - cells.similar, 0.0)
    inertia = np.bincount(cells.labels, loss, model.n_cells)
    mean, spread = _around_mean(rows, weight, cut)
    zeros = float(found.weight[found.is_zero].sum())
    return Fitted(
        model,
        cells.labels,
        inertia,
        np.bincount(cells.labels, found.weight, model.n_cells),
        mean,
        max(float(inertia.sum()), zeros + spread),
        result.n_iter,
        result.converged,
    )


def _of_zeros(found: Directions, model: Model) -> Fitted:
    """One cell of rows of zeros (and of rows of weight 0)."""
    total = np.array([found.weight.sum()])
    labels = np.zeros(len(found.head), np.int32)
    return Fitted(model, labels, total, total, model.centers, float(total[0]), 0, True)


def _all_cells(model: Model, found: Directions, learnt: np.ndarray, own: Cells) -> Cells:
    """Cells of all directions. Those of weight 0 as ``find`` says; the zeros in the cell with most items."""
    cells = Cells.none(len(found.head))
    cells.labels[learnt], cells.similar[learnt] = own.labels, own.similar
    weightless = np.flatnonzero((found.weight == 0) & ~found.is_zero)
    placed = model.find(found.rows.pick(found.head[weightless]))
    cells.labels[weightless], cells.similar[weightless] = placed.labels, placed.similar
    labels = cells.labels[found.inverse]
    model.zero_cell = int(np.argmax(np.bincount(labels[labels >= 0], minlength=model.n_cells)))
    cells.labels[found.is_zero], cells.similar[found.is_zero] = model.zero_cell, 0.0
    return cells


def _around_mean(rows: SparseRows, weight: np.ndarray, cut: int) -> tuple[SparseRows, float]:
    """The mean direction of all rows, and the sum of weight * (1 - cosine) around it."""
    nowhere = np.zeros(len(rows), np.intp)
    mean = move_centers(rows, weight, nowhere, rows.blank(1), np.zeros(1, np.intp), True)
    cells = Cells.none(len(rows))
    assign(rows, mean, cut, True, cells, np.ones(1, bool))
    return mean, float(weight @ (1.0 - cells.similar))
