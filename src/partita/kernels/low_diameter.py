"""Clusters by shifted starts, and distances through their centres. Called by graphs."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from partita.kernels.jit import jit


@jit
def clusters_grow(indptr, indices, lengths, parts, start, centre, distance):
    """Every source grows from its start; a node joins who comes first, ties to the lower source.

    Growth stays within parts, so that a cluster is connected, and a node's distance one within its cluster.

    IN lengths float64[nnz], parts int32[n], start float64[n] (inf: no source). OUT centre int32[n] (-1 where
    nobody comes), distance float64[n]. O(nnz log nnz).
    """
    n = parts.shape[0]
    centre[:] = -1
    heap = [(0.0, np.int64(-1), np.int64(-1), 0.0)]
    for u in range(n):
        if start[u] < np.inf:
            heappush(heap, (start[u], np.int64(u), np.int64(u), 0.0))
    while len(heap) > 0:
        time, source, v, far = heappop(heap)
        if v < 0 or centre[v] >= 0:
            continue
        centre[v] = source
        distance[v] = far
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if centre[u] < 0 and parts[u] == parts[v]:
                heappush(heap, (time + lengths[e], source, np.int64(u), far + lengths[e]))


@jit
def pairs_through(labels, distance, first, second, low, high):
    """Bounds of distances of pairs, by the centres of the clusters that hold both.

    The way through a centre is a way; at the top, distances from a centre are exact, and differ by no more.

    IN labels int32 (trees, levels, n), distance float64 alike, first and second int64[p].
    OUT low, high float64[p]; both inf where no cluster holds both.
    """
    for p in range(first.shape[0]):
        i, j = first[p], second[p]
        low[p], high[p] = 0.0, np.inf
        if i == j:
            high[p] = 0.0
            continue
        for t in range(labels.shape[0]):
            for k in range(labels.shape[1]):
                if labels[t, k, i] != labels[t, k, j]:
                    break
                high[p] = min(high[p], distance[t, k, i] + distance[t, k, j])
                if k == 0:
                    low[p] = max(low[p], abs(distance[t, k, i] - distance[t, k, j]))
        if high[p] == np.inf:
            low[p] = np.inf
