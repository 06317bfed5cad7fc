"""Merges of a spanning tree, equal lengths at once: ties leave no trace of an order. For the spine."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def set_find(above, i):
    """The root of `i`, with the way there halved. INOUT above intp[m]."""
    while above[i] != i:
        above[i] = above[above[i]]
        i = above[i]
    return i


@jit
def merges_tree(a, b, length, m):
    """Parts that appear as edges are added shortest first; those of equal length make one part together.

    As ``merges_levels``, with a level for each length.
    """
    level = np.zeros(length.shape[0], np.intp)
    for e in range(1, length.shape[0]):
        level[e] = level[e - 1] + (length[e] != length[e - 1])
    return merges_levels(a, b, length, level, m)


@jit
def merges_levels(a, b, length, level, m):
    """Parts that appear as edges are added in turn; those of one level make one part together.

    IN a, b int[e], length float64[e], level intp[e], both ascending, of a tree over rows 0 to m - 1 (or a
    forest). Returns parent intp[p] (-1 for roots; children before parents), height float64[p], row_part
    intp[m] (the part in which a row first meets another, -1 for a row without edges).
    """
    above, part_of = np.arange(m), np.full(m, -1, np.intp)
    edges = a.shape[0]
    alias, parent = np.arange(edges), np.full(edges, -1, np.intp)
    height, row_part = np.empty(edges), np.full(m, -1, np.intp)
    rank = np.empty(edges, np.intp)
    parts = 0
    for e in range(edges):
        x, y = set_find(above, np.intp(a[e])), set_find(above, np.intp(b[e]))
        if x == y:
            continue
        p = _level_part(alias, rank, part_of[x], level[e])
        q = _level_part(alias, rank, part_of[y], level[e])
        if p < 0 and q < 0:
            p = parts
            height[p], rank[p] = length[e], level[e]
            parts += 1
        elif p < 0:
            p, q = q, -1
            x, y = y, x
        if q >= 0:
            alias[q] = p
        for side in (x, y):
            _hang(alias, part_of, parent, row_part, side, p)
        above[y] = x
        part_of[x] = p
    return _renumbered(alias[:parts], parent[:parts], height[:parts], row_part)


@jit
def _level_part(alias, rank, part, level):
    """The part, if it is of this level and so takes part in the same merge; else -1."""
    if part < 0:
        return -1
    part = set_find(alias, part)
    return part if rank[part] == level else -1


@jit
def _hang(alias, part_of, parent, row_part, root, p):
    """Put what stands at a root below part `p`, unless it is that part."""
    if part_of[root] < 0:
        row_part[root] = p
        return
    own = set_find(alias, part_of[root])
    if own != p:
        parent[own] = p


@jit
def _renumbered(alias, parent, height, row_part):
    parts = alias.shape[0]
    number, kept = np.empty(parts, np.intp), 0
    for p in range(parts):
        if alias[p] == p:
            number[p] = kept
            kept += 1
    up, high = np.full(kept, -1, np.intp), np.empty(kept)
    for p in range(parts):
        if alias[p] != p:
            continue
        high[number[p]] = height[p]
        if parent[p] >= 0:
            up[number[p]] = number[set_find(alias, parent[p])]
    for i in range(row_part.shape[0]):
        if row_part[i] >= 0:
            row_part[i] = number[set_find(alias, row_part[i])]
    return up, high, row_part
