"""k-means with bounded sizes of cells: exact assignments and means in turn. For the makers of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks, thread_scope
from partita.kernels.lloyd import cells_mean, labels_group
from partita.transport._bounds import check_feasible, check_sizes
from partita.transport._costs import PointCosts, Reach, Rows
from partita.transport._exact import scaled_bounds, settle
from partita.transport.capacity import check_rows_and_centers

_CELLS = 64
_SHRINK = 2
_FEWEST = 1024
_FEWEST_OF_CELL = 16
_COARSE_TOL = 5e-3


@dataclass(frozen=True)
class BalancedCells:
    """Centres, and the cheapest assignment to them under the bounds.

    Attributes
    ----------
    centers : float64 (k, d)
    labels : int32[n]
    prices : float64[k]
        Each row is where its squared distance plus the price is least, but for ties: so new rows can be
        placed in the same way.
    cost : float
        Sum of squared distances to the centres.
    n_iter : int
        Iterations over all rows.
    converged : bool
        Whether an iteration lowered the cost by less than `tol` of it.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> cells = balance_cells(X, X[:3], 90, 110)
    >>> power = ((X[:, None] - cells.centers) ** 2).sum(axis=2) + cells.prices
    >>> bool(np.mean(power.argmin(axis=1) == cells.labels) > 0.98)
    True
    """

    centers: np.ndarray
    labels: np.ndarray
    prices: np.ndarray
    cost: float
    n_iter: int
    converged: bool


def balance_cells(
    X: np.ndarray,
    centers: np.ndarray,
    lower: Any,
    upper: Any,
    *,
    max_iter: int = 40,
    tol: float = 2e-4,
    unit: bool = False,
    progress: Progress | None = None,
) -> BalancedCells:
    """Move centres until the inertia under bounds on the sizes of cells settles.

    Parameters
    ----------
    X : float array of shape (n, d), finite
    centers : float array of shape (k, d), finite
        Where to begin.
    lower, upper : int, intp[k] or None
        Fewest and most rows of each cell.
    max_iter : int
        Most iterations over all rows; samples, which are quick, have as many each.
    tol : float
        The iterations end when one lowers the cost by less than this share of it.
    unit : bool
        Whether rows are seen with length 1, and centres get length 1 (cosine).
    progress : Progress, optional

    Returns
    -------
    BalancedCells

    Raises
    ------
    InvalidDataError
        For wrong shapes, NaN and infinity (with row and column).
    InvalidParameterError
        For bounds that are not integers.
    InfeasibleError
        For bounds that can't be met.

    Notes
    -----
    The last assignment is exact. Iterations run on a sample first, then on ever larger ones, then on all
    rows; each begins with the prices of the one before, so that few rows have to move. O(n k d) for an
    iteration plus O(k^2) for each row that moves; memory O(n d + k^2).

    The result doesn't depend on the order of rows, nor on the number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> cells = balance_cells(X, X[:3], 100, 100)
    >>> np.bincount(cells.labels).tolist()
    [100, 100, 100]
    """
    X, centers = check_rows_and_centers(X, centers)
    n, k = len(X), len(centers)
    low, high = check_sizes(lower, k, "min_size", 0), check_sizes(upper, k, "max_size", n)
    check_feasible(n, low, high)
    watcher = progress or Progress()
    with thread_scope():
        rows = Rows(X, centers, unit=unit)
        state = _State(rows.see(np.asarray(centers, np.float64)), np.zeros(k), None)
        for m in _sample_sizes(n, k):
            watcher.start(f"Balance {m} rows in {k} cells", max_iter)
            last = m == n
            bounds = scaled_bounds(low, high, n, m)
            n_iter, converged = _iterate(
                rows.take(slice(m)), *bounds, state, max_iter, tol if last else max(tol, _COARSE_TOL), watcher
            )
        costs = PointCosts(rows, state.centers)
        settled = settle(costs, low, high, state.prices, state.reach)
        cost = float(costs.own(settled.labels).sum())
    labels = np.empty(n, np.int32)
    labels[rows.order] = settled.labels
    scale = rows.scale**2
    return BalancedCells(
        rows.undo(state.centers), labels, settled.prices / scale, cost / scale, n_iter, converged
    )


@dataclass
class _State:
    """What one iteration leaves to the next."""

    centers: np.ndarray
    prices: np.ndarray
    reach: Reach | None


def _sample_sizes(n: int, k: int) -> list[int]:
    sizes = [n]
    while sizes[-1] // _SHRINK >= max(_FEWEST, _FEWEST_OF_CELL * k):
        sizes.append(sizes[-1] // _SHRINK)
    return sizes[::-1]


def _iterate(
    rows: Rows,
    lower: np.ndarray,
    upper: np.ndarray,
    state: _State,
    max_iter: int,
    tol: float,
    watcher: Progress,
) -> tuple[int, bool]:
    """Assign and move in turn. Returns the iterations, and whether `tol` was met."""
    before, n_iter = np.inf, 0
    while True:
        settled = settle(
            PointCosts(rows, state.centers, exact=False), lower, upper, state.prices, state.reach
        )
        state.prices, state.reach = settled.prices, settled.reach
        means, cost = _means(rows, settled.labels, state.centers)
        converged = settled.proved and before - cost <= tol * cost
        if converged or n_iter == max_iter:
            return n_iter, converged
        before, n_iter, state.centers = cost, n_iter + 1, means
        watcher.advance()


def _means(rows: Rows, labels: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, float]:
    """The centres of the cells, and the sum of squared distances to those before them."""
    k = len(centers)
    first, members = np.empty(k + 1, np.intp), np.empty(len(labels), np.intp)
    labels_group(labels.astype(np.intp), first, members)
    means, mass, weight = centers.copy(), np.empty(k), np.ones(len(labels))

    def block(start: int, stop: int) -> None:
        cells_mean(rows.points, weight, first, members, start, stop, means, mass)

    map_blocks(block, k, _CELLS)
    apart = (mass[:, None] * centers * (centers - 2.0 * means)).sum()
    if rows.unit:
        lengths = np.sqrt(np.einsum("ij,ij->i", means, means))
        means /= np.where(lengths > 0, lengths, 1.0)[:, None]
    return means, float((rows.norms**2).sum() + apart)
