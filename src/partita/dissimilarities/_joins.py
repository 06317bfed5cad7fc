"""Joins of items at growing scales, from cliques or a spanning tree. For ``ExcisiveClustering``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from partita._core.errors import InfeasibleError
from partita._core.memory import check_memory
from partita.hierarchy.rows import CanonicalRows, unit_rows
from partita.kernels.cliques import band_count, band_fill, cliques_join, large_sets
from partita.kernels.joins import rows_joins
from partita.kernels.merging import merges_tree
from partita.kernels.spanning import matrix_tree

_SHARES = (1 / 64, 1 / 16, 1 / 4, 1.0)
_SAMPLE = 100_000
_LEAST_RATIO = 1.25


class Tree(NamedTuple):
    """Parts in any order, and which of them are the blocks at a scale."""

    item_part: np.ndarray
    parent: np.ndarray
    height: np.ndarray
    blocks: np.ndarray


@dataclass(frozen=True)
class Joins:
    """A forest over n items whose edges, shortest first, join the blocks of every scale.

    Attributes
    ----------
    a, b : int32[e]
    length : float64[e]
        Ascending.
    n : int
        Items.
    """

    a: np.ndarray
    b: np.ndarray
    length: np.ndarray
    n: int

    def tree(self, height: float) -> Tree:
        """Every join as a part, equal lengths as one; blocks at `height`, single items as parts too."""
        parent, heights, item_part = merges_tree(self.a, self.b, self.length, self.n)
        tops = np.flatnonzero(parent < 0)
        if len(tops) != 1 or (item_part < 0).any():
            # Several trees, or single items for good: one more part, of height inf, holds them.
            parent = np.append(np.where(parent < 0, len(parent), parent), -1)
            heights = np.append(heights, np.inf if self.n > 1 else 0.0)
            item_part = np.where(item_part < 0, len(parent) - 1, item_part)
        above = np.where(parent >= 0, heights[parent], np.inf)
        blocks = np.flatnonzero((heights <= height) & ((above > height) | (parent < 0)))
        single = np.flatnonzero(heights[item_part] > height)
        parts = len(parent) + np.arange(len(single))
        parent, heights = np.append(parent, item_part[single]), np.append(heights, np.zeros(len(single)))
        item_part = item_part.copy()
        item_part[single] = parts
        return Tree(item_part, parent, heights, np.append(blocks, parts))

    def scale_for(self, n_clusters: int) -> float:
        """The least scale with `n_clusters` blocks.

        Raises
        ------
        InfeasibleError
            Where ties, or a lack of cliques, leave no such scale.
        """
        wanted = self.n - n_clusters
        if wanted == 0:
            return self._below_first()
        counts = self.n - 1 - self._last_of_ties()
        if wanted > 0 and n_clusters in counts:
            return float(self.length[wanted - 1])
        possible = np.append(counts, self.n)
        below, above = possible[possible < n_clusters], possible[possible > n_clusters]
        ways = ([int(below.max())] if len(below) else []) + ([int(above.min())] if len(above) else [])
        raise InfeasibleError(
            f"No scale has {n_clusters} blocks: joins of equal scale are made at once.",
            " or ".join(f"n_clusters={way}" for way in ways),
            name="n_clusters",
            got=n_clusters,
        )

    def _last_of_ties(self) -> np.ndarray:
        """The last edge of each length."""
        return (
            np.flatnonzero(np.append(self.length[1:] != self.length[:-1], True))
            if len(self.length)
            else (np.empty(0, np.intp))
        )

    def _below_first(self) -> float:
        if len(self.length) and self.length[0] == 0.0:
            raise InfeasibleError(
                f"{self.n} blocks are wanted, and equal items lie in one block at any scale.",
                f"n_clusters={self.n - int(np.count_nonzero(self.length == 0.0))}",
                name="n_clusters",
                got=self.n,
            )
        return 0.0

    def longest_scale(self, m: int) -> tuple[float, str]:
        """The end of the longest time over which the number of large blocks stays, and a sentence on it."""
        least = max(m, int(np.ceil(np.sqrt(self.n))))
        if not len(self.length):
            return 0.0, "0: no items are joined at any scale"
        last = self._last_of_ties()
        count = large_sets(self.a, self.b, self.n, least)[last]
        runs = np.flatnonzero(np.append(True, count[1:] != count[:-1]))
        best, at = _LEAST_RATIO, -1
        for run, start in enumerate(runs[:-1]):
            born, gone = self.length[last[start]], self.length[last[runs[run + 1]]]
            ratio = gone / born if born > 0.0 else np.inf
            if count[start] >= 2 and ratio > best:
                best, at = ratio, run
        large = f"blocks of {least} or more items"
        if at < 0:
            top = float(self.length[-1])
            return top, f"{top:g}: no number of {large} lasts over a ratio of {_LEAST_RATIO}"
        height = float(self.length[last[runs[at + 1] - 1]])
        return height, f"{height:g}: {count[runs[at]]} {large} last over a ratio of {best:.3g}"


def joins_of_square(D: np.ndarray, m: int) -> Joins:
    """Joins by cliques of `m` items; `D` symmetric, float (n, n)."""
    n = len(D)
    if m == 2:
        a, b, length = matrix_tree(D, np.zeros(n))
        kept = np.isfinite(length)
        return Joins(a[kept], b[kept], length[kept], n)
    words = (n + 63) // 64
    check_memory(
        16 * n * words + 16 * n * n,
        what=f"Finding cliques among {n:,} items",
        alternative="take a sample of the items, m=2, or set PARTITA_MEMORY",
    )
    adjacent, inside = np.zeros((n, words), np.uint64), np.zeros((n, words), np.uint64)
    inside[np.arange(n), np.arange(n) // 64] = np.left_shift(
        np.uint64(1), np.arange(n, dtype=np.uint64) % np.uint64(64)
    )
    above = np.arange(n)
    a, b, length = np.empty(n - 1, np.int32), np.empty(n - 1, np.int32), np.empty(n - 1)
    made, low = 0, -1.0
    for high in _bands(D):
        edges = _pairs(D, low, high)
        made = cliques_join(*edges, m, adjacent, inside, above, a, b, length, made)
        if made == n - 1:
            break
        low = high
    return Joins(a[:made], b[:made], length[:made], n)


def _bands(D: np.ndarray) -> list[float]:
    """Ends of bands of pairs by length: where to stop early. They have no say in the result."""
    n = len(D)
    step = max(1, n * n // _SAMPLE)
    values = D.ravel()[::step]
    values = np.sort(values[np.isfinite(values)])
    ends = {float(values[min(len(values) - 1, int(share * len(values)))]) for share in _SHARES[:-1]}
    return sorted(ends | {float(np.max(D, where=np.isfinite(D), initial=0.0))})


def _pairs(D: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of a band, shortest first."""
    count = band_count(D, low, high)
    first, second, apart = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count)
    band_fill(D, low, high, first, second, apart)
    order = np.argsort(apart, kind="stable")
    return first[order], second[order], apart[order]


