"""The spanning tree of rows the slow way: every pair is looked at. A twin of the tree over cells."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.spanning import (
    _prim_next,
    _prim_offer,
    _prim_start,
    edges_sort,
    square_apart,
    squares_core,
)


@jit
def rows_core(X, count, wanted, start, stop, core):
    """OUT core float64[m]: squared core distances of rows `start` to `stop`. IN X float (m, d)."""
    m = X.shape[0]
    squares = np.empty(m)
    for i in range(start, stop):
        for j in range(m):
            squares[j] = square_apart(X[i], X[j])
        core[i] = squares_core(squares, count, i, wanted)


@jit
def rows_tree(X, core):
    """The tree of rows. IN X float (m, d), core float64[m] (squared). Returns a, b, squared length."""
    m = X.shape[0]
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
                _prim_offer(reach, apart, source, now, square_apart(X[now], X[v]), v, core)
        now = _prim_next(reach, apart, source, inside)
        a[e], b[e], length[e] = min(now, source[now]), max(now, source[now]), reach[now]
    return edges_sort(a, b, length)


@jit
def reach_tree(X, count, min_samples):
    """The tree of mutual reachability of distinct rows, the slow way; O(m^2 d) time, O(m) memory.

    IN X float (m, d), distinct rows, count int64[m] (items equal to each), min_samples (items within a core
    distance, the item itself included; 1: no core distances).
    Returns a, b, length as ``matrix_tree``, and core float64[m].
    """
    m = X.shape[0]
    core = np.zeros(m)
    rows_core(X, count, min_samples, 0, m, core)
    a, b, length = rows_tree(X, core)
    a, b, length = edges_sort(a, b, np.sqrt(length))
    return a, b, length, np.sqrt(core)
