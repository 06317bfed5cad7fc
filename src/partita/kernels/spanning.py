"""Minimum spanning trees of mutual reachability, the obvious way: Prim. Called by points and dissimilarities.

The mutual reachability of two items is the largest of their distance and of their two core distances. Edges
are compared by it, then by distance, then by the two numbers, smaller first; so there is one tree.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def rows_apart(X, i, Y, k):
    """Squared distance of X[i] and Y[k] in float64: eight sums in fixed order, the same bits for all callers.

    Rows are named, since making an array of each costs as much as their distance.
    """
    d = X.shape[1]
    whole = d - d % 8
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for j in range(0, whole, 8):
        x0, x1 = np.float64(X[i, j]) - Y[k, j], np.float64(X[i, j + 1]) - Y[k, j + 1]
        x2, x3 = np.float64(X[i, j + 2]) - Y[k, j + 2], np.float64(X[i, j + 3]) - Y[k, j + 3]
        x4, x5 = np.float64(X[i, j + 4]) - Y[k, j + 4], np.float64(X[i, j + 5]) - Y[k, j + 5]
        x6, x7 = np.float64(X[i, j + 6]) - Y[k, j + 6], np.float64(X[i, j + 7]) - Y[k, j + 7]
        s0, s1, s2, s3 = s0 + x0 * x0, s1 + x1 * x1, s2 + x2 * x2, s3 + x3 * x3
        s4, s5, s6, s7 = s4 + x4 * x4, s5 + x5 * x5, s6 + x6 * x6, s7 + x7 * x7
    for j in range(whole, d):
        x0 = np.float64(X[i, j]) - Y[k, j]
        s0 += x0 * x0
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


@jit
def square_apart(row, other):
    """``rows_apart`` of two rows that stand by themselves."""
    return rows_apart(row.reshape((1, row.shape[0])), 0, other.reshape((1, other.shape[0])), 0)


@jit
def edge_before(w, d, a, b, w2, d2, a2, b2):
    """Whether edge (a, b) stands before edge (a2, b2): by reach, distance, smaller end, larger end."""
    if w != w2:
        return w < w2
    if d != d2:
        return d < d2
    low, low2 = min(a, b), min(a2, b2)
    if low != low2:
        return low < low2
    return max(a, b) < max(a2, b2)


@jit
def nearest_reach(near, number, count, own, wanted):
    """The distance within which `wanted` items lie; inf when there are fewer.

    IN near float64[k] ascending, number intp[k] (rows at these distances), count int64[m] (items of each
    row), own (items at distance 0: the row itself).
    """
    total = own
    if total >= wanted:
        return 0.0
    for p in range(near.shape[0]):
        total += count[number[p]]
        if total >= wanted:
            return near[p]
    return np.inf


@jit
def squares_core(squares, count, i, wanted):
    """The squared distance from row `i` within which `wanted` items lie. IN squares float64[m] (to all)."""
    if count[i] >= wanted:
        return 0.0
    few = min(int(np.ceil(wanted / min(1.0, count.min()))), squares.shape[0] - 1)
    near, number = np.full(few, np.inf), np.zeros(few, np.intp)
    for j in range(squares.shape[0]):
        if j == i or few == 0 or squares[j] >= near[few - 1]:
            continue
        p = few - 1
        while p > 0 and near[p - 1] > squares[j]:
            near[p], number[p] = near[p - 1], number[p - 1]
            p -= 1
        near[p], number[p] = squares[j], j
    return nearest_reach(near, number, count, count[i], wanted)


@jit
def matrix_core(D, count, wanted, core):
    """OUT core float64[m]: the distance within which `wanted` items lie, the item itself included.

    IN D float (m, m), dissimilarities, of which the diagonal is not looked at; count int64[m].
    """
    for i in range(D.shape[0]):
        core[i] = squares_core(D[i].astype(np.float64), count, i, wanted)


@jit
def _prim_start(m):
    return np.full(m, np.inf), np.full(m, np.inf), np.full(m, -1, np.intp), np.zeros(m, np.bool_)


@jit
def _prim_offer(reach, apart, source, now, distance, v, core):
    w = max(distance, core[now], core[v])
    if source[v] < 0 or edge_before(w, distance, now, v, reach[v], apart[v], source[v], v):
        reach[v], apart[v], source[v] = w, distance, now


@jit
def _prim_next(reach, apart, source, inside):
    best = -1
    for v in range(reach.shape[0]):
        if not inside[v] and (
            best < 0
            or edge_before(reach[v], apart[v], source[v], v, reach[best], apart[best], source[best], best)
        ):
            best = v
    return best


@jit
def matrix_tree(D, core):
    """The tree for a symmetric matrix of dissimilarities; O(m^2) time, O(m) memory beside it.

    IN D float (m, m), core float64[m] (zeros for the plain minimum spanning tree).
    Returns a int32[m - 1], b int32[m - 1] (a < b), length float64[m - 1], ordered by (length, a, b).
    """
    m = D.shape[0]
    reach, apart, source, inside = _prim_start(m)
    a, b, length = (
        np.empty(max(m - 1, 0), np.int32),
        np.empty(max(m - 1, 0), np.int32),
        np.empty(max(m - 1, 0)),
    )
    now = 0
    for e in range(m - 1):
        inside[now] = True
        for v in range(m):
            if not inside[v]:
                _prim_offer(reach, apart, source, now, np.float64(D[now, v]), v, core)
        now = _prim_next(reach, apart, source, inside)
        a[e], b[e], length[e] = min(now, source[now]), max(now, source[now]), reach[now]
    return edges_sort(a, b, length)


@jit
def edges_sort(a, b, length):
    """Edges in the order of (length, a, b). IN a, b int32[e], length float64[e]."""
    order = np.argsort(b, kind="mergesort")
    order = order[np.argsort(a[order], kind="mergesort")]
    order = order[np.argsort(length[order], kind="mergesort")]
    return a[order], b[order], length[order]


@jit
def lists_core(near, number, count, wanted, core):
    """OUT core float64[m]: the distance within which `wanted` items lie, by lists of nearest rows.

    IN near float64 (m, k), number intp (m, k), count float64[m]; inf where the list is too short.
    """
    for i in range(near.shape[0]):
        core[i] = nearest_reach(near[i], number[i], count, count[i], wanted)


@jit
def matrix_reach(D, count, wanted, core, row, reach):
    """The item of least mutual reachability of each new one; of equal ones the nearest, then the first.

    IN D float (b, m), dissimilarities of new items to all; count, core float64[m]. OUT row intp[b], reach
    float64[b].
    """
    for i in range(D.shape[0]):
        apart, own, total = D[i].astype(np.float64), np.inf, 0.0
        for j in np.argsort(apart, kind="mergesort"):
            total += count[j]
            if total >= wanted:
                own = apart[j]
                break
        row[i], reach[i], nearest = 0, np.inf, np.inf
        for j in range(apart.shape[0]):
            w = max(apart[j], max(own, core[j]))
            if w < reach[i] or (w == reach[i] and apart[j] < nearest):
                row[i], reach[i], nearest = j, w, apart[j]
