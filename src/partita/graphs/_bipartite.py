"""The description of a bipartite graph by its blocks, and a search for short ones. Called by BipartiteSBM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, spence

from partita.graphs._description import log_choose, log_multisets
from partita.kernels.bipartite import (
    Side,
    Tables,
    log_partitions,
    partitions_table,
    side_best_merge,
    side_count,
    side_improve,
)
from partita.kernels.csr import compact

_SMALL = 400
_SHAPE = (-12.0, 12.0, 6001)
_SWEEPS, _LAST_SWEEPS = 2, 50


def make_tables(largest: int) -> Tables:
    """Tables for up to `largest` edges or nodes."""
    partitions = np.empty((_SMALL, _SMALL))
    partitions_table(partitions)
    low, high, count = _SHAPE
    grid = np.linspace(low, high, count)
    return Tables(
        gammaln(np.arange(largest + 2.0) + 1.0), partitions, _shape(np.exp(grid)), low, grid[1] - low
    )


def _shape(u: np.ndarray) -> np.ndarray:
    """The solution v of ``v = u sqrt(Li2(1 - exp(-v)))`` by bisection."""
    low, high = np.zeros_like(u), u * np.pi / np.sqrt(6.0) + 1.0
    for _ in range(200):
        v = 0.5 * (low + high)
        above = v > u * np.sqrt(spence(np.exp(-v)))
        low, high = np.where(above, low, v), np.where(above, v, high)
    return 0.5 * (low + high)


@dataclass
class Blocks:
    """A division of both sides into blocks, with the counts that belong to it.

    Attributes
    ----------
    sides : tuple of two Side
        Rows and columns.
    tables : Tables
    general : bool
        Whether counts between blocks are described as if blocks of one side could be joined.
    """

    sides: tuple[Side, Side]
    tables: Tables
    general: bool = False

    @classmethod
    def of_matrix(cls, matrix: Any, labels: tuple[np.ndarray, np.ndarray], general: bool = False) -> Blocks:
        """From a CSR biadjacency matrix of whole numbers, and labels of rows and of columns."""
        other = matrix.T.tocsr()
        other.sort_indices()
        largest = int(matrix.data.sum()) + max(matrix.shape)
        tables = make_tables(largest)
        counts = [int(own.max(initial=-1)) + 1 for own in labels]
        sides = (
            _side(matrix, labels[0], counts[0], counts[1]),
            _side(other, labels[1], counts[1], counts[0]),
        )
        blocks = cls(sides, tables, general)
        blocks.recount()
        return blocks

    def recount(self) -> None:
        """Count edges, nodes and degrees of blocks anew."""
        rows, columns = self.sides
        side_count(rows, columns.labels)
        side_count(columns, rows.labels)

    def with_labels(self, labels: tuple[np.ndarray, np.ndarray]) -> Blocks:
        """Other blocks of the same graph."""
        counts = [int(own.max(initial=-1)) + 1 for own in labels]
        sides = tuple(
            _resized(side, own, counts[i], counts[1 - i])
            for i, (side, own) in enumerate(zip(self.sides, labels))
        )
        blocks = Blocks((sides[0], sides[1]), self.tables, self.general)
        blocks.recount()
        return blocks

    @property
    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels of rows and columns (copies)."""
        return self.sides[0].labels.copy(), self.sides[1].labels.copy()

    @property
    def counts(self) -> tuple[int, int]:
        """Blocks of rows and of columns."""
        return len(self.sides[0].size), len(self.sides[1].size)

    def improve(self, sweeps: int) -> None:
        """Move nodes of both sides in turn until the description gets no shorter."""
        for _ in range(sweeps):
            gained = 0.0
            for i in (0, 1):
                own, other = self.sides[i], self.sides[1 - i]
                gained += side_improve(own, other.labels, self.tables, 1)
                other.between[:] = own.between.T
            if gained == 0.0:
                break

    def best_merge(self) -> tuple[int, int, int] | None:
        """The side and the two blocks whose merge leaves the shortest description; None if there are none."""
        found: list[tuple[float, int, int, int]] = []
        for i in (0, 1):
            if self.counts[i] > 1:
                r, s, change = side_best_merge(self.sides[i], self.tables)
                fewer = list(self.counts)
                fewer[i] -= 1
                found.append((float(change) + self._count_nats(*fewer), i, int(r), int(s)))
        return min(found)[1:] if found else None

    def merged(self, side: int, r: int, s: int) -> Blocks:
        """The blocks with r and s of a side as one."""
        labels = list(self.labels)
        labels[side][labels[side] == s] = r
        labels[side][labels[side] > s] -= 1
        return self.with_labels((labels[0], labels[1]))

    def nats(self) -> float:
        """The length of the description."""
        rows, columns = self.sides
        log_f = self.tables.factorial
        total = log_f[rows.ends].sum() + log_f[columns.ends].sum() - log_f[rows.between].sum()
        total += log_f[rows.counts].sum()
        for side in self.sides:
            degree = np.bincount(
                np.repeat(np.arange(len(side.labels)), np.diff(side.indptr)), side.counts, len(side.labels)
            )
            total -= log_f[degree.astype(np.int64)].sum()
            total += log_f[len(side.labels)] - log_f[side.size].sum()
            total += log_f[side.size].sum() - log_f[side.histogram].sum()
            total += sum(log_partitions(int(e), int(n), self.tables) for e, n in zip(side.ends, side.size))
        return float(total) + self._count_nats(*self.counts)

    def _count_nats(self, k_rows: int, k_columns: int) -> float:
        """Nats that depend on the numbers of blocks alone."""
        k = k_rows + k_columns
        cells = k * (k + 1) / 2 if self.general else k_rows * k_columns
        edges = float(self.sides[0].ends.sum())
        total = float(log_multisets(cells, edges))
        for count, side in zip((k_rows, k_columns), self.sides):
            n = len(side.labels)
            if n:
                total += float(log_choose(n - 1.0, count - 1.0)) + float(np.log(n))
        return total


