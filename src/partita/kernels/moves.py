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

_at = np.uintp  # an index that can't be negative, and so is not looked at twice


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
def _gather(graph, v, comm, state, touched):
    """Weight from v to each community next to it. OUT state[:, 0], touched. Returns how many were touched."""
    count = _at(0)
    for e in range(_at(graph.indptr[v]), _at(graph.indptr[v + _at(1)])):
        c = comm[_at(graph.indices[e])]
        before = state[_at(c), 0]
        touched[count] = c  # written over unless it is new: no branch to guess
        count += _at(before == 0.0)
        state[_at(c), 0] = before + graph.weights[e]
    return count


@jit
def _free(count):
    """The empty communities, the lowest last, and how many there are."""
    empty, n_empty = np.empty(count.shape[0], np.int32), 0
    for c in range(count.shape[0] - 1, -1, -1):
        if count[c] == 0:
            empty[n_empty] = c
            n_empty += 1
    return empty, n_empty


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
def moves_border(graph, comm, order):
    """The nodes of `order`, in order, that have a neighbour in another community, int32[m]."""
    found, count = np.empty(order.shape[0], np.int32), 0
    for i in range(order.shape[0]):
        v = _at(order[i])
        for e in range(_at(graph.indptr[v]), _at(graph.indptr[v + _at(1)])):
            if comm[_at(graph.indices[e])] != comm[v]:
                found[count] = v
                count += 1
                break
    return found[:count]


@jit
def _sizes(graph, limits, comm):
    """Weight of each community, and the anchor that it holds, -1 for none."""
    size, holder = np.zeros(comm.shape[0]), np.full(comm.shape[0], -1, np.int32)
    for v in range(comm.shape[0]):
        size[comm[v]] += graph.node_weight[v]
        if limits.anchor[v] >= 0:
            holder[comm[v]] = limits.anchor[v]
    return size, holder


@jit
def moves_run(graph, vectors, pull, limits, order, tol, comm):
    """Move nodes while a move gains more than `tol`; neighbours of a node that moved are looked at again.

    IN vectors, pull float64[n, r], order int32[m] (nodes to look at first, each once). INOUT comm int32[n],
    below n. Returns what the objective gained.
    """
    n, r = vectors.shape
    state, count = np.zeros((n, 1 + r)), np.zeros(n, np.int32)  # weight from a node and sums, side by side
    for u in range(n):
        for t in range(r):
            state[comm[u], 1 + t] += vectors[u, t]
        count[comm[u]] += 1
    size, holder = _sizes(graph, limits, comm)
    limited = limits.least > 0.0 or limits.most < np.inf or limits.apart.shape[0] > 0
    limited = limited or (limits.anchor >= 0).any()
    empty, n_empty = _free(count)
    queue, queued = np.empty(n, np.int32), np.zeros(n, np.bool_)
    head, waiting = 0, order.shape[0]
    queue[:waiting] = order
    for u in order:
        queued[u] = True
    touched, gained = np.empty(n + 1, np.int32), 0.0
    while waiting > 0:
        v = _at(queue[_at(head)])
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        queued[v] = False
        own, weight = _at(comm[v]), graph.node_weight[v]
        if limited and count[own] > 1 and size[own] - weight < limits.least:
            continue
        n_touched = _gather(graph, v, comm, state, touched)
        first = pull[v, 0]  # most objectives have no other
        held = state[own, 0] - first * (state[own, 1] - vectors[v, 0])
        for t in range(1, r):
            held -= pull[v, t] * (state[own, 1 + t] - vectors[v, t])
        state[own, 0] = 0.0
        best, most = own, held + tol
        if most < 0.0 and count[own] > 1 and weight >= limits.least:
            best, most = _at(empty[n_empty - 1]), 0.0
        for i in range(n_touched):
            c = _at(touched[i])
            linked = state[c, 0]
            gain, state[c, 0] = linked - first * state[c, 1], 0.0
            for t in range(1, r):
                gain -= pull[v, t] * state[c, 1 + t]
            wanted = gain > most and linked > 0.0
            if wanted and (not limited or _admits(v, c, comm, size, holder, weight, limits)):
                best, most = c, gain
        if best == own:
            continue
        gained += most - held
        n_empty -= count[best] == 0
        for t in range(r):
            state[own, 1 + t] -= vectors[v, t]
            state[best, 1 + t] += vectors[v, t]
        count[own] -= 1
        count[best] += 1
        comm[v] = best
        if limited:
            size[own] -= weight
            size[best] += weight
            if limits.anchor[v] >= 0:
                holder[own], holder[best] = -1, limits.anchor[v]
        if count[own] == 0:
            empty[n_empty] = own
            n_empty += 1
            size[own] = 0.0
            for t in range(r):
                state[own, 1 + t] = 0.0
        for e in range(_at(graph.indptr[v]), _at(graph.indptr[v + _at(1)])):
            u = graph.indices[e]
            if not queued[_at(u)] and _at(comm[_at(u)]) != best:
                queued[_at(u)] = True
                tail = head + waiting
                queue[_at(tail if tail < n else tail - n)] = u
                waiting += 1
    return 2.0 * gained


