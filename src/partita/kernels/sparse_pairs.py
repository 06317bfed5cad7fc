"""Distances between sparse rows (CSR, columns ascending). Called by ``points.Linkage``."""

from __future__ import annotations

import numpy as np

from partita.kernels.chain import place_of
from partita.kernels.jit import jit

_CLOSE = 1e-6


@jit
def csr_squares(first, value):
    """Squared lengths, float64[n], added up in the order of the columns."""
    squares = np.zeros(first.shape[0] - 1)
    for i in range(squares.shape[0]):
        for p in range(first[i], first[i + 1]):
            squares[i] += value[p] * value[p]
    return squares


@jit
def row_spread(first, column, value, i, dense):
    """INOUT dense float64[d]: zeros, and the values of row i."""
    for p in range(first[i], first[i + 1]):
        dense[column[p]] = value[p]


@jit
def row_clear(first, column, i, dense):
    """INOUT dense: zeros again."""
    for p in range(first[i], first[i + 1]):
        dense[column[p]] = 0.0


@jit
def row_square(first, column, value, squares, j, dense, own):
    """The squared distance of row j to a dense row, whose squared length is `own`.

    By the product; where that cancels, by the differences: equal rows are at distance 0 exactly.
    """
    product = 0.0
    for p in range(first[j], first[j + 1]):
        product += value[p] * dense[column[p]]
    both = own + squares[j]
    square = both - 2.0 * product
    if square >= _CLOSE * both:
        return square
    square, p = 0.0, first[j]
    for c in range(dense.shape[0]):
        other = 0.0
        if p < first[j + 1] and column[p] == c:
            other = value[p]
            p += 1
        square += (dense[c] - other) * (dense[c] - other)
    return square


@jit
def csr_condensed(first, column, value, squares, d, start, stop, half, out):
    """Distances of rows `start` to `stop` to those after them; half the squared distance if `half`.

    OUT out float64[n (n - 1) / 2] (kernels.condensed).
    """
    n, dense = first.shape[0] - 1, np.zeros(d)
    for i in range(start, stop):
        row_spread(first, column, value, i, dense)
        at = place_of(n, i, i + 1)
        for j in range(i + 1, n):
            square = row_square(first, column, value, squares, j, dense, squares[i])
            out[at] = 0.5 * square if half else np.sqrt(square)
            at += 1
        row_clear(first, column, i, dense)


@jit
def csr_nearest(first, column, value, squares, d, new_first, new_column, new_value, start, stop, found):
    """OUT found intp: the nearest row for new rows `start` to `stop`; of equally near ones the first."""
    dense = np.zeros(d)
    for i in range(start, stop):
        row_spread(new_first, new_column, new_value, i, dense)
        own = 0.0
        for p in range(new_first[i], new_first[i + 1]):
            own += new_value[p] * new_value[p]
        lowest = np.inf
        found[i] = 0
        for j in range(squares.shape[0]):
            square = row_square(first, column, value, squares, j, dense, own)
            if square < lowest:
                found[i], lowest = j, square
        row_clear(new_first, new_column, i, dense)
