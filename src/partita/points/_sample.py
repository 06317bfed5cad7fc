"""k-means on rows in memory: rows, cells, means. Called by the makers of points.

Rows stand in content order, cells are summed row after row in float64, and blocks don't depend on the number
of threads; so the same rows give the same centres, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.hierarchy.rows import hashes_of
from partita.kernels.lloyd import cells_mean, labels_group
from partita.kernels.near import scores_argmin

_ROWS = 512
_CELLS = 64


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

    def head(self, n: int) -> Sample:
        """The first `n` rows, not copied."""
        return Sample(self.points[:n], self.weight[:n], self.squares[:n], self.unit)


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
    fill_empty(sample, cells, centers, np.flatnonzero(mass == 0.0))
    if sample.unit:
        normalise(centers)


def fill_empty(sample: Sample, cells: Cells, centers: np.ndarray, empty: np.ndarray) -> None:
    """Give each of the `empty` cells the row that is farthest from its own (all in place)."""
    if not len(empty):
        return
    farthest = largest(sample.weight * cells.distances, len(empty))
    centers[empty[: len(farthest)]] = sample.points[farthest]
    cells.labels[farthest], cells.distances[farthest] = empty[: len(farthest)], 0.0


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` largest values, largest first; of equal ones the first."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, len(values) - count)[len(values) - count]
    places = np.flatnonzero(values >= least)
    return places[np.argsort(-values[places], kind="stable")][:count]


def order_by_place(points: np.ndarray) -> np.ndarray:
    """An order as good as random that a factor on all rows leaves as it is, intp[s].

    Rows are ranked along one direction, and stand in the order of the hashes of their ranks. Rows of equal
    rank stay as they are.
    """
    direction = np.cos(np.arange(1.0, points.shape[1] + 1.0))
    rank = np.empty(len(points))
    rank[np.argsort((points * direction).sum(axis=1), kind="stable")] = np.arange(len(points))
    return np.argsort(hashes_of(rank[:, None]), kind="stable")


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


def lloyd(sample: Sample, centers: np.ndarray, max_iter: int) -> Cells:
    """Move `centers` (in place) at most `max_iter` times; the assignment to the last of them."""
    cells = assign_all(sample, centers)
    for _ in range(max_iter):
        move_centers(sample, cells, centers)
        before, cells = cells, assign_all(sample, centers)
        if np.array_equal(before.labels, cells.labels):
            break
    return cells