@jit
def _weight_within(graph, part):
    """Weight from each node to the rest of its part, float64[n]."""
    out = np.zeros(part.shape[0])
    for i in range(part.shape[0]):
        v, total = _at(i), 0.0
        for e in range(_at(graph.indptr[v]), _at(graph.indptr[v + _at(1)])):
            total += graph.weights[e] if part[_at(graph.indices[e])] == part[v] else 0.0
        out[v] = total
    return out


@jit
def _gather_within(graph, v, part, piece, state, touched):
    """As `_gather`, for pieces of the part of `v` alone."""
    count, mine = _at(0), part[v]
    for e in range(_at(graph.indptr[v]), _at(graph.indptr[v + _at(1)])):
        u = _at(graph.indices[e])
        if part[u] == mine:
            c = piece[u]
            before = state[_at(c), 0]
            touched[count] = c
            count += _at(before == 0.0)
            state[_at(c), 0] = before + graph.weights[e]
    return count


@jit
def moves_refine(graph, vectors, pull, order, tol, part):
    """Pieces of the parts, grown from single nodes by merges that gain: each is connected.

    Only a node that is still alone merges, only where both it and the piece are well connected to their part,
    and by most gain. IN as for `moves_run`, order int32[n], part int32[n]. Returns piece int32[n], below n.
    """
    n, r = vectors.shape
    piece, alone = np.arange(n).astype(np.int32), np.ones(n, np.bool_)
    whole, out = part_sums(vectors, part, n), _weight_within(graph, part)
    state, pulls = np.zeros((n, 1 + r)), pull.copy()
    state[:, 1:] = vectors
    touched = np.empty(n + 1, np.int32)
    for i in range(n):
        v = _at(order[i])
        if not alone[v]:
            continue
        mine, needed = _at(part[v]), -tol
        for t in range(r):
            needed += pull[v, t] * (whole[mine, t] - vectors[v, t])
        if out[v] < needed:
            continue
        best, most, between, first = v, tol, 0.0, pull[v, 0]
        for j in range(_gather_within(graph, v, part, piece, state, touched)):
            c = _at(touched[j])
            weight, state[c, 0] = state[c, 0], 0.0
            gain, needed = weight - first * state[c, 1], pulls[c, 0] * (whole[mine, 0] - state[c, 1]) - tol
            for t in range(1, r):
                gain -= pull[v, t] * state[c, 1 + t]
                needed += pulls[c, t] * (whole[mine, t] - state[c, 1 + t])
            if weight > 0.0 and gain > most and out[c] >= needed:
                best, most, between = c, gain, weight
        if best == v:
            continue
        piece[v] = best
        alone[v] = alone[best] = False
        out[best] += out[v] - 2.0 * between
        for t in range(r):
            state[best, 1 + t] += vectors[v, t]
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
