"""Slow, obvious twins for density: components at one distance, and condensed trees by recursion."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def distances(X: np.ndarray) -> np.ndarray:
    """All distances, difference by difference."""
    X = X.astype(np.float64)
    return np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))


def core_distances(D: np.ndarray, min_samples: int) -> np.ndarray:
    """The distance within which `min_samples` items lie, the item itself included."""
    return np.sort(D, axis=1)[:, min(min_samples, len(D)) - 1]


def reachability(D: np.ndarray, min_samples: int) -> np.ndarray:
    """Mutual reachability of all pairs; on the diagonal the core distances."""
    core = core_distances(D, min_samples)
    return np.maximum(D, np.maximum(core[:, None], core[None]))


def clusters_at(R: np.ndarray, eps: float, least: int) -> set[frozenset[int]]:
    """Groups of at least `least` items that reach each other within `eps`."""
    there = np.flatnonzero(np.diag(R) <= eps)
    linked = csr_array(R[np.ix_(there, there)] <= eps)
    _, label = connected_components(linked, directed=False)
    groups = (there[label == k] for k in range(label.max(initial=-1) + 1))
    return {frozenset(group.tolist()) for group in groups if len(group) >= least}


def cluster_births(R: np.ndarray, least: int) -> dict[frozenset[int], float]:
    """Each cluster of the condensed tree but the root, as the items just before it merges; and when."""
    scales = np.unique(R)
    births: dict[frozenset[int], float] = {}
    steps = pairwise([clusters_at(R, scale, least) for scale in scales])
    for scale, (before, after) in zip(scales[1:], steps):
        for whole in after:
            sides = [side for side in before if side <= whole]
            if len(sides) > 1:
                births.update(dict.fromkeys(sides, float(scale)))
    return births
