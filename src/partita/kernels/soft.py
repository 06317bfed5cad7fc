"""How strongly items belong to chosen parts of a tree, by the scales of being together. For makers."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def parts_together(parent, end, height, chosen, out):
    """OUT out float64 (m, k): the scale at which a part meets each chosen one; 0 where one holds the other.

    IN parent, end intp[m], height float64[m] (of a tree in preorder), chosen intp[k], ascending, an
    antichain.
    """
    out[:] = 0.0
    for v in range(1, parent.shape[0]):
        up = parent[v]
        low, high = np.searchsorted(chosen, v), np.searchsorted(chosen, end[v])
        for c in range(chosen.shape[0]):
            out[v, c] = out[up, c]
            within = chosen[c] <= up and up < end[chosen[c]]
            above = chosen[c] > up and chosen[c] < end[up]
            if above and not within and (c < low or c >= high):
                out[v, c] = height[up]


@jit
def rows_share(together, part, fall, columns, weights):
    """The t chosen parts with which each item is together at the highest densities, and its shares in them.

    IN together float64 (m, k), part intp[n], fall float64[n] (where the item leaves its part). OUT columns
    intp (n, t), weights float64 (n, t), which add up to 1.
    """
    n, t = columns.shape
    scale = np.empty(together.shape[1])
    for i in range(n):
        for c in range(scale.shape[0]):
            scale[c] = max(together[part[i], c], fall[i])
        for p in range(t):
            best = -1
            for c in range(scale.shape[0]):
                if scale[c] >= 0.0 and (best < 0 or scale[c] < scale[best]):
                    best = c
            columns[i, p], weights[i, p] = best, scale[best]
            scale[best] = -1.0
        nearest, total = weights[i, 0], 0.0
        for p in range(t):
            weights[i, p] = 1.0 if weights[i, p] == nearest else nearest / weights[i, p]
            total += weights[i, p]
        for p in range(t):
            weights[i, p] /= total
