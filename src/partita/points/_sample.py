"""k-means on rows in memory: start, means, refinement among near cells. Called by HierarchicalKMeans.

Rows stand in content order, cells are summed row after row in float64, and blocks don't depend on the number
of threads; so the same rows give the same centres, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.assign import scores_argmin
from partita.kernels.lloyd import cells_mean, labels_group

_ROWS = 512
_CELLS = 64
_GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True)
class Sample:
    """Rows to learn from.

    Attributes
    ----------
    points : float32 (s, d)
    weight : float64[s]
    squares : float32[s]
        Squared lengths.
    unit : bool
        Whether centres have length 1 (cosine).
    """

    points: np.ndarray
    weight: np.ndarray
    squares: np.ndarray
    unit: bool = False

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: np.ndarray) -> Sample:
        """Some of the rows, copied."""
        return Sample(self.points[rows], self.weight[rows], self.squares[rows], self.unit)


@dataclass(frozen=True)
class Cells:
    """An assignment of the rows of a sample: labels intp[s], squared distances float64[s]."""

    labels: np.ndarray
    distances: np.ndarray

    def groups(self, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of each cell as runs: ``members[first[c]:first[c + 1]]``."""
        first, members = np.empty(n_cells + 1, np.intp), np.empty(len(self.labels), np.intp)
        labels_group(self.labels, first, members)
        return first, members


def half_squares(centers: np.ndarray) -> np.ndarray:
    """Half the squared lengths of centres, float32[k]."""
    return (0.5 * np.einsum("ij,ij->i", centers, centers)).astype(np.float32)


def assign_all(sample: Sample, centers: np.ndarray) -> Cells:
    """The nearest of all centres (float64 (k, d)) for each row. O(s k d)."""
    columns = np.ascontiguousarray(centers.T, dtype=np.float32)
    half = half_squares(centers)
    cells = Cells(np.empty(len(sample), np.intp), np.empty(len(sample)))

    def block(start: int, stop: int) -> None:
        products = sample.points[start:stop] @ columns
        part = slice(start, stop)
        scores_argmin(products, half, sample.squares[part], cells.labels[part], cells.distances[part])

    map_blocks(block, len(sample), _ROWS)
    return cells


def assign_near(sample: Sample, centers: np.ndarray, cells: Cells, n_near: int) -> Cells:
    """For each row the nearest among the `n_near` centres around its present one. O(s n_near d + k^2 d)."""
    near = near_centers(centers, n_near)
    rows32, half = centers.astype(np.float32), half_squares(centers)
    first, members = cells.groups(len(centers))
    found = Cells(np.empty_like(cells.labels), np.empty_like(cells.distances))

    def block(start: int, stop: int) -> None:
        for cell in range(start, stop):
            rows = members[first[cell] : first[cell + 1]]
            labels, distances = np.empty(len(rows), np.intp), np.empty(len(rows))
            products = sample.points[rows] @ rows32[near[cell]].T
            scores_argmin(products, half[near[cell]], sample.squares[rows], labels, distances)
            found.labels[rows], found.distances[rows] = near[cell][labels], distances

    map_blocks(block, len(centers), _CELLS)
    return found


def near_centers(centers: np.ndarray, n_near: int) -> np.ndarray:
    """The `n_near` nearest centres of each centre, itself among them, ascending, intp (k, n_near)."""
    k = len(centers)
    if n_near >= k:
        return np.tile(np.arange(k), (k, 1))
    rows32, half = centers.astype(np.float32), half_squares(centers)
    near = np.empty((k, n_near), np.intp)

    def block(start: int, stop: int) -> None:
        scores = half - rows32[start:stop] @ rows32.T
        scores[np.arange(stop - start), np.arange(start, stop)] = -np.inf
        near[start:stop] = np.sort(np.argpartition(scores, n_near - 1, axis=1)[:, :n_near], axis=1)

    map_blocks(block, k, _ROWS)
    return near


