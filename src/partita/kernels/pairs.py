"""Condensed distances read as rows of the square. For dissimilarities.

The distance of items i < j stands at ``i * n - i * (i + 1) // 2 + j - i - 1``.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.chain import place_of
from partita.kernels.jit import jit
from partita.kernels.square import mixed


@jit
def pairs_fill(D, n, rows, columns, out):
    """OUT out float (rows, columns). IN D condensed, rows intp, columns intp, of n items."""
    for a in range(rows.shape[0]):
        i = rows[a]
        for b in range(columns.shape[0]):
            j = columns[b]
            out[a, b] = 0.0 if i == j else D[place_of(n, i, j)]


@jit
def pairs_rows(D, n, rows, start, stop, out):
    """Whole rows `start` to `stop` of those asked for. OUT out float (rows, n). IN D condensed, rows intp."""
    for a in range(start, stop):
        i = rows[a]
        at = i - 1
        for j in range(i):
            out[a, j] = D[at]
            at += n - j - 2
        out[a, i] = 0.0
        at = place_of(n, i, i + 1)
        for j in range(i + 1, n):
            out[a, j] = D[at]
            at += 1


@jit
def pairs_signature(D, n, known, start, stop, out):
    """Add to `out` what the pairs of items `start` to `stop`, with later ones, tell of both.

    All blocks together give the hashes of ``rows_signature``, but for the last stirring.
    IN D condensed, known uint64[n]. INOUT out uint64[n].
    """
    one = np.empty(1)
    bits = one.view(np.uint64)
    for i in range(start, stop):
        own = np.uint64(0)
        at = place_of(n, i, i + 1)
        for j in range(i + 1, n):
            one[0] = np.float64(D[at]) + 0.0
            own += mixed(bits[0] + known[j])
            out[j] += mixed(bits[0] + known[i])
            at += 1
        out[i] += own + mixed(known[i])


@jit
def signature_end(known, out):
    """INOUT out uint64[n], stirred with what is `known` of each item."""
    for i in range(out.shape[0]):
        out[i] = mixed(out[i] + known[i])
