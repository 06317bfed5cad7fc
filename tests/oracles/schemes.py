"""Slow, obvious twins of the excisive schemes: cliques listed one by one."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from partita.dissimilarities._spaces import distances_of
from partita.dissimilarities._trials import Trial


def blocks_at(D: np.ndarray, m: int, height: float) -> list[frozenset[int]]:
    """Blocks of the items when the points of every clique of `m` within `height` are joined."""
    import networkx as nx

    n = len(D)
    graph = nx.Graph((i, j) for i, j in combinations(range(n), 2) if D[i, j] <= height)
    joined = nx.Graph()
    joined.add_nodes_from(range(n))
    for clique in nx.find_cliques(graph):
        if len(clique) >= m:
            joined.add_edges_from(pairwise(clique))
    return [frozenset(block) for block in nx.connected_components(joined)]


def blocks_of(labels: np.ndarray) -> set[frozenset[int]]:
    """Labels as a set of sets."""
    return {frozenset(np.flatnonzero(labels == k).tolist()) for k in np.unique(labels)}


def clique_scale(D: np.ndarray, m: int) -> np.ndarray:
    """The least scale at which two items lie together in a clique of `m`: every set of `m` items is tried."""
    n = len(D)
    scale = np.full((n, n), np.inf)
    for chosen in combinations(range(n), m):
        widest = max(D[i, j] for i, j in combinations(chosen, 2))
        for i, j in combinations(chosen, 2):
            scale[i, j] = scale[j, i] = min(scale[i, j], widest)
    return scale


def non_expansive(trial: Trial, kind: str) -> bool:
    """Whether no two matched items are further apart in the second space, but for the factor."""
    one, two = trial.matched.T
    before, after = distances_of(trial.first, kind), distances_of(trial.second, kind)
    # Distances are rounded; what the maps are made of is exact.
    return bool((after[np.ix_(two, two)] <= trial.factor * before[np.ix_(one, one)] * (1.0 + 1e-12)).all())