def move_centers(sample: Sample, cells: Cells, centers: np.ndarray) -> None:
    """Put each centre at the weighted mean of its rows; an empty cell takes the row farthest from its own."""
    first, members = cells.groups(len(centers))
    mass = np.empty(len(centers))
    map_blocks(
        lambda start, stop: cells_mean(
            sample.points, sample.weight, first, members, start, stop, centers, mass
        ),
        len(centers),
        _CELLS,
    )
    empty = np.flatnonzero(mass == 0.0)
    if len(empty):
        farthest = np.argsort(-sample.weight * cells.distances, kind="stable")[: len(empty)]
        centers[empty[: len(farthest)]] = sample.points[farthest]
    if sample.unit:
        normalise(centers)


def mean_of(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weighted mean of rows in float64, float64[d]."""
    centers, mass = np.zeros((1, points.shape[1])), np.empty(1)
    cells_mean(points, weight, np.array([0, len(points)]), np.arange(len(points)), 0, 1, centers, mass)
    return centers[0]


def normalise(centers: np.ndarray) -> None:
    """Centres to length 1 in place; a centre at the origin stays there."""
    lengths = np.sqrt(np.einsum("ij,ij->i", centers, centers))
    lengths[lengths == 0.0] = 1.0
    centers /= lengths[:, None]


def start_centers(sample: Sample, k: int) -> np.ndarray:
    """`k` rows far from one another: greedy k-means++ with a fixed sequence in the place of random numbers.

    The rows are in the order of their hashes, so that points of a golden-ratio sequence on the cumulated
    squared distances are as good as random draws. O(s k d log k).

    References
    ----------
    D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007,
    https://dl.acm.org/doi/10.5555/1283383.1283494
    """
    points, weight, squares = sample.points, sample.weight, sample.squares
    trials = 2 + int(np.log(k))
    chosen = np.empty(k, np.intp)
    chosen[0] = _draw(np.cumsum(weight), np.array([0.5]))[0]
    lowest = _squared(points, squares, chosen[:1])[0]
    for c in range(1, k):
        turns = (np.arange(c * trials, (c + 1) * trials) * _GOLDEN_RATIO) % 1.0
        drawn = _draw(np.cumsum(weight * lowest), turns)
        lowered = np.minimum(_squared(points, squares, drawn), lowest)
        best = int(np.argmin(lowered @ weight))
        chosen[c], lowest = drawn[best], lowered[best]
    return points[chosen].astype(np.float64)


def lloyd(sample: Sample, centers: np.ndarray, max_iter: int) -> Cells:
    """Move `centers` (in place) at most `max_iter` times; the assignment to the last of them."""
    cells = assign_all(sample, centers)
    for _ in range(max_iter):
        move_centers(sample, cells, centers)
        before, cells = cells, assign_all(sample, centers)
        if np.array_equal(before.labels, cells.labels):
            break
    return cells


def refine(
    sample: Sample, centers: np.ndarray, cells: Cells, *, max_iter: int, tol: float, n_near: int
) -> tuple[Cells, int, bool]:
    """Lloyd's iterations on `centers` (in place) in which rows re-check only the cells near their own.

    Parameters
    ----------
    cells : Cells
        Where the rows are at first.

    Returns
    -------
    cells : Cells
        The nearest centre for each row, as far as it was looked for.
    n_iter : int
    converged : bool
        Whether an iteration lowered the inertia by less than `tol` of it.
    """
    cells = assign_near(sample, centers, cells, n_near)
    inertia = float(sample.weight @ cells.distances)
    converged, n_iter = False, 0
    while n_iter < max_iter and not converged:
        n_iter += 1
        move_centers(sample, cells, centers)
        cells = assign_near(sample, centers, cells, n_near)
        before, inertia = inertia, float(sample.weight @ cells.distances)
        converged = before - inertia <= tol * before
    return cells, n_iter, converged


def _draw(cumulated: np.ndarray, turns: np.ndarray) -> np.ndarray:
    positions = np.searchsorted(cumulated, turns * cumulated[-1], side="right")
    return np.minimum(positions, len(cumulated) - 1)


def _squared(points: np.ndarray, squares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    products = points[rows] @ points.T
    return np.maximum(squares[rows][:, None] + squares - 2.0 * products, 0.0).astype(np.float64)
