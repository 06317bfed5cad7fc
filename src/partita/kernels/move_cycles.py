"""Moves at every level of aggregation, up and down again. Called by graphs.

Up: moves, refinement, contraction, as V. A. Traag, L. Waltman, N. J. van Eck (2019),
doi:10.1038/s41598-019-41695-z. Down: at every level that was left, nodes at borders move again, as R. Rotta,
A. Noack, "Multilevel local search algorithms for modularity clustering" (2011), doi:10.1145/1963190.1970376.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.coarsen import shuffled
from partita.kernels.csr import compact, contract_unsorted, part_members
from partita.kernels.jit import jit
from partita.kernels.moves import Limits, moves_border, moves_refine, moves_run, part_sums

_MOST_LEVELS = 64  # all levels are in memory at once
_SEEDS = 1000  # orders that one start may use


@jit
def limits_contracted(limits, labels, n_parts):
    """The limits of whole parts. IN labels int32[n] below n_parts."""
    anchor = np.full(n_parts, -1, np.int32)
    for v in range(labels.shape[0]):
        if limits.anchor[v] >= 0:
            anchor[labels[v]] = limits.anchor[v]
    indptr = np.zeros(n_parts + 1, np.int64)
    apart = np.empty(limits.apart.shape[0], np.int32)
    if apart.shape[0] > 0:
        start, nodes = part_members(labels, n_parts)
        filled = 0
        for c in range(n_parts):
            for i in range(start[c], start[c + 1]):
                for e in range(limits.apart_indptr[nodes[i]], limits.apart_indptr[nodes[i] + 1]):
                    apart[filled] = labels[limits.apart[e]]
                    filled += 1
            indptr[c + 1] = filled
    return Limits(limits.least, limits.most, anchor, indptr, apart)


@jit
def _cycle(graph, vectors, pull, limits, order, first, seed, tol, comm):
    """Moves of nodes, of pieces of communities, of pieces of these, and of each again in turn back.

    IN order int32[n], in which nodes become pieces; first int32[m], the nodes that move first.
    INOUT comm int32[n]. Returns what the objective gained.
    """
    gained = moves_run(graph, vectors, pull, limits, first, tol, comm)
    levels = [(graph, vectors, pull, limits, order, comm)]
    labels, pieces = comm.copy(), [comm]
    while len(levels) < _MOST_LEVELS:
        n = labels.shape[0]
        labels, n_parts = compact(labels, n)
        if n_parts == n:
            break
        piece, n_pieces = compact(moves_refine(graph, vectors, pull, order, tol, labels), n)
        if n_pieces == n:
            piece, n_pieces = labels, n_parts
        upper = np.empty(n_pieces, np.int32)
        for v in range(n):
            upper[piece[v]] = labels[v]
        limits = limits_contracted(limits, piece, n_pieces)
        graph = contract_unsorted(graph, piece, n_pieces)
        vectors, pull = part_sums(vectors, piece, n_pieces), part_sums(pull, piece, n_pieces)
        order, labels = _order(n_pieces, seed), upper
        gained += moves_run(graph, vectors, pull, limits, order, tol, labels)
        levels.append((graph, vectors, pull, limits, order, labels))
        pieces.append(piece)
    for level in range(len(levels) - 1, 0, -1):
        upper, piece = levels[level][5], pieces[level]
        graph, vectors, pull, limits, order, labels = levels[level - 1]
        for v in range(labels.shape[0]):
            labels[v] = upper[piece[v]]
        border = moves_border(graph, labels, order)
        gained += moves_run(graph, vectors, pull, limits, border, tol, labels)
    return gained


@jit
def _order(n, seed):
    return np.arange(n).astype(np.int32) if seed == 0 else shuffled(n, seed)


@jit
def cycles(graph, vectors, pull, limits, start, most, tol, little, warm, comm):
    """Cycles until one gains no more than `little`, `most` of them at most. INOUT comm int32[n].

    IN start: starts of different numbers look at nodes in other orders, 0 first as they are numbered. warm:
    at first only nodes at borders move.
    """
    for turn in range(most):
        order = _order(comm.shape[0], start * _SEEDS + turn)
        first = order[:0] if turn > 0 else moves_border(graph, comm, order) if warm else order
        gained = _cycle(graph, vectors, pull, limits, order, first, start * _SEEDS + turn, tol, comm)
        if gained <= little:
            break


@jit
def common_parts(first, n_first, second, n_second):
    """What two partitions keep together. IN int32[n] below n_first and n_second.

    Returns labels int32[n] and how many there are.
    """
    start, nodes = part_members(first, n_first)
    number, owner = np.empty(n_second, np.int32), np.full(n_second, -1, np.int32)
    out, count = np.empty(first.shape[0], np.int32), 0
    for c in range(n_first):
        for i in range(start[c], start[c + 1]):
            d = second[nodes[i]]
            if owner[d] != c:
                owner[d], number[d] = c, count
                count += 1
            out[nodes[i]] = number[d]
    return out, count
