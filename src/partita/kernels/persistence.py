"""Reduction of a boundary matrix over two elements. Called by ``points._complex``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def _merged(a, b, out):
    """The symmetric difference of two ascending arrays in `out`; its length."""
    i = j = count = 0
    while i < a.shape[0] or j < b.shape[0]:
        if j == b.shape[0] or (i < a.shape[0] and a[i] < b[j]):
            out[count] = a[i]
            i, count = i + 1, count + 1
        elif i == a.shape[0] or b[j] < a[i]:
            out[count] = b[j]
            j, count = j + 1, count + 1
        else:
            i, j = i + 1, j + 1
    return count


@jit
def columns_reduce(columns, cleared, n_rows):
    """The lowest row of each reduced column, intp[m], -1 where the column becomes empty.

    IN columns intp (m, s), the rows of each column, ascending, in the order of the filtration; cleared
    bool[m], columns that are known to become empty.
    """
    m = columns.shape[0]
    low, owner = np.full(m, -1, np.intp), np.full(n_rows, -1, np.intp)
    kept = [columns[0, :0].copy() for _ in range(m)]
    for c in range(m):
        if cleared[c] or columns.shape[1] == 0:
            continue
        column = columns[c].copy()
        while column.shape[0] and owner[column[-1]] >= 0:
            other = kept[owner[column[-1]]]
            out = np.empty(column.shape[0] + other.shape[0], np.intp)
            count = _merged(column, other, out)
            column = out[:count].copy()
        if column.shape[0]:
            low[c] = column[-1]
            owner[column[-1]] = c
            kept[c] = column
    return low
