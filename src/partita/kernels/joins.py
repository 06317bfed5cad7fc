"""Plain minimum spanning trees of rows, without core distances. Called by dissimilarities."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_CHUNK = 256


@jit(fastmath={"nnan", "nsz"})
def chunk_offer(columns, start, stop, point, now, apart, least, source):
    """Offer edges from row `now` to the rows at `start` to `stop`; returns the shortest edge known to any.

    IN columns float64 (d, m), point float64[d] (row `now`). INOUT least float64[m] (squared lengths), source
    int32[m] (rows at the other end). Scratch apart float64[chunk].
    """
    width = stop - start
    for v in range(width):
        apart[v] = 0.0
    d = point.shape[0]
    whole = d - d % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = point[j], point[j + 1], point[j + 2], point[j + 3]
        for v in range(width):
            s0, s1 = columns[j, start + v] - x0, columns[j + 1, start + v] - x1
            s2, s3 = columns[j + 2, start + v] - x2, columns[j + 3, start + v] - x3
            apart[v] += (s0 * s0 + s1 * s1) + (s2 * s2 + s3 * s3)
    for j in range(whole, d):
        x = point[j]
        for v in range(width):
            step = columns[j, start + v] - x
            apart[v] += step * step
    lowest = np.inf
    for v in range(width):
        nearer = apart[v] < least[start + v]
        source[start + v] = now if nearer else source[start + v]
        least[start + v] = apart[v] if nearer else least[start + v]
        lowest = min(lowest, least[start + v])
    return lowest


@jit
def rows_joins(columns):
    """The edges of the tree, ascending; which of equally long ones is taken, only the order of rows tells.

    IN columns float64 (d, m), no squares that over- or underflow; written over.
    Returns a, b int32[m - 1] and length float64[m - 1].
    """
    d, m = columns.shape
    edges = max(m - 1, 0)
    a, b, length = np.empty(edges, np.int32), np.empty(edges, np.int32), np.empty(edges)
    least, source = np.full(m, np.inf), np.zeros(m, np.int32)
    ids, point, apart = np.arange(m).astype(np.int32), np.empty(d), np.empty(_CHUNK)
    lows = np.empty(-(-m // _CHUNK))
    at, left = 0, m
    for e in range(edges):
        now = ids[at]
        left -= 1
        for j in range(d):  # the row leaves; the last one takes its place
            point[j] = columns[j, at]
            columns[j, at] = columns[j, left]
        ids[at], least[at], source[at] = ids[left], least[left], source[left]
        lowest, chunk = np.inf, 0
        for c in range(-(-left // _CHUNK)):
            start = c * _CHUNK
            lows[c] = chunk_offer(columns, start, min(start + _CHUNK, left), point, now, apart, least, source)
            if lows[c] < lowest:
                lowest, chunk = lows[c], c
        at = chunk * _CHUNK
        while at < left - 1 and least[at] != lowest:
            at += 1
        a[e], b[e], length[e] = min(ids[at], source[at]), max(ids[at], source[at]), np.sqrt(least[at])
    order = np.argsort(length, kind="mergesort")
    return a[order], b[order], length[order]
