"""Rows that are likely near to each row, by cell, and how far they are. Called by ``points._near_graph``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.near import centers_near
from partita.kernels.spanning import square_apart

_TILE = 256


@jit
def cells_candidates(points, half, first, probes, start, stop, near):
    """The nearest rows of each row of cells `start` to `stop`, among those of the cells that its cell probes.

    IN points float32 (m, p), by cell, half float32[m] (half squared lengths), first intp[c + 1], probes
    intp (c, s), ascending. OUT near intp (m, k), ascending, the row itself among them.
    """
    for c in range(start, stop):
        others = _probed(first, probes[c])
        if others.shape[0] < 2 * near.shape[1]:
            others = np.arange(points.shape[0])
        for base in range(first[c], first[c + 1], _TILE):
            centers_near(points, half, np.arange(base, min(base + _TILE, first[c + 1])), others, near)


@jit
def _probed(first, probes):
    """The rows of some cells, ascending."""
    count = 0
    for c in probes:
        count += first[c + 1] - first[c]
    rows, at = np.empty(count, np.intp), 0
    for c in probes:
        for row in range(first[c], first[c + 1]):
            rows[at] = row
            at += 1
    return rows


@jit
def lists_measure(X, source, candidates, start, stop, squares, number):
    """The nearest of the candidates of rows `start` to `stop`, by exact distances; the row itself left out.

    IN X float (n, d), source intp[m] (a row of X for each place), candidates intp (m, c), c > k.
    OUT squares float64 (m, k), ascending, number intp (m, k); of equally near ones the first in place.
    """
    k = squares.shape[1]
    for i in range(start, stop):
        squares[i], number[i] = np.inf, -1
        for j in candidates[i]:
            if j == i:
                continue
            square, p = square_apart(X[source[i]], X[source[j]]), k - 1
            if square > squares[i, p] or (square == squares[i, p] and 0 <= number[i, p] < j):
                continue
            while p > 0 and (
                squares[i, p - 1] > square or (squares[i, p - 1] == square and number[i, p - 1] > j)
            ):
                squares[i, p], number[i, p] = squares[i, p - 1], number[i, p - 1]
                p -= 1
            squares[i, p], number[i, p] = square, j
