"""A tree of merges condensed to its clusters, their stability, and which of them to take. Called by HDBSCAN.

Clusters are numbered from the root (0) down, parents first. A scale is a distance; density is its inverse.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def parts_size(parent, row_part, weight, size):
    """OUT size float64[p]: the weight of all rows below each part. IN as ``merges_tree`` gives them."""
    size[:] = 0.0
    for i in range(row_part.shape[0]):
        if row_part[i] >= 0:
            size[row_part[i]] += weight[i]
    for p in range(parent.shape[0] - 1):
        size[parent[p]] += size[p]


@jit
def _count_large(parent, row_part, weight, size, least):
    large = np.zeros(parent.shape[0], np.intp)
    for p in range(parent.shape[0]):
        if parent[p] >= 0 and size[p] >= least:
            large[parent[p]] += 1
    for i in range(row_part.shape[0]):
        if weight[i] >= least:
            large[row_part[i]] += 1
    return large


@jit
def tree_condense(parent, height, row_part, weight, core, least):
    """Clusters of at least `least` items: a part with one large child goes on as that child.

    IN parent, height, row_part (merges_tree), weight, core float64[m], at least one part.
    Returns above intp[k], birth, death, size float64[k] (the scales at which a cluster appears, inf for the
    root, and at which it divides or ends; items), row_cluster intp[m], row_fall float64[m] (the scale at
    which the items of a row leave their cluster).
    """
    parts, m = parent.shape[0], row_part.shape[0]
    size = np.empty(parts)
    parts_size(parent, row_part, weight, size)
    large = _count_large(parent, row_part, weight, size, least)
    above, birth = np.full(parts + m, -1, np.intp), np.full(parts + m, np.inf)
    death, mass = np.empty(parts + m), np.empty(parts + m)
    own, fall = np.zeros(parts, np.intp), np.full(parts, -1.0)
    clusters = 1
    death[0], mass[0] = height[parts - 1], size[parts - 1]
    for p in range(parts - 2, -1, -1):
        up = parent[p]
        own[p], fall[p] = own[up], fall[up]
        if fall[up] >= 0.0:
            continue
        if size[p] < least:
            fall[p] = height[up]
            continue
        if large[up] > 1:
            above[clusters], birth[clusters], mass[clusters] = own[up], height[up], size[p]
            own[p] = clusters
            clusters += 1
        death[own[p]] = height[p]
    row_cluster, row_fall = np.empty(m, np.intp), np.empty(m)
    for i in range(m):
        p = row_part[i]
        row_cluster[i] = own[p]
        if fall[p] >= 0.0 or weight[i] < least:
            row_fall[i] = fall[p] if fall[p] >= 0.0 else height[p]
            continue
        if large[p] > 1:
            above[clusters], birth[clusters], mass[clusters] = own[p], height[p], weight[i]
            row_cluster[i] = clusters
            clusters += 1
        row_fall[i] = death[row_cluster[i]] = core[i]
    return (
        above[:clusters].copy(), birth[:clusters].copy(), death[:clusters].copy(), mass[:clusters].copy(),
        row_cluster, row_fall,
    )  # fmt: skip


@jit
def clusters_stability(above, density_birth, size, row_cluster, density_fall, weight, out):
    """OUT out float64[k]: by how much density, summed over its items, each cluster outlives its birth."""
    out[:] = 0.0
    for i in range(row_cluster.shape[0]):
        c = row_cluster[i]
        out[c] += weight[i] * (density_fall[i] - density_birth[c])
    for c in range(1, above.shape[0]):
        out[above[c]] += size[c] * (density_birth[c] - density_birth[above[c]])


@jit
def clusters_sum_up(above, values):
    """INOUT values float64[k]: the value of each cluster and of all below it."""
    for c in range(above.shape[0] - 1, 0, -1):
        values[above[c]] += values[c]


@jit
def choose_mass(above, stability, size, most, with_root, chosen):
    """OUT chosen bool[k]: the clusters that outweigh the sum of those chosen below them.

    IN most (items; larger ones are not taken), with_root (whether the root may be taken).
    """
    below = np.zeros(above.shape[0])
    for c in range(above.shape[0] - 1, -1, -1):
        chosen[c] = below[c] <= stability[c] and size[c] <= most and (c > 0 or with_root)
        if c > 0:
            below[above[c]] += stability[c] if chosen[c] else below[c]
    keep_highest(above, chosen)


@jit
def choose_leaves(above, size, most, chosen):
    """OUT chosen bool[k]: clusters with no cluster below; the root only where it is alone."""
    for c in range(above.shape[0]):
        chosen[c] = size[c] <= most
    for c in range(1, above.shape[0]):
        chosen[above[c]] = False


@jit
def merge_close(above, birth, epsilon, with_root, chosen):
    """Replace chosen clusters that appear below a scale by what they belong to at that scale.

    INOUT chosen bool[k], an antichain.
    """
    for c in range(above.shape[0] - 1, 0, -1):
        if not chosen[c] or birth[c] >= epsilon:
            continue
        up = c
        while birth[up] < epsilon and (above[up] > 0 or (with_root and above[up] == 0)):
            up = above[up]
        chosen[c], chosen[up] = False, True
    keep_highest(above, chosen)


@jit
def keep_highest(above, chosen):
    """Leave out what lies below another chosen cluster. INOUT chosen bool[k]."""
    covered = np.zeros(above.shape[0], np.bool_)
    for c in range(1, above.shape[0]):
        covered[c] = covered[above[c]] or chosen[above[c]]
        if covered[c]:
            chosen[c] = False


@jit
def sizes_alive(above, size, birth, death):
    """The least sizes for which each cluster would be a leaf of the tree: above `birth`, up to `death`.

    A division is one as long as two of its sides are large enough. OUT birth, death float64[k].
    """
    k = above.shape[0]
    largest, second, count = np.zeros(k), np.zeros(k), np.zeros(k, np.intp)
    for c in range(1, k):
        up = above[c]
        if size[c] > largest[up]:
            largest[up], second[up], count[up] = size[c], largest[up], 1
        elif size[c] == largest[up]:
            count[up] += 1
            second[up] = size[c]
        else:
            second[up] = max(second[up], size[c])
    birth[:] = 0.0
    death[0] = 0.0
    for c in range(k - 1, 0, -1):
        up = above[c]
        death[c] = second[up] if size[c] == largest[up] and count[up] == 1 else min(size[c], largest[up])
        birth[up] = max(birth[up], max(birth[c], death[c]))


@jit
def clusters_densest(above, row_cluster, core, out):
    """OUT out intp[k]: the row of the lowest core distance in each cluster, of equal ones the first."""
    out[:] = -1
    for i in range(row_cluster.shape[0]):
        c = row_cluster[i]
        if out[c] < 0 or core[i] < core[out[c]]:
            out[c] = i
    for c in range(above.shape[0] - 1, 0, -1):
        up = above[c]
        if (
            out[up] < 0
            or core[out[c]] < core[out[up]]
            or (core[out[c]] == core[out[up]] and out[c] < out[up])
        ):
            out[up] = out[c]


@jit
def parts_holding(above, birth, part, reach):
    """INOUT part intp[b]: raised to the deepest cluster, at or above, that appears at `reach` or later."""
    for i in range(part.shape[0]):
        while birth[part[i]] < reach[i]:
            part[i] = above[part[i]]