def joins_of_rows(rows: CanonicalRows, metric: str) -> Joins:
    """Joins of single linkage in O(n) memory; equal rows are joined at 0."""
    X = unit_rows(rows.points) if metric == "cosine" else rows.points
    scale = _power_of_two(X)
    a, b, length = rows_joins(np.ascontiguousarray(np.multiply(X, scale, dtype=np.float64).T))
    with np.errstate(over="ignore"):
        length = np.minimum(_as_metric(length / scale, metric), np.finfo(np.float64).max)
    again = np.flatnonzero(rows.first[rows.inverse] != np.arange(len(rows.inverse)))
    ends = [np.append(rows.first[rows.inverse[again]], rows.first[a]), np.append(again, rows.first[b])]
    lengths = np.append(np.zeros(len(again)), length)
    return Joins(ends[0].astype(np.int32), ends[1].astype(np.int32), lengths, len(rows.inverse))


def _as_metric(length: np.ndarray, metric: str) -> np.ndarray:
    if metric == "euclidean":
        return length
    return length * length * (0.5 if metric == "cosine" else 1.0)


def _power_of_two(X: np.ndarray) -> float:
    """What brings the largest value near 1, exactly, so that no square over- or underflows."""
    largest = float(np.abs(X).max())
    return float(2.0 ** np.clip(-np.frexp(largest)[1], -1000, 1000)) if largest > 0.0 else 1.0
