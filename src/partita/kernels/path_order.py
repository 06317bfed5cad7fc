"""Short paths through all of a few places: exactly, and by exchanges. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def path_exact(distances, first):
    """The shortest path through all places, by dynamic programming over sets (Held and Karp).

    IN distances float64 (n, n), first (its first place, or -1 for any). O(2^n n^2) time, O(2^n n) memory.
    Returns the places in order, intp[n].
    """
    n = distances.shape[0]
    length = np.full((1 << n, n), np.inf)
    before = np.full((1 << n, n), -1, np.int8)
    for v in range(n):
        if first < 0 or v == first:
            length[1 << v, v] = 0.0
    for held in range(1, 1 << n):
        for v in range(n):
            so_far = length[held, v]
            if so_far == np.inf:
                continue
            for u in range(n):
                if held >> u & 1:
                    continue
                total = so_far + distances[v, u]
                if total < length[held | 1 << u, u]:
                    length[held | 1 << u, u] = total
                    before[held | 1 << u, u] = v
    order, held = np.empty(n, np.intp), (1 << n) - 1
    last = np.argmin(length[held])
    for i in range(n - 1, -1, -1):
        order[i] = last
        above = before[held, last]
        held ^= 1 << last
        last = above
    return order


@jit
def path_greedy(distances, start):
    """From `start` always to the nearest place left; ties to the lower one. Returns intp[n]."""
    n = distances.shape[0]
    order, left = np.empty(n, np.intp), np.ones(n, np.bool_)
    order[0] = start
    left[start] = False
    for i in range(1, n):
        best = -1
        for u in range(n):
            if left[u] and (best < 0 or distances[order[i - 1], u] < distances[order[i - 1], best]):
                best = u
        order[i] = best
        left[best] = False
    return order


@jit
def _leg(distances, order, i, j):
    """The way from place i to place j of the order; none beyond the ends."""
    if i < 0 or j >= order.shape[0]:
        return 0.0
    return distances[order[i], order[j]]


@jit
def path_improve(distances, order, fixed):
    """Turn around stretches (2-opt) and move short ones (Or-opt) as long as the path gets shorter.

    INOUT order intp[n]. IN fixed: whether the first place stays.
    """
    n = order.shape[0]
    scale, low = 0.0, 1 if fixed else 0
    for i in range(n - 1):
        scale += distances[order[i], order[i + 1]]
    least, improved = 1e-12 * scale, True
    while improved:
        improved = False
        for i in range(low, n - 1):
            for j in range(i + 1, n):
                old = _leg(distances, order, i - 1, i) + _leg(distances, order, j, j + 1)
                new = 0.0
                if i > 0:
                    new += distances[order[i - 1], order[j]]
                if j + 1 < n:
                    new += distances[order[i], order[j + 1]]
                if new < old - least:
                    order[i : j + 1] = order[i : j + 1][::-1].copy()
                    improved = True
        for size in range(1, 4):
            for i in range(low, n - size + 1):
                if _move_stretch(distances, order, i, size, low, least):
                    improved = True


@jit
def _move_stretch(distances, order, i, size, low, least):
    """Move `size` places from i to where that shortens the path most, either way round."""
    n, j = order.shape[0], i + size - 1
    saved = _leg(distances, order, i - 1, i) + _leg(distances, order, j, j + 1)
    if i > 0 and j + 1 < n:
        saved -= distances[order[i - 1], order[j + 1]]
    best, at, turned = least, -1, False
    for p in range(low, n + 1):
        if i <= p <= j + 1:
            continue
        gap = _leg(distances, order, p - 1, p)
        for way in range(2):
            head, tail = (order[j], order[i]) if way else (order[i], order[j])
            added = -gap
            if p > 0:
                added += distances[order[p - 1], head]
            if p < n:
                added += distances[tail, order[p]]
            if saved - added > best:
                best, at, turned = saved - added, p, way == 1
    if at < 0:
        return False
    stretch = order[i : j + 1].copy()
    if turned:
        stretch = stretch[::-1].copy()
    if at > j:
        order[i : at - size] = order[j + 1 : at].copy()
        order[at - size : at] = stretch
    else:
        order[at + size : j + 1] = order[at:i].copy()
        order[at : at + size] = stretch
    return True
