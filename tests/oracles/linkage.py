"""Linkage by its definitions: every pair of clusters compared anew before every merge."""

from __future__ import annotations

import numpy as np


def pair_distances(X: np.ndarray) -> np.ndarray:
    return np.sqrt(((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2))


def naive_heights(X: np.ndarray, D: np.ndarray, method: str, weight: np.ndarray) -> np.ndarray:
    """The heights of all merges of rows X with distances D, ascending."""
    clusters = [[i] for i in range(len(D))]
    heights = []
    while len(clusters) > 1:
        best = min(
            (apart(clusters[i], clusters[j], X, D, method, weight), i, j)
            for i in range(len(clusters))
            for j in range(i)
        )
        heights.append(best[0])
        clusters[best[2]] = clusters[best[2]] + clusters.pop(best[1])
    return np.sort(heights)


def apart(a: list[int], b: list[int], X: np.ndarray, D: np.ndarray, method: str, w: np.ndarray) -> float:
    block = D[np.ix_(a, b)]
    if method == "single":
        return float(block.min())
    if method == "complete":
        return float(block.max())
    if method == "average":
        return float(w[a] @ block @ w[b] / (w[a].sum() * w[b].sum()))
    growth = scatter(X[a + b], w[a + b]) - scatter(X[a], w[a]) - scatter(X[b], w[b])
    return float(np.sqrt(max(2.0 * growth, 0.0)))


def scatter(X: np.ndarray, weight: np.ndarray) -> float:
    mean = weight @ X / weight.sum()
    return float(weight @ ((X - mean) ** 2).sum(axis=1))


def naive_genie(D: np.ndarray, threshold: float, n_clusters: int) -> np.ndarray:
    """Labels after n - k merges: Prim's tree, its edges in order, the Gini index from all pairs of sizes."""
    n = len(D)
    inside, edges = [0], []
    while len(inside) < n:
        outside = [j for j in range(n) if j not in inside]
        length, i, j = min((D[i, j], i, j) for i in inside for j in outside)
        edges.append((length, i, j))
        inside.append(j)
    edges.sort()
    labels = np.arange(n)
    for _ in range(n - n_clusters):
        _, sizes = np.unique(labels, return_counts=True)
        differences = np.abs(sizes[:, None] - sizes[None, :]).sum() / 2
        usable = list(range(len(edges)))
        if differences / ((len(sizes) - 1) * n) > threshold:
            count = np.bincount(labels, minlength=n)
            usable = [
                e for e, (_, i, j) in enumerate(edges) if sizes.min() in (count[labels[i]], count[labels[j]])
            ]
        _, i, j = edges.pop(usable[0])
        labels[labels == labels[j]] = labels[i]
    return labels
