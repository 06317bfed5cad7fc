"""Hashes of the rows and columns of a cost matrix that no permutation of either changes. For transport."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def _mixed(h):
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@jit
def values_hash(values, out):
    """OUT out uint64[n]: a hash of each of `values` float64[n], -0.0 as 0.0."""
    clean = values + 0.0
    bits = clean.view(np.uint64)
    for i in range(out.shape[0]):
        out[i] = _mixed(bits[i] + np.uint64(0x9E3779B97F4A7C15))


@jit
def pairs_hash(C, row_key, column_key, start, stop, rows, columns):
    """Sums of hashes of (key of the row, cost, key of the column), which no order of the pairs changes.

    IN C float64 (n, m), row_key uint64[n], column_key uint64[m]. OUT rows uint64[n], rows `start` to `stop`;
    columns uint64[m]: sums over these rows.
    """
    m = C.shape[1]
    clean = np.empty(m)
    bits = clean.view(np.uint64)
    columns[:] = np.uint64(0)
    for i in range(start, stop):
        for j in range(m):
            clean[j] = C[i, j] + 0.0
        total, key = np.uint64(0), row_key[i] * np.uint64(0x9E3779B97F4A7C15)
        for j in range(m):
            h = _mixed(bits[j] ^ (key + column_key[j]))
            total += h
            columns[j] += h
        rows[i] = total
