"""Merges along the edges of a spanning tree: in order, or so that sizes don't grow too unequal (Genie).

Gagolewski, Bartoszuk and Cena, 2016. Called by ``points.Linkage``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


class Sizes(NamedTuple):
    """The sizes of clusters, ascending, and how many clusters have each."""

    value: np.ndarray  # float64[u + 1]
    times: np.ndarray  # float64[u + 1]
    distinct: np.ndarray  # int64[1]
    unequal: np.ndarray  # float64[1]: the sum of differences over all pairs of clusters


@jit
def sizes_make(weight):
    """The sizes of single rows."""
    order = np.sort(weight)
    u = order.shape[0]
    sizes = Sizes(np.empty(u + 1), np.zeros(u + 1), np.zeros(1, np.int64), np.zeros(1))
    k = -1
    for i in range(u):
        if k < 0 or sizes.value[k] != order[i]:
            k += 1
            sizes.value[k] = order[i]
        sizes.times[k] += 1.0
        # Its place less how many come after it: once for each pair that it is the larger or smaller of.
        sizes.unequal[0] += order[i] * (2 * i - u + 1)
    sizes.distinct[0] = k + 1
    return sizes


@jit
def sizes_away(sizes, value):
    """The sum of differences between `value` and all clusters."""
    total = 0.0
    for k in range(sizes.distinct[0]):
        total += sizes.times[k] * abs(sizes.value[k] - value)
    return total


@jit
def sizes_take(sizes, value):
    """One cluster of size `value` less."""
    sizes.unequal[0] -= sizes_away(sizes, value)
    at, k = np.searchsorted(sizes.value[: sizes.distinct[0]], value), sizes.distinct[0]
    sizes.times[at] -= 1.0
    if sizes.times[at] == 0.0:
        for t in range(at, k - 1):
            sizes.value[t], sizes.times[t] = sizes.value[t + 1], sizes.times[t + 1]
        sizes.times[k - 1] = 0.0
        sizes.distinct[0] = k - 1


@jit
def sizes_add(sizes, value):
    """One cluster of size `value` more."""
    sizes.unequal[0] += sizes_away(sizes, value)
    k = sizes.distinct[0]
    at = np.searchsorted(sizes.value[:k], value)
    if at == k or sizes.value[at] != value:
        for t in range(k, at, -1):
            sizes.value[t], sizes.times[t] = sizes.value[t - 1], sizes.times[t - 1]
        sizes.value[at], sizes.times[at] = value, 0.0
        sizes.distinct[0] = k + 1
    sizes.times[at] += 1.0


@jit
def ring_root(above, i):
    """The root of row i, halving the way. INOUT above int32[u]."""
    while above[i] != i:
        above[i] = above[above[i]]
        i = above[i]
    return i


@jit
def edge_small(a, b, above, size, following, e, smallest):
    """The first edge from e on that touches a cluster of the smallest size."""
    while size[ring_root(above, a[e])] != smallest and size[ring_root(above, b[e])] != smallest:
        e = following[e]
    return e


@jit
def edges_merge(a, b, length, weight, threshold, left, right, height):
    """Merge along the edges of a tree; while the Gini index of sizes is above `threshold`, a smallest first.

    IN a, b int32[u - 1], length float64[u - 1] ascending, weight float64[u], threshold (1: in order).
    OUT left, right int32[u - 1] (side c is row c, or merge c - u), height float64[u - 1]: lengths, raised to
    just above the merge before where `threshold` is below 1. Returns how many were raised by more.
    """
    u, raised, last = weight.shape[0], 0, -np.inf
    above, number = np.arange(u).astype(np.int32), np.arange(u).astype(np.int32)
    size, total = weight.copy(), weight.sum()
    following, before = np.arange(1, u + 1), np.arange(-1, u - 1)
    sizes = sizes_make(weight)
    first, small, smallest = 0, 0, -1.0
    for step in range(u - 1):
        e = first
        if threshold < 1.0 and sizes.unequal[0] > threshold * (u - step - 1) * total:
            if sizes.value[0] != smallest:
                # Within one smallest size, edges once passed never touch it again: clusters only grow.
                small, smallest = first, sizes.value[0]
            e = small = edge_small(a, b, above, size, following, small, smallest)
        if e == first:
            first = following[e]
        else:
            following[before[e]] = following[e]
        if following[e] < u - 1:
            before[following[e]] = before[e]
        if e == small:
            small = following[e]
        x, y = ring_root(above, a[e]), ring_root(above, b[e])
        x, y = min(x, y), max(x, y)
        if threshold < 1.0:
            sizes_take(sizes, size[x])
            sizes_take(sizes, size[y])
            sizes_add(sizes, size[x] + size[y])
        left[step], right[step] = number[x], number[y]
        above[y], number[x] = x, u + step
        size[x] += size[y]
        raised += length[e] < last
        if threshold < 1.0:
            last = max(length[e], np.nextafter(last, np.inf)) if last >= 0.0 else length[e]
        else:
            last = length[e]
        height[step] = last
    return raised
