"""Clusters of neighbours that make a graph smaller and keep its cuts. Called by graphs.

Heavy-edge clustering under a cap, as G. Karypis, V. Kumar, doi:10.1137/S1064827595287997 (matching) and
H. Meyerhenke, P. Sanders, C. Schulz, arXiv 1402.3281 (clusters); two-hop pairs as in D. LaSalle et al.,
doi:10.1145/2833179.2833183.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@jit(inline="always")
def hash_of(value, seed):
    """A uint64 that looks random, the same for the same two integers."""
    h = np.uint64(value) * _GOLDEN + np.uint64(seed) * np.uint64(0xD6E8FEB86659FD93) + _GOLDEN
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@jit
def shuffled(n, seed):
    """The numbers 0 to n - 1 in an order that `seed` alone decides, int32[n]."""
    order = np.arange(n).astype(np.int32)
    for i in range(n - 1, 0, -1):
        j = np.int64(hash_of(i, seed) % np.uint64(i + 1))
        order[i], order[j] = order[j], order[i]
    return order


@jit(inline="always")
def _fits(weight, u, load, c, limit):
    for r in range(limit.shape[0]):  # noqa: SIM110 (numba)
        if load[c, r] + weight[u, r] > limit[r]:
            return False
    return True


@jit(inline="always")
def _enter(weight, u, c, clusters):
    old = clusters.leader[u]
    clusters.leader[u] = c
    clusters.size[old] -= 1
    clusters.size[c] += 1
    for r in range(weight.shape[1]):
        clusters.load[old, r] -= weight[u, r]
        clusters.load[c, r] += weight[u, r]
    return clusters.size[old] == 0


class Clusters(NamedTuple):
    """The cluster of each node, and size and load of each cluster; `score` and `touched` are scratch."""

    leader: np.ndarray
    size: np.ndarray
    load: np.ndarray
    score: np.ndarray
    touched: np.ndarray


@jit
def _best_cluster(graph, weight, limit, group, u, clusters, damp):
    """The cluster that rates highest for node u, its own where none is better."""
    score, touched, own, count = clusters.score, clusters.touched, clusters.leader[u], 0
    for e in range(graph.indptr[u], graph.indptr[u + 1]):
        v = graph.indices[e]
        if group[v] == group[u]:
            c = clusters.leader[v]
            if score[c] == 0.0:
                touched[count] = c
                count += 1
            score[c] += graph.weights[e]
    best, highest = own, 0.0
    if score[own] > 0.0:
        highest = score[own] / (1.0 + damp * (clusters.size[own] - 2.0))
    for i in range(count):
        c = touched[i]
        rating = score[c] / (1.0 + damp * (clusters.size[c] - 1.0))
        score[c] = 0.0
        if c != own and rating > highest and _fits(weight, u, clusters.load, c, limit):
            best, highest = c, rating
    return best


@jit
def cluster_nodes(graph, weight, limit, group, seed, most_shrink, n_rounds, damp):
    """Clusters of nodes that pull each other, none heavier than `limit`, each within one group.

    IN weight float64 (n, r), limit float64[r], group int32[n], seed int64 (orders the visits), most_shrink
    (stop when so many nodes make one cluster on average).
    Returns label int32[n], numbered by first nodes, and the number of clusters. O(n + nnz).
    """
    n = group.shape[0]
    clusters = Clusters(
        np.arange(n).astype(np.int32), np.ones(n, np.int64), weight.copy(), np.zeros(n), np.empty(n, np.int32)
    )
    count, enough = n, n / most_shrink
    order = shuffled(n, seed)
    for _ in range(n_rounds):
        changes = 0
        for u in order:
            if count <= enough:
                break
            c = _best_cluster(graph, weight, limit, group, u, clusters, damp)
            if c != clusters.leader[u]:
                changes += 1
                if _enter(weight, u, c, clusters):
                    count -= 1
        if count <= enough or changes < 0.02 * n:
            break
    if count > 0.6 * n:
        count = _pair_strangers(graph, weight, limit, group, order, enough, count, clusters)
    label, names = np.empty(n, np.int32), np.full(n, -1, np.int32)
    filled = 0
    for u in range(n):
        c = clusters.leader[u]
        if names[c] < 0:
            names[c] = filled
            filled += 1
        label[u] = names[c]
    return label, filled


@jit
def _pair_strangers(graph, weight, limit, group, order, enough, count, clusters):
    """Join nodes left alone whose heaviest edges lead to one cluster, and those without edges."""
    n = group.shape[0]
    waiting = np.full(n + 1, -1, np.int32)
    for u in order:
        if count <= enough:
            break
        if clusters.size[clusters.leader[u]] > 1:
            continue
        host, heaviest = n, 0.0
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            if graph.weights[e] > heaviest:
                host, heaviest = clusters.leader[graph.indices[e]], graph.weights[e]
        mate = waiting[host]
        fits = mate >= 0 and group[mate] == group[u]
        if fits and _fits(weight, u, clusters.load, clusters.leader[mate], limit):
            _enter(weight, u, clusters.leader[mate], clusters)
            count -= 1
        else:
            waiting[host] = u
    return count


@jit
def sum_weights(weight, label, count):
    """Resources of the clusters, float64 (count, r)."""
    out = np.zeros((count, weight.shape[1]))
    for u in range(label.shape[0]):
        for r in range(weight.shape[1]):
            out[label[u], r] += weight[u, r]
    return out
