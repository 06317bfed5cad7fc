"""The obvious twins of the move engine: objectives by double sums, and the best of all partitions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def modularity(A: np.ndarray, labels: np.ndarray, resolution: float = 1.0) -> float:
    """Directed modularity of Leicht and Newman; on a symmetric matrix that of Newman and Girvan."""
    total = A.sum() or 1.0
    null = resolution * np.outer(A.sum(axis=1), A.sum(axis=0)) / total
    return float(((A - null) * together(labels)).sum() / total)


def cpm(A: np.ndarray, labels: np.ndarray, resolution: float) -> float:
    """Weight within, less the resolution times the pairs within."""
    sizes = np.bincount(labels)
    return float(0.5 * (A * together(labels)).sum() - resolution * (sizes * (sizes - 1) / 2).sum())


def bipartite(A: np.ndarray, labels: np.ndarray, side: np.ndarray, resolution: float = 1.0) -> float:
    """Barber's modularity of a symmetric matrix whose entries all lie between the sides."""
    edges, k = A.sum() / 2.0 or 1.0, A.sum(axis=1)
    across = np.not_equal.outer(side, side)
    null = resolution * np.outer(k, k) / edges
    return float(((A - null) * across * together(labels)).sum() / (2.0 * edges))


def signed(A: np.ndarray, labels: np.ndarray, resolution: float = 1.0) -> float:
    """Gómez, Jensen and Arenas: the two modularities, by their shares of all weight."""
    plus, minus = np.maximum(A, 0.0), np.maximum(-A, 0.0)
    parts = plus.sum() * modularity(plus, labels, resolution) - minus.sum() * modularity(
        minus, labels, resolution
    )
    return float(parts / ((plus.sum() + minus.sum()) or 1.0))


def multicut(A: np.ndarray, labels: np.ndarray) -> float:
    """The weight of the edges within."""
    return float(0.5 * (A * together(labels)).sum())


def together(labels: np.ndarray) -> np.ndarray:
    return np.equal.outer(labels, labels)


def partitions(n: int) -> Iterator[np.ndarray]:
    """All partitions of n items, as labels by first appearance."""
    labels = np.zeros(n, np.int64)

    def grow(i: int, used: int) -> Iterator[np.ndarray]:
        if i == n:
            yield labels.copy()
            return
        for c in range(used + 1):
            labels[i] = c
            yield from grow(i + 1, max(used, c + 1))

    yield from grow(0, 0)
