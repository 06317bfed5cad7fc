"""Slow, obvious twins of the ways of pooling, for one document."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage, to_tree


def unit(X: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay."""
    X = X.astype(np.float64)
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(length > 0, length, 1.0)


def ward_labels(X: np.ndarray, n_clusters: int) -> np.ndarray:
    """SciPy's labels of at most `n_clusters` clusters."""
    if len(X) < 2 or n_clusters >= len(X):
        return np.arange(len(X))
    return fcluster(linkage(X, "ward"), n_clusters, "maxclust")


def centroid(X: np.ndarray, as_unit: bool) -> np.ndarray:
    """The mean of rows, of length 1 if wanted."""
    mean = X.mean(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if as_unit and length > 1e-14 else mean


def widest_within(X: np.ndarray, bound: float, as_unit: bool) -> np.ndarray:
    """Labels by the highest parts of SciPy's tree whose rows all lie within `bound` of the centroid."""
    labels = np.arange(len(X))
    waiting = [to_tree(linkage(X, "ward"))] if len(X) > 1 else []
    while waiting:
        node = waiting.pop()
        rows = node.pre_order()
        if np.linalg.norm(X[rows] - centroid(X[rows], as_unit), axis=1).max() <= bound:
            labels[rows] = min(rows)
        else:
            waiting += [below for below in (node.left, node.right) if not below.is_leaf()]
    return labels


def matched(keys: np.ndarray, free: np.ndarray, chunk: int, ratio: float) -> np.ndarray:
    """For each item the one that it is merged into (itself, if it stays)."""
    into = np.arange(len(keys))
    similar = unit(keys) @ unit(keys).T
    for start in range(0, len(keys), chunk):
        places = [i for i in range(start, min(start + chunk, len(keys))) if free[i]]
        even, odd = places[::2], places[1::2]
        links = [(max(similar[a, b] for b in odd), a) for a in even] if odd else []
        links.sort(key=lambda link: (-link[0], link[1]))
        for value, a in links[: int(np.floor(ratio * len(places)))]:
            into[a] = next(b for b in odd if similar[a, b] == value)
    return into


def same_division(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of labels group alike."""
    return len(set(zip(a.tolist(), b.tolist()))) == len(set(a.tolist())) == len(set(b.tolist()))