def _side(matrix: Any, labels: np.ndarray, k: int, k_other: int) -> Side:
    counts = matrix.data.astype(np.int64)
    degree = np.bincount(np.repeat(np.arange(len(labels)), np.diff(matrix.indptr)), counts, len(labels))
    classes, class_of = np.unique(degree, return_inverse=True)
    return Side(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        counts,
        np.ascontiguousarray(labels, np.int32).copy(),
        np.zeros((k, k_other), np.int64),
        np.zeros(k, np.int64),
        np.zeros(k, np.int64),
        class_of.astype(np.int32),
        np.zeros((k, len(classes)), np.int64),
    )


def _resized(side: Side, labels: np.ndarray, k: int, k_other: int) -> Side:
    return side._replace(
        labels=np.ascontiguousarray(labels, np.int32).copy(),
        between=np.zeros((k, k_other), np.int64),
        ends=np.zeros(k, np.int64),
        size=np.zeros(k, np.int64),
        histogram=np.zeros((k, side.histogram.shape[1]), np.int64),
    )


@dataclass(frozen=True)
class Found:
    """The shortest description on a way of merges.

    Attributes
    ----------
    blocks : Blocks
    nats : float
    """

    blocks: Blocks
    nats: float


def descend(blocks: Blocks, wanted: tuple[int, int] | None) -> Found:
    """Merge block by block, moving nodes after each merge; the shortest description met, or that of the
    numbers of blocks `wanted`."""
    blocks = blocks.with_labels(blocks.labels)
    blocks.improve(_SWEEPS)
    floor = wanted or (1, 1)
    best: Found | None = None
    while True:
        nats = blocks.nats()
        if wanted in (None, blocks.counts) and (best is None or nats < best.nats):
            best = Found(blocks.with_labels(blocks.labels), nats)
        step = _step(blocks, floor)
        if step is None:
            break
        blocks = blocks.merged(*step)
        blocks.improve(_SWEEPS)
    assert best is not None
    best.blocks.improve(_LAST_SWEEPS)
    return Found(best.blocks, best.blocks.nats())


def _step(blocks: Blocks, floor: tuple[int, int]) -> tuple[int, int, int] | None:
    open_sides = [i for i in (0, 1) if blocks.counts[i] > floor[i]]
    if not open_sides:
        return None
    if len(open_sides) == 2:
        return blocks.best_merge()
    side = open_sides[0]
    r, s, _ = side_best_merge(blocks.sides[side], blocks.tables)
    return side, int(r), int(s)


def spectral_start(matrix: Any, k: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rows and columns: k-means of the singular vectors of the scaled matrix, k in all."""
    from partita.points.kmeans import KMeans

    left, right = _singular_vectors(matrix, int(min(max(k) + 1, min(matrix.shape))))
    out = []
    for vectors, count in zip((left, right), k):
        rows = np.unique(vectors, axis=0)
        labels = KMeans(n_clusters=min(count, len(rows))).fit(vectors).labels_
        out.append(compact(labels, int(labels.max()) + 1)[0])
    return out[0], out[1]


def _singular_vectors(matrix: Any, rank: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import svds

    degrees = [np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel() for axis in (1, 0)]
    scale = [1.0 / np.sqrt(d + d.mean()) for d in degrees]
    scaled = diags_array(scale[0]) @ matrix.astype(np.float64) @ diags_array(scale[1])
    if rank >= min(matrix.shape) - 1 or max(matrix.shape) <= 300:
        left, values, right = np.linalg.svd(scaled.toarray(), full_matrices=False)
        left, values, right = left[:, :rank], values[:rank], right[:rank]
    else:
        left, values, right = svds(scaled, k=rank, v0=np.ones(min(matrix.shape)), tol=1e-6)
    at = np.abs(left).argmax(axis=0)
    sign = np.where(left[at, np.arange(left.shape[1])] < 0.0, -1.0, 1.0)
    return left * sign * values, right.T * sign * values
