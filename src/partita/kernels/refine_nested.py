"""Moves of nodes between the leaf parts of a tree, priced and bounded at every level. Called by graphs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.refine import MANY, boundary_nodes, heap_clear, heap_drop, heap_make, heap_put


class Tree(NamedTuple):
    """Leaf parts below parts of coarser levels.

    Attributes
    ----------
    labels : int32[n]
        Leaf of each node.
    chain : int32 (leaves, levels)
        The part at each level that holds a leaf, coarse to fine; parts of all levels have one numbering.
    price : float64[levels]
        What a unit of cut costs at each level.
    load, cap : float64 (m, r)
        Resources of the parts.
    members : int64[leaves]
        Nodes of the leaves; none is ever emptied.
    """

    labels: np.ndarray
    chain: np.ndarray
    price: np.ndarray
    load: np.ndarray
    cap: np.ndarray
    members: np.ndarray


@jit
def tree_fill(weight, tree):
    """Compute `load` and `members` from the labels."""
    tree.load[:] = 0.0
    tree.members[:] = 0
    for u in range(tree.labels.shape[0]):
        leaf = tree.labels[u]
        tree.members[leaf] += 1
        for level in range(tree.chain.shape[1]):
            for r in range(weight.shape[1]):
                tree.load[tree.chain[leaf, level], r] += weight[u, r]


@jit(inline="always")
def _apart(tree, a, b):
    total = 0.0
    for level in range(tree.chain.shape[1]):
        if tree.chain[a, level] != tree.chain[b, level]:
            total += tree.price[level]
    return total


@jit(inline="always")
def _takes(weight, tree, u, own, leaf):
    for level in range(tree.chain.shape[1]):
        p = tree.chain[leaf, level]
        if p != tree.chain[own, level]:
            for r in range(weight.shape[1]):
                if weight[u, r] > 0.0 and tree.load[p, r] + weight[u, r] > tree.cap[p, r]:
                    return False
    return True


@jit
def best_leaf(graph, weight, tree, u, pull, touched):
    """The adjacent leaf that node u gains most by entering (-1: none takes it), and the gain."""
    own, count = tree.labels[u], 0
    for e in range(graph.indptr[u], graph.indptr[u + 1]):
        leaf = tree.labels[graph.indices[e]]
        if pull[leaf] == 0.0:
            touched[count] = leaf
            count += 1
        pull[leaf] += graph.weights[e]
    best, highest = -1, -np.inf
    for i in range(count):
        leaf = touched[i]
        if leaf == own or tree.members[own] < 2 or not _takes(weight, tree, u, own, leaf):
            continue
        gain = 0.0
        for j in range(count):
            other = touched[j]
            gain += pull[other] * (_apart(tree, own, other) - _apart(tree, leaf, other))
        if gain > highest:
            best, highest = leaf, gain
    for i in range(count):
        pull[touched[i]] = 0.0
    return best, highest


@jit
def _shift(weight, tree, u, leaf):
    own = tree.labels[u]
    for level in range(tree.chain.shape[1]):
        p, q = tree.chain[own, level], tree.chain[leaf, level]
        if p != q:
            for r in range(weight.shape[1]):
                tree.load[p, r] -= weight[u, r]
                tree.load[q, r] += weight[u, r]
    tree.members[own] -= 1
    tree.members[leaf] += 1
    tree.labels[u] = leaf


@jit
def _search(graph, weight, tree, patience, heap, locked, moved, source, pull, touched):
    gain, best, length, kept = 0.0, 0.0, 0, 0
    while heap.size[0] > 0 and length - kept < patience:
        u = heap.nodes[0]
        leaf, g = best_leaf(graph, weight, tree, u, pull, touched)
        if leaf < 0:
            heap_drop(heap, u)
            continue
        if g < heap.key[u]:
            heap_put(heap, u, g)
            if heap.nodes[0] != u:
                continue
        heap_drop(heap, u)
        locked[u] = True
        moved[length], source[length] = u, tree.labels[u]
        length += 1
        gain += g
        _shift(weight, tree, u, leaf)
        if gain > best + 1e-12:
            best, kept = gain, length
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            v = graph.indices[e]
            if locked[v]:
                continue
            if heap.place[v] >= 0 and graph.indptr[v + 1] - graph.indptr[v] > MANY:
                heap_put(heap, v, heap.key[v] + 2.0 * graph.weights[e] * tree.price.sum())
                continue
            leaf, g = best_leaf(graph, weight, tree, v, pull, touched)
            if leaf >= 0:
                heap_put(heap, v, g)
            else:
                heap_drop(heap, v)
    heap_clear(heap)
    for i in range(length - 1, kept - 1, -1):
        _shift(weight, tree, moved[i], source[i])
        locked[moved[i]] = False
    return best


@jit
def refine_nested(graph, weight, tree, fixed, seed, patience, n_rounds):
    """Lower the priced cut of all levels by searches from single nodes; loads stay within caps.

    IN weight float64 (n, r), fixed int32[n] (-1: free). INOUT tree. Returns by how much the price fell.
    """
    n, k = fixed.shape[0], tree.members.shape[0]
    heap, pull, touched = heap_make(n), np.zeros(k), np.empty(k, np.int32)
    moved, source = np.empty(n, np.int32), np.empty(n, np.int32)
    total = 0.0
    for step in range(n_rounds):
        locked, fall = fixed >= 0, 0.0
        for u in boundary_nodes(graph, tree.labels, fixed, seed + step):
            if locked[u]:
                continue
            leaf, g = best_leaf(graph, weight, tree, u, pull, touched)
            if leaf >= 0:
                heap_put(heap, u, g)
                fall += _search(graph, weight, tree, patience, heap, locked, moved, source, pull, touched)
        total += fall
        if fall <= 1e-12:
            break
    return total
