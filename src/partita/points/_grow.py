"""A tree of cells over a sample, from the top: cells divided by k-means. Called by HierarchicalKMeans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_tasks
from partita.points._sample import Cells, Sample, assign_all, lloyd, mean_of, start_centers

_START_ROWS = 64
_LEARN_ROWS = 256
_ITERATIONS = 5


@dataclass(frozen=True)
class CellTree:
    """Cells by number, parents before children.

    Attributes
    ----------
    parent : intp[m]
        -1 for the root, number 0.
    leaves : intp[k]
        The cells without children, in the order of the centres.
    centers : float64 (k, d)
        Of the leaves.
    labels : intp[s]
        The leaf of each row of the sample, by its place in `leaves`.
    """

    parent: np.ndarray
    leaves: np.ndarray
    centers: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class _Cell:
    number: int
    depth: int
    rows: np.ndarray
    n_leaves: int
    center: np.ndarray


def grow_cells(sample: Sample, n_leaves: int, branching: int | None, *, by_size: bool) -> CellTree:
    """Divide the rows of a sample into `n_leaves` cells, nested.

    A cell is divided into `branching` cells (None: the square root of the leaves below the root, then all at
    once). They receive leaves in proportion to their inertia, or to their weight if `by_size`.
    """
    center = mean_of(sample.points, sample.weight)
    frontier = [_Cell(0, 0, np.arange(len(sample)), n_leaves, center)]
    parent, leaves = [-1], []
    while frontier:
        leaves += [cell for cell in frontier if cell.n_leaves == 1]
        divisible = [cell for cell in frontier if cell.n_leaves > 1]
        divided = map_tasks(lambda cell: _divide(sample, cell, branching, by_size), divisible)
        frontier = []
        for cell, parts in zip(divisible, divided):
            for rows, share, center in parts:
                frontier.append(_Cell(len(parent), cell.depth + 1, rows, share, center))
                parent.append(cell.number)
    leaves.sort(key=lambda cell: cell.number)
    labels = np.empty(len(sample), np.intp)
    for leaf, cell in enumerate(leaves):
        labels[cell.rows] = leaf
    numbers = np.array([cell.number for cell in leaves], np.intp)
    return CellTree(np.array(parent, np.intp), numbers, np.array([cell.center for cell in leaves]), labels)


def share_leaves(shares: np.ndarray, most: np.ndarray, total: int) -> np.ndarray:
    """`total` leaves among cells in proportion to `shares`, from 1 to `most` for each (Sainte-Laguë)."""
    given = np.ones(len(shares), np.intp)
    shares = np.maximum(shares, np.finfo(float).tiny)
    for _ in range(total - len(shares)):
        given[np.argmax(np.where(given < most, shares / (given + 0.5), -1.0))] += 1
    return given


def _divide(
    sample: Sample, cell: _Cell, branching: int | None, by_size: bool
) -> list[tuple[np.ndarray, int, np.ndarray]]:
    own = sample if len(cell.rows) == len(sample) else sample.take(cell.rows)
    centers, cells = _split(own, _fanout(cell, branching))
    first, members = cells.groups(len(centers))
    kept = np.flatnonzero(np.diff(first))
    if len(kept) < 2:
        return _deal(cell)
    weight = np.bincount(cells.labels, own.weight, len(centers))[kept]
    inertia = np.bincount(cells.labels, own.weight * cells.distances, len(centers))[kept]
    given = share_leaves(weight if by_size else inertia, np.diff(first)[kept], cell.n_leaves)
    return [
        (cell.rows[members[first[c] : first[c + 1]]], int(share), centers[c]) for c, share in zip(kept, given)
    ]


def _fanout(cell: _Cell, branching: int | None) -> int:
    if branching is not None:
        return min(branching, cell.n_leaves)
    return int(np.ceil(np.sqrt(cell.n_leaves))) if cell.depth == 0 else cell.n_leaves


def _split(sample: Sample, k: int) -> tuple[np.ndarray, Cells]:
    """`k` centres and the assignment of all rows, learnt on the first `_LEARN_ROWS` rows a centre."""
    centers = start_centers(sample.take(np.arange(min(len(sample), _START_ROWS * k))), k)
    if len(sample) <= _LEARN_ROWS * k:
        return centers, lloyd(sample, centers, _ITERATIONS)
    lloyd(sample.take(np.arange(_LEARN_ROWS * k)), centers, _ITERATIONS)
    return centers, assign_all(sample, centers)


def _deal(cell: _Cell) -> list[tuple[np.ndarray, int, np.ndarray]]:
    """Rows too close for float32 to tell apart, one leaf each in turn; exact distances settle them later."""
    runs = np.array_split(cell.rows, cell.n_leaves)
    return [(rows, 1, cell.center) for rows in runs]
