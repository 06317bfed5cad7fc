"""First centres of k-means: cells within cells, each level from rows far from one another.

Called by the makers of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_tasks
from partita.kernels.seed import block_grow, seeds_choose, shares_deal
from partita.points._sample import Cells, Sample, assign_all, lloyd, mean_of

_SEED_ROWS = 32
_LEARN_ROWS = 256
_ITERATIONS = 4
_FANOUT = 32


def start_centers(sample: Sample, k: int) -> np.ndarray:
    """`k` rows far from one another, float64 (k, d): greedy k-means++ with a fixed sequence for the draws.

    The rows are in the order of their hashes, so that points of a golden-ratio sequence on the cumulated
    squared distances are as good as random draws. O(s k d log k).

    References
    ----------
    D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007,
    https://dl.acm.org/doi/10.5555/1283383.1283494
    """
    chosen = np.empty(k, np.intp)
    seeds_choose(sample.points, sample.weight, sample.squares, 2 + int(np.log(k)), chosen)
    return sample.points[chosen].astype(np.float64)


def split(sample: Sample, k: int) -> tuple[np.ndarray, Cells]:
    """`k` centres and the assignment of all rows, learnt on the first `_LEARN_ROWS` rows a centre."""
    centers = start_centers(sample.head(_SEED_ROWS * k), k)
    if len(sample) <= _LEARN_ROWS * k:
        return centers, lloyd(sample, centers, _ITERATIONS)
    lloyd(sample.head(_LEARN_ROWS * k), centers, _ITERATIONS)
    return centers, assign_all(sample, centers)


def share_leaves(shares: np.ndarray, most: np.ndarray, total: int) -> np.ndarray:
    """`total` leaves among cells in proportion to `shares`, from 1 to `most` for each (Sainte-Laguë)."""
    given = np.ones(len(shares), np.intp)
    shares_deal(np.maximum(shares, np.finfo(float).tiny), most, given, total)
    return given


@dataclass(frozen=True)
class _Share:
    """Rows that receive the centres from number `begin` on, `n_centers` of them."""

    rows: np.ndarray
    begin: int
    n_centers: int
    center: np.ndarray


def nested_start(sample: Sample, k: int, *, by_size: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """`k` centres, float64 (k, d), and the label of each row, intp[s].

    Rows are divided among few cells, which receive centres in proportion to their inertia (to their weight if
    `by_size`) and are divided again, until each has one. O(s k^(1/l) l d) for l levels.
    """
    centers, labels = np.empty((k, sample.points.shape[1])), np.empty(len(sample), np.intp)
    fanout = _fanout(k)
    whole = _Share(np.arange(len(sample)), 0, k, mean_of(sample.points, sample.weight))
    shares = _divide(sample, whole, fanout, by_size) if k > 1 else [whole]

    def grow(share: _Share) -> None:
        own = slice(share.begin, share.begin + share.n_centers)
        block_grow(
            sample.points, sample.weight, sample.squares, sample.unit, share.rows, share.n_centers, fanout,
            _SEED_ROWS, _LEARN_ROWS, _ITERATIONS, by_size, share.center, centers[own], labels,
        )  # fmt: skip
        labels[share.rows] += share.begin

    map_tasks(grow, shares)
    return centers, labels


def _fanout(k: int) -> int:
    """Cells that a cell is divided into, the same on all levels."""
    levels = 1
    while _FANOUT**levels < k:
        levels += 1
    return max(2, int(np.ceil(k ** (1.0 / levels))))


def _divide(sample: Sample, share: _Share, fanout: int, by_size: bool) -> list[_Share]:
    own = sample if len(share.rows) == len(sample) else sample.take(share.rows)
    centers, cells = split(own, min(fanout, share.n_centers))
    first, members = cells.groups(len(centers))
    kept = np.flatnonzero(np.diff(first))
    if len(kept) < 2:
        return _deal(share)
    weight = np.bincount(cells.labels, own.weight, len(centers))[kept]
    inertia = np.bincount(cells.labels, own.weight * cells.distances, len(centers))[kept]
    given = share_leaves(weight if by_size else inertia, np.diff(first)[kept], share.n_centers)
    begins = share.begin + np.concatenate([[0], np.cumsum(given)[:-1]])
    return [
        _Share(share.rows[members[first[c] : first[c + 1]]], int(begin), int(n), centers[c])
        for c, begin, n in zip(kept, begins, given)
    ]


def _deal(share: _Share) -> list[_Share]:
    """Rows too close for float32 to tell apart, one centre each in turn; exact distances settle them."""
    runs = np.array_split(share.rows, share.n_centers)
    return [_Share(rows, share.begin + i, 1, share.center) for i, rows in enumerate(runs)]
