"""Slow, obvious twins of the medoid kernels."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def loss(D: np.ndarray, weight: np.ndarray, medoids: list[int]) -> float:
    """The weighted sum of distances to the nearest medoids."""
    return float(weight @ D[list(medoids)].min(axis=0).astype(np.float64))


def best_medoids(D: np.ndarray, weight: np.ndarray, k: int) -> float:
    """The least loss of any k medoids, by trying all."""
    return min(loss(D, weight, list(some)) for some in combinations(range(len(D)), k))


def can_gain(D: np.ndarray, weight: np.ndarray, medoids: list[int]) -> float:
    """By how much the best single swap lowers the loss."""
    now, best = loss(D, weight, medoids), 0.0
    for slot in range(len(medoids)):
        for c in set(range(len(D))) - set(medoids):
            best = max(best, now - loss(D, weight, [*medoids[:slot], c, *medoids[slot + 1 :]]))
    return best


def medoid_silhouette(D: np.ndarray, weight: np.ndarray, medoids: list[int]) -> float:
    """The weighted mean of 1 - d1 / d2 over the two nearest medoids; 0 where both are 0."""
    near = np.sort(D[list(medoids)].astype(np.float64), axis=0)[:2]
    own = [1 - a / b if b > 0 else 0.0 for a, b in near.T]
    return float(weight @ own / weight.sum())


def can_raise(D: np.ndarray, weight: np.ndarray, medoids: list[int]) -> float:
    """By how much the best single swap raises the medoid silhouette."""
    now, best = medoid_silhouette(D, weight, medoids), 0.0
    for slot in range(len(medoids)):
        for c in set(range(len(D))) - set(medoids):
            swapped = [*medoids[:slot], c, *medoids[slot + 1 :]]
            best = max(best, medoid_silhouette(D, weight, swapped) - now)
    return best


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance, row by row of the table."""
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
        above = row
    return above[-1]


def gower(rows: list[dict], numeric: dict[str, float]) -> np.ndarray:
    """Gower's distances of rows of a table; `numeric` holds the ranges of the columns of numbers."""
    out = np.zeros((len(rows), len(rows)))
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            parts = []
            for name in a:
                x, y = a[name], b[name]
                if x is None or y is None or numeric.get(name) == 0:
                    continue
                parts.append(abs(x - y) / numeric[name] if name in numeric else float(x != y))
            out[i, j] = sum(parts) / len(parts) if parts else 1.0
    return out
