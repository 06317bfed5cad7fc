"""Flat cuts of a tree: which parts are split, and what is left. Called by ``hierarchy.cut``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def tree_cut(parent, split, size, chosen):
    """Turn "to be split" into a cut; returns the number of chosen parts.

    IN parent; size intp[m]. INOUT split bool[m]: left True only where every ancestor is split as well.
    OUT chosen bool[m]: parts with items that are reached and not split.
    """
    count = 0
    for v in range(parent.shape[0]):
        reached = v == 0 or split[parent[v]]
        chosen[v] = reached and not split[v] and (size[v] > 0 or v == 0)
        split[v] = reached and split[v]
        count += chosen[v]
    return count


@jit
def tree_lowest_child(parent, size, values, lowest, count):
    """The smallest value among the children with items, and how many those are.

    IN parent, size, values float64[m]. OUT lowest float64[m] (inf without children), count intp[m].
    """
    for v in range(parent.shape[0]):
        lowest[v] = np.inf
        count[v] = 0
        if v > 0 and size[v] > 0:
            p = parent[v]
            count[p] += 1
            if values[v] < lowest[p]:
                lowest[p] = values[v]


@jit
def _above(a, b, height, size):
    if height[a] != height[b]:
        return height[a] > height[b]
    if size[a] != size[b]:
        return size[a] > size[b]
    return a < b


@jit
def _push(heap, count, v, height, size):
    k = count
    while k > 0:
        up = (k - 1) // 2
        if not _above(v, heap[up], height, size):
            break
        heap[k] = heap[up]
        k = up
    heap[k] = v


@jit
def _pop(heap, count, height, size):
    top, last = heap[0], heap[count - 1]
    count -= 1
    k = 0
    while 2 * k + 1 < count:
        child = 2 * k + 1
        if child + 1 < count and _above(heap[child + 1], heap[child], height, size):
            child += 1
        if not _above(heap[child], last, height, size):
            break
        heap[k] = heap[child]
        k = child
    if count:
        heap[k] = last
    return top


@jit
def tree_split_highest(end, height, size, gain, may_split, wanted, split):
    """Split the highest part (ties: larger, then preorder) until there are at least `wanted` parts.

    Starts from the parts that ``split`` already splits. IN end; height float64[m]; size intp[m]; gain
    intp[m]: parts more after a split; may_split bool[m]. INOUT split bool[m]. Returns the count before the
    last split that added parts and the count at the end; equal when the start already had enough.
    """
    m = end.shape[0]
    heap = np.empty(m, np.intp)
    waiting = 0
    parts = 1
    v = 0
    while v < m:
        if split[v]:
            parts += gain[v]
            v += 1
            continue
        if may_split[v]:
            _push(heap, waiting, v, height, size)
            waiting += 1
        v = end[v]
    before = parts
    while parts < wanted and waiting > 0:
        v = _pop(heap, waiting, height, size)
        waiting -= 1
        split[v] = True
        if gain[v] > 0:
            before = parts
            parts += gain[v]
        child = v + 1
        while child < end[v]:
            if may_split[child]:
                _push(heap, waiting, child, height, size)
                waiting += 1
            child = end[child]
    return before, parts


@jit
def tree_label_cut(order, end, start, stop, own, chosen, split, singletons, labels, parts, part_labels):
    """Labels of a cut, in preorder, a split part's own items after its children; returns the number of parts.

    IN order, end, start, stop, own (tree_own_start), chosen, split, singletons (own items of split parts are
    parts). INOUT labels int32[n] and part_labels int32[m], both filled with noise. OUT parts intp[count]:
    the part of each label, -1 for an item by itself.
    """
    m, n = end.shape[0], order.shape[0]
    count = 0
    if not singletons or n == 0:
        for v in range(m):
            if chosen[v]:
                for i in range(start[v], stop[v]):
                    labels[order[i]] = count
                part_labels[v : end[v]] = count
                parts[count] = v
                count += 1
        return count
    # The chosen parts and the own items of split parts tile the order: walk it from left to right.
    starts = np.full(n, -1, np.intp)
    for v in range(m):
        if chosen[v] and stop[v] > start[v]:
            starts[start[v]] = v
    i = 0
    while i < n:
        v = starts[i]
        if v < 0:
            labels[order[i]] = count
            parts[count] = -1
            i += 1
        else:
            for k in range(start[v], stop[v]):
                labels[order[k]] = count
            part_labels[v : end[v]] = count
            parts[count] = v
            i = stop[v]
        count += 1
    return count
