"""Square matrices of distances: faults in them, and what tells their items apart. For dissimilarities."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

FINE, NOT_A_NUMBER, NEGATIVE, ASYMMETRIC, DIAGONAL = 0, 1, 2, 3, 4
_TILE = 64


@jit
def rows_fault(D, start, stop):
    """The first value in rows `start` to `stop` that is no distance: its place and what is wrong.

    A value is a number, not negative, and 0 on the diagonal.
    """
    n = D.shape[1]
    for i in range(start, stop):
        least, summed = D[i, 0], D[i, 0] - D[i, 0]
        for j in range(n):
            least = min(least, D[i, j])
            summed += D[i, j] - D[i, j]
        if not (summed == 0 and least >= 0):
            for j in range(n):
                if not np.isfinite(D[i, j]):
                    return i, j, NOT_A_NUMBER
                if D[i, j] < 0:
                    return i, j, NEGATIVE
        if D[i, i] != 0:
            return i, i, DIAGONAL
    return -1, -1, FINE


@jit
def asymmetry_find(D, start, stop, share, floor):
    """The first pair i in `start` to `stop`, j > i whose two distances differ by more than rounding.

    IN share (of the larger one) and floor, which they may differ by. In tiles, so that columns are read as
    rows are; most are equal to the bit. Returns (-1, -1) if there is none.
    """
    n = D.shape[0]
    for j0 in range(start, n, _TILE):
        differ = False
        for i in range(start, stop):
            for j in range(max(j0, i + 1), min(j0 + _TILE, n)):
                differ |= D[i, j] != D[j, i]
        if differ:
            for i in range(start, stop):
                for j in range(max(j0, i + 1), min(j0 + _TILE, n)):
                    if abs(D[i, j] - D[j, i]) > share * max(D[i, j], D[j, i]) + floor:
                        return i, j
    return -1, -1


@jit
def mixed(bits):
    """64 bits stirred (the end of MurmurHash3, public domain)."""
    h = (bits ^ (bits >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@jit
def rows_signature(D, known, start, stop, out):
    """Hashes of the distances of an item, each with what is `known` of the other; in whatever order.

    IN known uint64[n]. OUT out uint64, `start` to `stop`.
    """
    n = D.shape[1]
    row = np.empty(n)
    bits = row.view(np.uint64)
    for i in range(start, stop):
        for j in range(n):
            row[j] = np.float64(D[i, j]) + 0.0
        summed = np.uint64(0)
        for j in range(n):
            summed += mixed(bits[j] + known[j])
        out[i] = mixed(summed + known[i])
