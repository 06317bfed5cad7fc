"""A weighted tree as a binary one whose siblings weigh alike where they can. Called by layouts of treemaps.

A node of the binary tree stands for a node of the tree, for a chain of nodes with one child each, or for some
siblings. Binary nodes are in preorder: the first child of i is i + 1, the other one ``second[i]``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit

NEGLIGIBLE = 1e-20
"""Nodes with at most this share of the whole have no polygon: its corners would not be distinct numbers."""


class BinaryTree(NamedTuple):
    """The binary tree of a weighted tree with t nodes."""

    of: np.ndarray
    """intp[t]: the binary node that stands for a node, -1 where its share is negligible."""
    second: np.ndarray
    """intp[b]: the other child than i + 1, -1 for leaves."""
    load: np.ndarray
    """float64[b]: weights."""
    real: np.ndarray
    """bool[b]: whether a binary node stands for a node of the tree."""


def binary_tree(parent: np.ndarray, weight: np.ndarray) -> BinaryTree:
    """The binary tree of a tree whose leaves have these weights; a whole without weight is one node.

    Parameters
    ----------
    parent : intp[t]
        Preorder, -1 for the root.
    weight : float64[t]
        Of leaves, none negative.

    Returns
    -------
    tree : BinaryTree
        O(t log t) where no sibling weighs as much as all others, O(t) more for each that does.
    """
    total = treemap_totals(parent, weight)
    if total[0] <= 0.0:
        total[0] = 1.0
    return BinaryTree(*treemap_binary(parent, total))


@jit
def treemap_totals(parent, weight):
    """The weight of every node, summed up from the leaves, float64[t]. IN parent intp[t] in preorder."""
    t = parent.shape[0]
    total = weight.copy()
    for v in range(t):
        if parent[v] >= 0:
            total[parent[v]] = 0.0
    for v in range(t - 1, 0, -1):
        total[parent[v]] += total[v]
    return total


@jit
def _kept_children(parent, kept):
    """Runs of kept children in order: first intp[t + 1], children intp[kept nodes below the root]."""
    t = parent.shape[0]
    first = np.zeros(t + 1, np.intp)
    for v in range(1, t):
        if kept[v]:
            first[parent[v] + 1] += 1
    for v in range(t):
        first[v + 1] += first[v]
    cursor = first[:t].copy()
    children = np.empty(first[t], np.intp)
    for v in range(1, t):
        if kept[v]:
            children[cursor[parent[v]]] = v
            cursor[parent[v]] += 1
    return first, children


@jit
def _moved(children, source, target):
    """Move one of the siblings to another place; those between make room."""
    chosen, step = children[source], 1 if source < target else -1
    for k in range(source, target, step):
        children[k] = children[k + step]
    children[target] = chosen


@jit
def _halved(children, total, low, high):
    """Where to cut the run of siblings in two. One that weighs half of all or more stays alone, at an end.

    Otherwise the order stays, and either side has a quarter of the weight or more.
    """
    whole = 0.0
    heaviest = low
    for k in range(low, high):
        whole += total[children[k]]
        if total[children[k]] > total[children[heaviest]]:
            heaviest = k
    alone = 2.0 * total[children[heaviest]] >= whole
    before = 0.0
    for k in range(low, high - 1):
        after = before + total[children[k]]
        if alone and k == heaviest:
            first = k == low or before + after <= whole
            _moved(children, k, low if first else high - 1)
            return low + 1 if first else high - 1
        if not alone and 2.0 * after >= whole:
            return k if k > low and before + after > (1 + 1e-9) * whole else k + 1
        before = after
    return high - 1


@jit
def treemap_binary(parent, total):
    """The arrays of a `BinaryTree`.

    IN parent intp[t] in preorder, total float64[t] (treemap_totals), above 0 at the root.
    """
    t = parent.shape[0]
    kept = total > NEGLIGIBLE * total[0]
    first, children = _kept_children(parent, kept)
    of = np.full(t, -1, np.intp)
    second = np.full(2 * t, -1, np.intp)
    load = np.zeros(2 * t)
    real = np.zeros(2 * t, np.bool_)
    lows, highs, owner = np.empty(2 * t, np.intp), np.empty(2 * t, np.intp), np.empty(2 * t, np.intp)
    lows[0], highs[0], owner[0] = -1, 0, -1
    waiting, count = 1, 0
    while waiting:
        waiting -= 1
        low, high, above = lows[waiting], highs[waiting], owner[waiting]
        i = count
        count += 1
        if above >= 0:
            second[above] = i
        if low < 0 or high == low + 1:
            v = 0 if low < 0 else children[low]
            real[i] = True
            of[v] = i
            while first[v + 1] == first[v] + 1:
                v = children[first[v]]
                of[v] = i
            low, high = first[v], first[v + 1]
            if low == high:
                load[i] = total[v]
                continue
        middle = _halved(children, total, low, high)
        lows[waiting], highs[waiting], owner[waiting] = middle, high, i
        lows[waiting + 1], highs[waiting + 1], owner[waiting + 1] = low, middle, -1
        waiting += 2
    for i in range(count - 1, -1, -1):
        if second[i] >= 0:
            load[i] = load[i + 1] + load[second[i]]
    return of, second[:count].copy(), load[:count].copy(), real[:count].copy()
