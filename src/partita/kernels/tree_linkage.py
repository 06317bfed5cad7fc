"""From a tree to binary merges. Called by ``hierarchy.bridge``."""

from __future__ import annotations

from partita.kernels.jit import jit


@jit
def tree_merges(ranked, order, own, stop, end, height, cluster, merges):
    """OUT merges float64 (n - 1, 4): the parts as SciPy's merges, a part of c members as c - 1 of them.

    IN ranked: parts, each after its children, by height; order, own (tree_own_start), stop, end, height.
    SCRATCH cluster intp[m].
    """
    n = order.shape[0]
    made = 0
    for k in range(ranked.shape[0]):
        v = ranked[k]
        current = -1
        child = v + 1
        i = own[v]
        while child < end[v] or i < stop[v]:
            if child < end[v]:
                following = cluster[child]
                child = end[child]
            else:
                following = order[i]
                i += 1
            if following < 0:
                continue
            if current < 0:
                current = following
                continue
            size = 1.0 if current < n else merges[current - n, 3]
            size += 1.0 if following < n else merges[following - n, 3]
            merges[made, 0] = min(current, following)
            merges[made, 1] = max(current, following)
            merges[made, 2] = height[v]
            merges[made, 3] = size
            current = n + made
            made += 1
        cluster[v] = current
    return made
