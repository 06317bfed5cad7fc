"""Polygons of all nodes of a treemap: stores, and marks for what has no area. Called by layouts."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def grown(array, size):
    """`array`, or a longer copy of it with room for `size`."""
    if size <= array.shape[0]:
        return array
    longer = np.empty(max(size, 2 * array.shape[0]))
    for j in range(array.shape[0]):
        longer[j] = array[j]
    return longer


@jit
def polygon_area(x, y, start, stop):
    """The area of one polygon; corners run counterclockwise."""
    twice = 0.0
    for j in range(start + 1, stop - 1):
        twice += (x[j] - x[start]) * (y[j + 1] - y[start]) - (x[j + 1] - x[start]) * (y[j] - y[start])
    return 0.5 * twice


@jit
def _longest_edge(corners, start, stop):
    longest, best = start, -1.0
    for j in range(start, stop):
        k = j + 1 if j + 1 < stop else start
        length = (corners[k, 0] - corners[j, 0]) ** 2 + (corners[k, 1] - corners[j, 1]) ** 2
        if length > best * (1 + 1e-9):
            longest, best = j, length
    return longest


@jit
def treemap_gather(parent, of, begin, length, x, y):
    """The polygons of all nodes in order: corners float64 (p, 2), offset int64[t + 1].

    IN of intp[t], the place of a node's polygon or -1; begin, length intp[b] of polygons in x, y. A node
    without a polygon becomes one point: such siblings stand in even steps on the longest edge of their
    parent's polygon.
    """
    t = parent.shape[0]
    offset = np.zeros(t + 1, np.int64)
    lost, rank = np.zeros(t, np.intp), np.zeros(t, np.intp)
    for v in range(t):
        offset[v + 1] = offset[v] + (length[of[v]] if of[v] >= 0 else 1)
        if of[v] < 0:
            lost[parent[v]] += 1
            rank[v] = lost[parent[v]]
    corners = np.empty((offset[t], 2))
    for v in range(t):
        if of[v] >= 0:
            for j in range(length[of[v]]):
                corners[offset[v] + j, 0] = x[begin[of[v]] + j]
                corners[offset[v] + j, 1] = y[begin[of[v]] + j]
            continue
        start, stop = offset[parent[v]], offset[parent[v] + 1]
        j = _longest_edge(corners, start, stop)
        k = j + 1 if j + 1 < stop else start
        way = rank[v] / (lost[parent[v]] + 1.0)
        for axis in range(2):
            corners[offset[v], axis] = corners[j, axis] + way * (corners[k, axis] - corners[j, axis])
    return corners, offset
