"""Nested clusters of bounded diameter by exponential shifts. Called by graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.kernels.csr import Graph, components
from partita.kernels.low_diameter import clusters_grow

_MOST_LEVELS = 64


@dataclass(frozen=True)
class Nested:
    """Clusters within clusters, coarse to fine; the first level are the components.

    Attributes
    ----------
    scales : float64[levels]
        No cluster of a level has a larger diameter, measured within it.
    labels : int32 (levels, n)
    distance : float64 (levels, n)
        From the centre of each node's cluster, within the cluster.
    """

    scales: np.ndarray
    labels: np.ndarray
    distance: np.ndarray


def edge_lengths(graph: Graph, kind: str) -> np.ndarray:
    """Lengths of entries: 1, the weight, or one over it."""
    if kind == "hops":
        return np.ones(len(graph.weights))
    return graph.weights if kind == "weights" else 1.0 / graph.weights


def nested_clusters(graph: Graph, lengths: np.ndarray, shrink: float, seed: int, tree: int) -> Nested:
    """Divide components, then clusters, at scales that shrink, down to the shortest edge.

    At scale s a node of a cluster of m nodes starts ``min(Exp(2 ln(m + 1) / s), s / 2)`` early: so it gathers
    nothing farther than s / 2, and an edge is cut with a chance in proportion to its length over s.
    """
    n = len(graph.loops)
    parts = components(graph)[0]
    first, distance = _centres(parts, seed, tree), np.zeros(n)
    start = np.full(n, np.inf)
    start[first] = 0.0
    centre = np.empty(n, np.int32)
    clusters_grow(graph.indptr, graph.indices, lengths, parts, start, centre, distance)
    scales, labels, distances = [2.0 * distance.max(initial=0.0)], [parts], [distance.copy()]
    shortest = lengths.min(initial=np.inf)
    scale = scales[0] / shrink
    for level in range(1, _MOST_LEVELS):
        if scale < 2.0 * shortest:
            break
        stream = np.random.default_rng((seed, tree, level))
        size = np.bincount(labels[-1])[labels[-1]]
        early = stream.standard_exponential(n) * scale / (2.0 * np.log(size + 1.0))
        start = 0.5 * scale - np.minimum(early, 0.5 * scale)
        clusters_grow(graph.indptr, graph.indices, lengths, labels[-1], start, centre, distance)
        own = np.unique(centre, return_inverse=True)[1].astype(np.int32)
        if own.max() > labels[-1].max():
            scales.append(scale)
            labels.append(own)
            distances.append(distance.copy())
        scale /= shrink
    return Nested(np.array(scales), np.array(labels), np.array(distances))


def _centres(parts: np.ndarray, seed: int, tree: int) -> np.ndarray:
    """One node of each component: the first in a random order that is always the same."""
    order = np.random.default_rng((seed, tree)).permutation(len(parts))
    return order[np.unique(parts[order], return_index=True)[1]]
