"""From a tree in any numbering to the canonical one. Called by ``hierarchy.make``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_SHORT = 16


@jit
def tree_group(parent, first, children):
    """Children of each part as runs, in the order of their numbers; the root's number comes back.

    IN parent intp[m] with one -1. OUT first intp[m + 1], children intp[m - 1].
    """
    m = parent.shape[0]
    first[:] = 0
    root = -1
    for v in range(m):
        if parent[v] < 0:
            root = v
        else:
            first[parent[v] + 1] += 1
    for v in range(m):
        first[v + 1] += first[v]
    cursor = first[:m].copy()
    for v in range(m):
        p = parent[v]
        if p >= 0:
            children[cursor[p]] = v
            cursor[p] += 1
    return root


@jit
def tree_breadth(root, first, children, queue):
    """OUT queue intp[m]: parts, each after its parent; returns how many are reached. IN first, children."""
    queue[0] = root
    filled = 1
    head = 0
    while head < filled:
        v = queue[head]
        head += 1
        for k in range(first[v], first[v + 1]):
            queue[filled] = children[k]
            filled += 1
    return filled


@jit
def tree_gather(queue, parent, item_part, item_rank, size, lowest, parts):
    """Sizes, lowest ranks and numbers of parts of all subtrees.

    IN queue (tree_breadth), parent, item_part intp[n], item_rank intp[n]. OUT size, lowest, parts intp[m].
    """
    m, n = parent.shape[0], item_part.shape[0]
    for v in range(m):
        size[v] = 0
        lowest[v] = np.iinfo(np.intp).max
        parts[v] = 1
    for i in range(n):
        v = item_part[i]
        size[v] += 1
        lowest[v] = min(lowest[v], item_rank[i])
    for k in range(m - 1, 0, -1):
        v = queue[k]
        p = parent[v]
        size[p] += size[v]
        parts[p] += parts[v]
        lowest[p] = min(lowest[p], lowest[v])


@jit
def _before(a, b, size, key, lowest):
    if size[a] != size[b]:
        return size[a] > size[b]
    for j in range(key.shape[1]):
        if key[a, j] != key[b, j]:
            return key[a, j] < key[b, j]
    if lowest[a] != lowest[b]:
        return lowest[a] < lowest[b]
    return a < b


@jit
def _insertion_sort(run, size, key, lowest):
    for i in range(1, run.shape[0]):
        item = run[i]
        j = i - 1
        while j >= 0 and _before(item, run[j], size, key, lowest):
            run[j + 1] = run[j]
            j -= 1
        run[j + 1] = item


@jit
def _merge_sort(run, size, key, lowest):
    count = run.shape[0]
    width = _SHORT
    for low in range(0, count, width):
        _insertion_sort(run[low : low + width], size, key, lowest)
    source, target = run, np.empty_like(run)
    while width < count:
        for low in range(0, count, 2 * width):
            middle, high = min(low + width, count), min(low + 2 * width, count)
            i, j = low, middle
            for k in range(low, high):
                if i < middle and (j >= high or not _before(source[j], source[i], size, key, lowest)):
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
        source, target = target, source
        width *= 2
    run[:] = source


@jit
def tree_sort_children(first, children, size, key, lowest):
    """INOUT children: siblings largest first, then by key, then by lowest rank. IN the rest; key (m, d)."""
    for v in range(first.shape[0] - 1):
        run = children[first[v] : first[v + 1]]
        if run.shape[0] > _SHORT:
            _merge_sort(run, size, key, lowest)
        elif run.shape[0] > 1:
            _insertion_sort(run, size, key, lowest)


@jit
def tree_number(queue, first, children, size, parts, new_id, start, own):
    """Preorder numbers and slices for sorted children.

    IN queue, first, children, size, parts. OUT new_id intp[m]; start, own intp[m], still by the old numbers.
    """
    root = queue[0]
    new_id[root] = 0
    start[root] = 0
    for k in range(queue.shape[0]):
        v = queue[k]
        number = new_id[v] + 1
        cursor = start[v]
        for c in range(first[v], first[v + 1]):
            child = children[c]
            new_id[child] = number
            start[child] = cursor
            number += parts[child]
            cursor += size[child]
        own[v] = cursor


@jit
def tree_place(ranked, item_part, own, order):
    """OUT order intp[n]: items into their parts' own runs, by rank. IN ranked, item_part; INOUT own."""
    for k in range(ranked.shape[0]):
        item = ranked[k]
        v = item_part[item]
        order[own[v]] = item
        own[v] += 1


@jit
def tree_scatter(new_id, parent, height, start, size, parent_out, height_out, start_out, stop_out):
    """OUT the four ``*_out`` arrays by new numbers. IN the arrays by old numbers and new_id."""
    for v in range(parent.shape[0]):
        u = new_id[v]
        parent_out[u] = -1 if parent[v] < 0 else new_id[parent[v]]
        height_out[u] = height[v]
        start_out[u] = start[v]
        stop_out[u] = start[v] + size[v]


@jit
def linkage_sizes(left, right, n, size):
    """OUT size intp[n - 1]: items under each merge; returns the first bad merge or -1.

    IN left, right intp[n - 1]: numbers below n are items, others earlier merges; each may be used once.
    """
    used = np.zeros(2 * n - 1, np.bool_)
    for i in range(left.shape[0]):
        a, b = left[i], right[i]
        if a < 0 or b < 0 or a >= n + i or b >= n + i or a == b or used[a] or used[b]:
            return i
        used[a] = used[b] = True
        size[i] = (1 if a < n else size[a - n]) + (1 if b < n else size[b - n])
    return -1


@jit
def linkage_repair(left, right, n, height):
    """INOUT height: no merge below the merges that it joins; returns how many were raised. IN left, right."""
    raised = 0
    for i in range(left.shape[0]):
        lowest = height[i]
        if left[i] >= n:
            lowest = max(lowest, height[left[i] - n])
        if right[i] >= n:
            lowest = max(lowest, height[right[i] - n])
        if lowest > height[i]:
            height[i] = lowest
            raised += 1
    return raised


@jit
def tree_raise(queue, parent, height):
    """INOUT height: no part below a child of its; returns how many were raised. IN queue, parent."""
    raised = 0
    changed = np.zeros(parent.shape[0], np.bool_)
    for k in range(parent.shape[0] - 1, 0, -1):
        v = queue[k]
        p = parent[v]
        if height[v] > height[p]:
            raised += not changed[p]
            changed[p] = True
            height[p] = height[v]
    return raised


@jit
def tree_edges_below(parent, height):
    """INOUT height: raised to the longest way down in edges; returns how many parts lie on or below a cycle.

    IN parent, in any order, -1 for roots.
    """
    m = parent.shape[0]
    waiting = np.zeros(m, np.intp)
    for v in range(m):
        if parent[v] >= 0:
            waiting[parent[v]] += 1
    ready = np.empty(m, np.intp)
    filled = 0
    for v in range(m):
        if waiting[v] == 0:
            ready[filled] = v
            filled += 1
    head = 0
    while head < filled:
        v = ready[head]
        head += 1
        p = parent[v]
        if p >= 0:
            height[p] = max(height[p], height[v] + 1.0)
            waiting[p] -= 1
            if waiting[p] == 0:
                ready[filled] = p
                filled += 1
    return m - filled
