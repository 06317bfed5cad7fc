"""Distances of all pairs: computed, read in any order, ranked by content. Called by ``points.Linkage``.

A condensed matrix holds the distance of items i < j at ``i * n - i * (i + 1) // 2 + j - i - 1``.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.chain import place_of
from partita.kernels.jit import jit
from partita.kernels.ward import apart_square


@jit
def points_condensed(points, start, stop, half, out):
    """Distances of rows `start` to `stop` to those after them.

    IN points float64 (n, d), half (half the squared distance, which is 1 - cosine for rows of length 1).
    OUT out float[n (n - 1) / 2].
    """
    n = points.shape[0]
    for i in range(start, stop):
        at = place_of(n, i, i + 1)
        for j in range(i + 1, n):
            square = apart_square(points[i], points[j])
            out[at] = 0.5 * square if half else np.sqrt(square)
            at += 1


@jit(inline="always")
def _mixed(value, one, bits):
    one[0] = value + 0.0
    h = (bits[0] ^ (bits[0] >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return h ^ (h >> np.uint64(32))


@jit
def condensed_keys(D, n, keys):
    """OUT keys uint64[n]: hashes of the distances of each item, whatever their order. IN D condensed."""
    one = np.empty(1, np.float64)
    bits = one.view(np.uint64)
    keys[:] = np.uint64(n)
    at = 0
    for i in range(n):
        for j in range(i + 1, n):
            h = _mixed(np.float64(D[at]), one, bits)
            keys[i] += h
            keys[j] += h
            at += 1


@jit
def condensed_take(D, n, rows, out):
    """OUT out: condensed distances of some items, in their order. IN D condensed, rows intp[u]."""
    at = 0
    for i in range(rows.shape[0]):
        for j in range(i + 1, rows.shape[0]):
            out[at] = D[place_of(n, rows[i], rows[j])]
            at += 1


@jit
def square_condense(D, out):
    """OUT out: the mean of both entries of each pair, condensed. IN D (n, n)."""
    n, at = D.shape[0], 0
    for i in range(n):
        for j in range(i + 1, n):
            out[at] = 0.5 * (np.float64(D[i, j]) + np.float64(D[j, i]))
            at += 1


@jit
def square_fault(D, tolerance):
    """The first pair that breaks symmetry by more than `tolerance` of it, or is below 0; (-1, -1) if none is.

    The diagonal must be 0. IN D (n, n), finite.
    """
    n = D.shape[0]
    for i in range(n):
        if D[i, i] != 0:
            return i, i
        for j in range(i):
            apart = abs(np.float64(D[i, j]) - np.float64(D[j, i]))
            if D[i, j] < 0 or D[j, i] < 0 or apart > tolerance * max(D[i, j], D[j, i]):
                return i, j
    return -1, -1


@jit
def condensed_square(D, n, out):
    """OUT out (n, n). IN D condensed."""
    at = 0
    for i in range(n):
        out[i, i] = 0
        for j in range(i + 1, n):
            out[i, j] = out[j, i] = D[at]
            at += 1
