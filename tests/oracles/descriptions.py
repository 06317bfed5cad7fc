"""Descriptions of graphs by blocks, and linkage by density, term by term and slowly."""

from __future__ import annotations

from functools import cache
from math import comb, factorial, log

import numpy as np


@cache
def _partitions(m: int) -> tuple[tuple[int, ...], ...]:
    """Row n: partitions of 0 to m into at most n parts."""
    rows = [(1, *[0] * m)]
    for n in range(1, m + 1):
        row = list(rows[-1])
        for total in range(n, m + 1):
            row[total] += row[total - n]
        rows.append(tuple(row))
    return tuple(rows)


def partitions_within(m: int, n: int) -> int:
    """Partitions of m into at most n parts."""
    return _partitions(m)[min(m, n)][m]


def log_multisets(cells: int, count: int) -> float:
    return log(comb(cells + count - 1, count)) if cells else 0.0


def nats_of_labels(labels: np.ndarray) -> float:
    """Which item is in which part: the number of parts, their sizes, and the items."""
    n, sizes = len(labels), np.bincount(labels)
    total = log(n) + log(comb(n - 1, len(sizes) - 1)) + log(factorial(n))
    return total - sum(log(factorial(int(m))) for m in sizes)


def nats_of_graph(A: np.ndarray, labels: np.ndarray) -> float:
    """Edges, degrees, the partition and counts between blocks; A symmetric, of zeros and ones."""
    k = int(labels.max()) + 1
    own = np.eye(k, dtype=int)[labels]
    e = own.T @ A.astype(int) @ own
    total = 0.0
    for r in range(k):
        total += log(factorial(int(e[r].sum())))
        within = int(e[r, r]) // 2
        total -= log(factorial(within)) + within * log(2)
        total -= sum(log(factorial(int(e[r, s]))) for s in range(r + 1, k))
    total -= sum(log(factorial(int(d))) for d in A.sum(axis=1))
    sizes = own.sum(axis=0)
    total += sum(log_multisets(int(m), int(d)) for m, d in zip(sizes, e.sum(axis=1)))
    total += nats_of_labels(labels)
    return total + log_multisets(k * (k + 1) // 2, int(A.sum()) // 2)


def nats_of_table(B: np.ndarray, rows: np.ndarray, columns: np.ndarray, *, general: bool = False) -> float:
    """The description of Yen and Larremore; B of whole numbers."""
    B = B.astype(int)
    ka, kb = int(rows.max()) + 1, int(columns.max()) + 1
    e = np.eye(ka, dtype=int)[rows].T @ B @ np.eye(kb, dtype=int)[columns]
    total = -sum(log(factorial(int(x))) for x in e.ravel()) + sum(log(factorial(int(x))) for x in B.ravel())
    for labels, degrees, ends in (
        (rows, B.sum(axis=1), e.sum(axis=1)),
        (columns, B.sum(axis=0), e.sum(axis=0)),
    ):
        n, k = len(labels), int(labels.max()) + 1
        sizes = np.bincount(labels)
        total += sum(log(factorial(int(x))) for x in ends) - sum(log(factorial(int(d))) for d in degrees)
        total += (
            log(comb(n - 1, k - 1)) + log(factorial(n)) - sum(log(factorial(int(m))) for m in sizes) + log(n)
        )
        for r in range(k):
            total += log(partitions_within(int(ends[r]), int(sizes[r]))) + log(factorial(int(sizes[r])))
            counted = np.unique(degrees[labels == r], return_counts=True)[1]
            total -= sum(log(factorial(int(c))) for c in counted)
    cells = (ka + kb) * (ka + kb + 1) // 2 if general else ka * kb
    return total + log_multisets(cells, int(B.sum()))


def densest_merges(W: np.ndarray, size: np.ndarray) -> list[float]:
    """Densities of greedy merges of the densest pair, while there are any; W symmetric, size of each part."""
    parts = [[i] for i in range(len(W))]
    densities = []
    while True:
        best = (0.0, 0, 0)
        for i in range(len(parts)):
            for j in range(i + 1, len(parts)):
                w = W[np.ix_(parts[i], parts[j])].sum()
                best = max(best, (w / (size[parts[i]].sum() * size[parts[j]].sum()), i, j))
        if best[0] == 0.0:
            return densities
        densities.append(best[0])
        parts[best[1]] += parts.pop(best[2])
