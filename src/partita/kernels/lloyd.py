"""Means of cells and starts of k-means over a block of rows in memory. Called by the makers of points."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def labels_group(labels, first, members):
    """Rows of each cell as runs, each run ascending.

    IN labels intp[n]. OUT first intp[k + 1], members intp[n]: cell c has ``members[first[c]:first[c + 1]]``.
    """
    first[:] = 0
    for label in labels:
        first[label + 1] += 1
    for c in range(first.shape[0] - 1):
        first[c + 1] += first[c]
    cursor = first[:-1].copy()
    for i in range(labels.shape[0]):
        members[cursor[labels[i]]] = i
        cursor[labels[i]] += 1


@jit
def cells_mean(points, weight, first, members, start, stop, centers, mass):
    """Weighted means of cells `start` to `stop`, summed in float64 in the order of `members`.

    IN points float32 (n, d), weight float64[n], first, members (labels_group).
    OUT centers float64 (k, d) (left as they are for empty cells), mass float64[k].
    """
    d = points.shape[1]
    total = np.empty(d)
    for c in range(start, stop):
        total[:] = 0.0
        mass[c] = 0.0
        for position in range(first[c], first[c + 1]):
            i = members[position]
            w = weight[i]
            mass[c] += w
            for j in range(d):
                total[j] += w * points[i, j]
        if mass[c] > 0.0:
            for j in range(d):
                centers[c, j] = total[j] / mass[c]
