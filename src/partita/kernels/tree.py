"""Walks over a tree in preorder: the laws, up and down passes, slices. Called by ``hierarchy``.

A tree is ``parent`` (``parent[0] == -1``, ``parent[v] < v``, a subtree is one run of parts) and, where items
matter, ``order``, ``start`` and ``stop``. Nothing here recurses, so depth is no limit.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

OK = 0
BAD_ORDER = 1
BAD_ROOT = 2
BAD_PARENT = 3
BAD_PREORDER = 4
BAD_SLICE = 5
BAD_SPAN = 6
BAD_TILING = 7
BAD_NESTING = 8
BAD_HEIGHT = 9
BAD_GROWTH = 10


@jit
def tree_check(order, parent, start, stop, height):
    """The first broken law as ``(code, place)``, or ``(OK, -1)``; O(n + m).

    IN order intp[n], parent, start, stop intp[m], height float64[m], with m >= 1.
    """
    n, m = order.shape[0], parent.shape[0]
    seen = np.zeros(n, np.bool_)
    for i in range(n):
        item = order[i]
        if item < 0 or item >= n or seen[item]:
            return BAD_ORDER, i
        seen[item] = True
    if parent[0] != -1:
        return BAD_ROOT, 0
    if start[0] != 0 or stop[0] != n:
        return BAD_SPAN, 0
    if np.isnan(height[0]):
        return BAD_HEIGHT, 0
    cursor = np.empty(m, np.intp)
    cursor[0] = 0
    for v in range(1, m):
        p = parent[v]
        if p < 0 or p >= v:
            return BAD_PARENT, v
        u = v - 1
        while u > p:
            u = parent[u]
        if u != p:
            return BAD_PREORDER, v
        if start[v] < 0 or stop[v] < start[v] or stop[v] > n:
            return BAD_SLICE, v
        if start[v] != cursor[p]:
            return BAD_TILING, v
        if stop[v] > stop[p]:
            return BAD_NESTING, v
        if np.isnan(height[v]):
            return BAD_HEIGHT, v
        if height[v] > height[p]:
            return BAD_GROWTH, v
        cursor[p] = stop[v]
        cursor[v] = start[v]
    return OK, -1


@jit
def tree_end(parent, end):
    """OUT end intp[m]: one past the last part of the subtree of each part. IN parent."""
    m = parent.shape[0]
    for v in range(m):
        end[v] = v + 1
    for v in range(m - 1, 0, -1):
        p = parent[v]
        if end[v] > end[p]:
            end[p] = end[v]


@jit
def tree_depth(parent, depth):
    """OUT depth intp[m]: edges between the root and each part. IN parent."""
    depth[0] = 0
    for v in range(1, parent.shape[0]):
        depth[v] = depth[parent[v]] + 1


@jit
def tree_own_start(parent, start, stop, own):
    """OUT own intp[m]: where the own items of each part begin in the order. IN parent, start, stop."""
    for v in range(parent.shape[0]):
        own[v] = start[v]
        if v > 0:
            own[parent[v]] = stop[v]


@jit
def tree_children_count(parent, count):
    """OUT count intp[m]: children of each part. IN parent."""
    count[:] = 0
    for v in range(1, parent.shape[0]):
        count[parent[v]] += 1


@jit
def tree_children(end, part):
    """The children of one part, in preorder; O(children). IN end."""
    count = 0
    v = part + 1
    while v < end[part]:
        count += 1
        v = end[v]
    children = np.empty(count, np.intp)
    v = part + 1
    for k in range(count):
        children[k] = v
        v = end[v]
    return children


@jit
def tree_sum_up(parent, values):
    """INOUT values[m]: each part's value plus those of all parts below it. IN parent."""
    for v in range(parent.shape[0] - 1, 0, -1):
        values[parent[v]] += values[v]


@jit
def tree_max_up(parent, values):
    """INOUT values[m]: the largest value in each part's subtree. IN parent."""
    for v in range(parent.shape[0] - 1, 0, -1):
        if values[v] > values[parent[v]]:
            values[parent[v]] = values[v]


@jit
def tree_min_up(parent, values):
    """INOUT values[m]: the smallest value in each part's subtree. IN parent."""
    for v in range(parent.shape[0] - 1, 0, -1):
        if values[v] < values[parent[v]]:
            values[parent[v]] = values[v]


@jit
def tree_sum_down(parent, values):
    """INOUT values[m]: each part's value plus those of all its ancestors. IN parent."""
    for v in range(1, parent.shape[0]):
        values[v] += values[parent[v]]


@jit
def tree_min_down(parent, values):
    """INOUT values[m]: the smallest value on the way from the root to each part. IN parent."""
    for v in range(1, parent.shape[0]):
        if values[parent[v]] < values[v]:
            values[v] = values[parent[v]]


@jit
def tree_item_part(order, own, stop, item_part):
    """OUT item_part intp[n]: the part that owns each item directly. IN order, own (tree_own_start), stop."""
    for v in range(own.shape[0]):
        for i in range(own[v], stop[v]):
            item_part[order[i]] = v


@jit
def tree_fill_items(order, start, stop, parts, labels):
    """INOUT labels[n]: k for the items of ``parts[k]``. IN order, start, stop, parts."""
    for k in range(parts.shape[0]):
        for i in range(start[parts[k]], stop[parts[k]]):
            labels[order[i]] = k


@jit
def tree_fill_parts(end, parts, numbers, labels):
    """INOUT labels[m]: ``numbers[k]`` for the parts within ``parts[k]``. IN end, parts, numbers."""
    for k in range(parts.shape[0]):
        for v in range(parts[k], end[parts[k]]):
            labels[v] = numbers[k]


@jit
def tree_invert(order, position):
    """OUT position intp[n]: where each item stands in the order. IN order."""
    for i in range(order.shape[0]):
        position[order[i]] = i
