"""Moves of nodes between communities, for every objective of one form. Called by graphs.

The objective of a partition is the sum over its communities C of W(C, C) - S(C)' M S(C): the weight within,
each undirected edge twice, less a form of the summed vectors of the nodes. A node v gains
W(v, C) - pull(v)' S(C) by joining C, where pull(v) = M s(v), up to a factor of two. Phases as in V. A. Traag,
L. Waltman, N. J. van Eck, "From Louvain to Leiden", Scientific Reports 9 (2019),
doi:10.1038/s41598-019-41695-z, arXiv:1810.08473, without chance: a node takes what gains most, and ties fall
to the neighbour that stands first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


class Limits(NamedTuple):
    """What a community may hold.

    Attributes
    ----------
    least, most : float
        Bounds of its node weight. A node does not leave behind less than `least`.
    anchor : int32[n]
        Nodes of different anchors are kept apart; -1 is none. A community never holds two nodes with one.
    apart_indptr : int64[n + 1]
    apart : int32[nnz]
        For each node, those that may not share its community, as rows.
    """

    least: float
    most: float
    anchor: np.ndarray
    apart_indptr: np.ndarray
    apart: np.ndarray


@jit
def part_sums(values, labels, n_parts):
    """Sums of rows by part, in the order of nodes. IN values float64[n, r], labels int32[n]."""
    out = np.zeros((n_parts, values.shape[1]))
    for v in range(labels.shape[0]):
        for t in range(values.shape[1]):
            out[labels[v], t] += values[v, t]
    return out


@jit
def _dot(a, i, b, j):
    total = 0.0
    for t in range(a.shape[1]):
        total += a[i, t] * b[j, t]
    return total


@jit
def _gather(graph, v, comm, acc, touched):
    """Weight from v to each community next to it. OUT acc, touched. Returns how many were touched."""
    count = 0
    for e in range(graph.indptr[v], graph.indptr[v + 1]):
        c = comm[graph.indices[e]]
        if acc[c] == 0.0:
            touched[count] = c
            count += 1
        acc[c] += graph.weights[e]
    return count


@jit
def _admits(v, c, comm, size, holder, weight, limits):
    """Whether community c may take node v."""
    if size[c] + weight > limits.most or (limits.anchor[v] >= 0 and holder[c] >= 0):
        return False
    met = False
    for e in range(limits.apart_indptr[v], limits.apart_indptr[v + 1]):
        met |= comm[limits.apart[e]] == c
    return not met


@jit
def moves_run(graph, vectors, pull, limits, order, tol, comm):
    """Move nodes while a move gains more than `tol`; neighbours of a node that moved are looked at again.

    IN vectors, pull float64[n, r], order int32[n] (in which nodes are looked at first). INOUT comm int32[n],
    below n. Returns the number of moves.
    """
    n = order.shape[0]
    sums, size = part_sums(vectors, comm, n), np.zeros(n)
    count, holder = np.zeros(n, np.int32), np.full(n, -1, np.int32)
    for v in range(n):
        size[comm[v]] += graph.node_weight[v]
        count[comm[v]] += 1
        if limits.anchor[v] >= 0:
            holder[comm[v]] = limits.anchor[v]
    empty, n_empty = np.empty(n, np.int32), 0
    for c in range(n - 1, -1, -1):
        if count[c] == 0:
            empty[n_empty] = c
            n_empty += 1
    queue, queued, head, waiting = order.copy(), np.ones(n, np.bool_), 0, n
    acc, touched, moves = np.zeros(n), np.empty(n, np.int32), 0
    while waiting > 0:
        v = queue[head]
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        queued[v] = False
        own, weight = comm[v], graph.node_weight[v]
        rest = size[own] - weight
        if count[own] > 1 and rest < limits.least:
            continue
        n_touched = _gather(graph, v, comm, acc, touched)
        best, most = own, acc[own] - _dot(pull, v, sums, own) + _dot(pull, v, vectors, v) + tol
        if most < 0.0 and count[own] > 1 and weight >= limits.least:
            best, most = empty[n_empty - 1], 0.0
        for i in range(n_touched):
            c = touched[i]
            gain = acc[c] - _dot(pull, v, sums, c)
            wanted = acc[c] > 0.0 and gain > most and c != own
            if wanted and _admits(v, c, comm, size, holder, weight, limits):
                best, most = c, gain
            acc[c] = 0.0
        if best == own:
            continue
        moves += 1
        if count[best] == 0:
            n_empty -= 1
        for t in range(vectors.shape[1]):
            sums[own, t] -= vectors[v, t]
            sums[best, t] += vectors[v, t]
        size[own] -= weight
        size[best] += weight
        count[own] -= 1
        count[best] += 1
        if limits.anchor[v] >= 0:
            holder[own], holder[best] = -1, limits.anchor[v]
        comm[v] = best
        if count[own] == 0:
            empty[n_empty] = own
            n_empty += 1
            for t in range(vectors.shape[1]):
                sums[own, t] = 0.0
            size[own] = 0.0
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            if not queued[u] and comm[u] != best:
                queued[u] = True
                tail = head + waiting
                queue[tail if tail < n else tail - n] = u
                waiting += 1
    return moves


@jit
def moves_refine(graph, vectors, pull, order, tol, part):
    """Pieces of the parts, grown from single nodes by merges that gain: each is connected.

    Only a node that is still alone merges, only where both it and the piece are well connected to their part,
    and by most gain. IN as for `moves_run`, part int32[n]. Returns piece int32[n], below n.
    """
    n = order.shape[0]
    piece, alone = np.arange(n).astype(np.int32), np.ones(n, np.bool_)
    sums, pulls, whole = vectors.copy(), pull.copy(), part_sums(vectors, part, n)
    out = np.zeros(n)
    for v in range(n):
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            if part[graph.indices[e]] == part[v]:
                out[v] += graph.weights[e]
    acc, touched = np.zeros(n), np.empty(n, np.int32)
    for v in order:
        mine = part[v]
        if not alone[v] or out[v] < _dot(pull, v, whole, mine) - _dot(pull, v, vectors, v) - tol:
            continue
        count = 0
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            if part[u] == mine:
                c = piece[u]
                if acc[c] == 0.0:
                    touched[count] = c
                    count += 1
                acc[c] += graph.weights[e]
        best, most, between = -1, tol, 0.0
        for i in range(count):
            c = touched[i]
            gain = acc[c] - _dot(pull, v, sums, c)
            held = out[c] >= _dot(pulls, c, whole, mine) - _dot(pulls, c, sums, c) - tol
            if acc[c] > 0.0 and gain > most and held:
                best, most, between = c, gain, acc[c]
            acc[c] = 0.0
        if best < 0:
            continue
        piece[v] = best
        alone[v] = alone[best] = False
        out[best] += out[v] - 2.0 * between
        for t in range(vectors.shape[1]):
            sums[best, t] += vectors[v, t]
            pulls[best, t] += pull[v, t]
    return piece


@jit
def moves_value(graph, vectors, pull, labels, n_parts):
    """The objective of a partition, from its definition. IN labels int32[n] below n_parts."""
    total, sums, pulls = 0.0, part_sums(vectors, labels, n_parts), part_sums(pull, labels, n_parts)
    for v in range(labels.shape[0]):
        total += graph.loops[v]
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            if labels[graph.indices[e]] == labels[v]:
                total += graph.weights[e]
    for c in range(n_parts):
        total -= _dot(pulls, c, sums, c)
    return total
