"""Smallest common parts, by jump pointers: O(log depth) a pair. Called by ``hierarchy.walk``."""

from __future__ import annotations

from partita.kernels.jit import jit


@jit
def tree_jump(parent, depth, jump):
    """OUT jump intp[m]: an ancestor of each part, so that any is reached in O(log depth) steps.

    IN parent, depth. The skew-binary scheme of Myers (1983), doi:10.1016/0020-0190(83)90106-0.
    """
    jump[0] = 0
    for v in range(1, parent.shape[0]):
        p = parent[v]
        j = jump[p]
        jump[v] = jump[j] if depth[p] - depth[j] == depth[j] - depth[jump[j]] else p


@jit
def tree_lowest_holding(part, place, parent, start, stop, jump):
    """The lowest ancestor of `part`, or itself, whose slice holds the position `place`. IN the rest."""
    v = part
    while place < start[v] or place >= stop[v]:
        j = jump[v]
        v = parent[v] if start[j] <= place < stop[j] else j
    return v


@jit
def tree_lca(left, right, item_part, position, parent, start, stop, jump, out):
    """OUT out intp[k]: the smallest part holding ``left[i]`` and ``right[i]``. IN the rest."""
    for i in range(left.shape[0]):
        out[i] = tree_lowest_holding(item_part[left[i]], position[right[i]], parent, start, stop, jump)


@jit
def tree_dasgupta(first, columns, weights, item_part, position, parent, start, stop, jump):
    """Sum over stored pairs i != j of weight times the size of their smallest common part.

    IN first, columns, weights: a CSR matrix (weights float64); the rest as in `tree_lca`.
    """
    total = 0.0
    for i in range(first.shape[0] - 1):
        row = 0.0
        for k in range(first[i], first[i + 1]):
            j = columns[k]
            if j != i:
                v = tree_lowest_holding(item_part[i], position[j], parent, start, stop, jump)
                row += weights[k] * (stop[v] - start[v])
        total += row
    return total
