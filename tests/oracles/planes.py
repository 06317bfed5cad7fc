"""Slow twins of what is drawn in planes: near rows, hyperbolic points by coordinates, all cycles."""

from __future__ import annotations

from itertools import permutations

import numpy as np


def nearest_rows(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances and numbers of the k nearest other rows, by all pairs."""
    squares = ((X[:, None].astype(np.float64) - X[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    order = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(squares, order, axis=1), order


def hyperboloid(parent: np.ndarray, angle: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Points on the hyperboloid (time, x, y), in long double, by 3 x 3 Lorentz matrices from the root."""
    frames = [np.eye(3, dtype=np.longdouble)]
    for v in range(1, len(parent)):
        turn, far = np.longdouble(angle[v]), np.longdouble(length[v])
        rotate = np.array(
            [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]], np.longdouble
        )
        boost = np.array(
            [[np.cosh(far), np.sinh(far), 0], [np.sinh(far), np.cosh(far), 0], [0, 0, 1]], np.longdouble
        )
        frames.append(frames[parent[v]] @ rotate @ boost)
    return np.array([frame[:, 0] for frame in frames])


def hyperboloid_distances(points: np.ndarray) -> np.ndarray:
    """Distances of all pairs of points on the hyperboloid."""
    products = np.outer(points[:, 0], points[:, 0]) - points[:, 1:] @ points[:, 1:].T
    return np.arccosh(np.maximum(products, 1.0)).astype(np.float64)


def tree_distances(parent: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Distances of all pairs of nodes along a tree."""
    n = len(parent)
    apart = np.zeros((n, n))
    for v in range(1, n):
        apart[v, :v] = apart[parent[v], :v] + given[v]
        apart[:v, v] = apart[v, :v]
    return apart


def mean_average_precision(parent: np.ndarray, apart: np.ndarray) -> float:
    """As its definition says, node by node and neighbour by neighbour."""
    n = len(parent)
    scores = []
    for u in range(n):
        ends = [v for v in range(n) if v != u and (parent[v] == u or parent[u] == v)]
        others = [v for v in range(n) if v != u]
        shares = []
        for v in ends:
            within = [w for w in others if apart[u, w] <= apart[u, v]]
            shares.append(sum(w in ends for w in within) / len(within))
        scores.append(np.mean(shares))
    return float(np.mean(scores))


def best_cycle(likeness: np.ndarray) -> float:
    """The largest sum of similarities along a cycle through all, by trying each."""
    k = len(likeness)
    return max(
        sum(likeness[a, b] for a, b in zip((0, *rest), (*rest, 0))) for rest in permutations(range(1, k))
    )
