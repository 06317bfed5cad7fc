"""Distances of vectors, tile by tile: rows against the columns of a transposed panel. For dissimilarities.

Each pair's sum runs over the dimensions in their order, whatever the tile; so a distance is the same wherever
it is computed, and both ways round.
IN rows float (a, d), panel float (d, b). OUT out float (a, b).
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def tile_sqeuclidean(rows, panel, out):
    """Sums of squared differences."""
    d, b = panel.shape
    whole = d - d % 4
    sums = np.empty(b, rows.dtype)
    for i in range(rows.shape[0]):
        sums[:] = 0
        for t in range(0, whole, 4):
            x0, x1, x2, x3 = rows[i, t], rows[i, t + 1], rows[i, t + 2], rows[i, t + 3]
            for j in range(b):
                y0, y1 = x0 - panel[t, j], x1 - panel[t + 1, j]
                y2, y3 = x2 - panel[t + 2, j], x3 - panel[t + 3, j]
                sums[j] += ((y0 * y0 + y1 * y1) + y2 * y2) + y3 * y3
        for t in range(whole, d):
            for j in range(b):
                sums[j] += (rows[i, t] - panel[t, j]) * (rows[i, t] - panel[t, j])
        for j in range(b):
            out[i, j] = sums[j]


@jit
def tile_euclidean(rows, panel, out):
    """Square roots of ``tile_sqeuclidean``."""
    tile_sqeuclidean(rows, panel, out)
    for i in range(rows.shape[0]):
        for j in range(panel.shape[1]):
            out[i, j] = np.sqrt(out[i, j])


@jit
def tile_cosine(rows, panel, out):
    """1 - cosine of rows of length 1: half the squared distance. 1/2 from a row of zeros to any other."""
    tile_sqeuclidean(rows, panel, out)
    for i in range(rows.shape[0]):
        for j in range(panel.shape[1]):
            out[i, j] *= 0.5


@jit
def tile_cityblock(rows, panel, out):
    """Sums of absolute differences."""
    d, b = panel.shape
    sums = np.empty(b, rows.dtype)
    for i in range(rows.shape[0]):
        sums[:] = 0
        for t in range(d):
            for j in range(b):
                sums[j] += abs(rows[i, t] - panel[t, j])
        for j in range(b):
            out[i, j] = sums[j]


@jit
def tile_chebyshev(rows, panel, out):
    """Largest absolute differences."""
    d, b = panel.shape
    most = np.empty(b, rows.dtype)
    for i in range(rows.shape[0]):
        most[:] = 0
        for t in range(d):
            for j in range(b):
                most[j] = max(most[j], abs(rows[i, t] - panel[t, j]))
        for j in range(b):
            out[i, j] = most[j]


@jit
def tile_hamming(rows, panel, out):
    """Shares of the columns that differ."""
    d, b = panel.shape
    sums = np.empty(b, np.int64)
    for i in range(rows.shape[0]):
        sums[:] = 0
        for t in range(d):
            for j in range(b):
                sums[j] += rows[i, t] != panel[t, j]
        for j in range(b):
            out[i, j] = sums[j] / d


@jit
def tile_canberra(rows, panel, out):
    """Sums of absolute differences over sums of absolute values, column by column; 0 where both are 0."""
    d, b = panel.shape
    sums = np.empty(b, rows.dtype)
    for i in range(rows.shape[0]):
        sums[:] = 0
        for t in range(d):
            for j in range(b):
                size = abs(rows[i, t]) + abs(panel[t, j])
                if size > 0:
                    sums[j] += abs(rows[i, t] - panel[t, j]) / size
        for j in range(b):
            out[i, j] = sums[j]


@jit
def tile_braycurtis(rows, panel, out):
    """Sum of absolute differences over the sum of absolute sums; 0 where both are rows of zeros."""
    d, b = panel.shape
    apart, size = np.empty(b, rows.dtype), np.empty(b, rows.dtype)
    for i in range(rows.shape[0]):
        apart[:], size[:] = 0, 0
        for t in range(d):
            for j in range(b):
                apart[j] += abs(rows[i, t] - panel[t, j])
                size[j] += abs(rows[i, t] + panel[t, j])
        for j in range(b):
            if size[j] > 0:
                out[i, j] = apart[j] / size[j]
            else:  # opposite rows, such as 1 and -1: nothing in common; or rows of zeros
                out[i, j] = np.inf if apart[j] > 0 else 0.0
