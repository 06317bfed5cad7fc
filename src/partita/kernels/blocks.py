"""Single nodes moved between blocks where that makes the edges likelier. Called by graphs.

B. Karrer, M. E. J. Newman, Stochastic blockmodels and community structure in networks, Phys. Rev. E 83
(2011), doi:10.1103/PhysRevE.83.016107.
"""

from __future__ import annotations

import math

import numpy as np

from partita.kernels.jit import jit


@jit
def _x(e):
    return e * math.log(e) if e > 0.0 else 0.0


@jit
def blocks_count(graph, labels, between, degree, size):
    """OUT between float64[k, k]: weight between blocks (twice within), degree, size float64[k]. IN labels."""
    between[:] = 0.0
    degree[:] = 0.0
    size[:] = 0
    for v in range(labels.shape[0]):
        r = labels[v]
        size[r] += 1
        between[r, r] += graph.loops[v]
        degree[r] += graph.loops[v]
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            between[r, labels[graph.indices[e]]] += graph.weights[e]
            degree[r] += graph.weights[e]


@jit
def _leave_gain(r, total, loop, to, touched, count, between, degree):
    """Growth of the likelihood terms of block r when a node leaves it, except those of its new block."""
    gain = -2.0 * (_x(degree[r] - total) - _x(degree[r]))
    gain += _x(between[r, r] - 2.0 * to[r] - loop) - _x(between[r, r])
    for i in range(count):
        t = touched[i]
        if t != r:
            gain += 2.0 * (_x(between[r, t] - to[t]) - _x(between[r, t]))
    return gain


@jit
def _enter_gain(r, s, total, loop, to, touched, count, between, degree):
    """Growth of the terms of block s when a node of block r enters it, and of those between the two."""
    gain = -2.0 * (_x(degree[s] + total) - _x(degree[s]))
    gain += _x(between[s, s] + 2.0 * to[s] + loop) - _x(between[s, s])
    shared = between[r, s]
    gain += 2.0 * (_x(shared + to[r] - to[s]) - _x(shared - to[s]))
    for i in range(count):
        t = touched[i]
        if t not in (r, s):
            gain += 2.0 * (_x(between[s, t] + to[t]) - _x(between[s, t]))
    return gain


@jit
def _node_move(r, s, total, loop, to, touched, count, between, degree):
    """INOUT between, degree: a node goes from block r to block s."""
    degree[r] -= total
    degree[s] += total
    for i in range(count):
        t = touched[i]
        between[r, t] -= to[t]
        between[t, r] -= to[t]
        between[s, t] += to[t]
        between[t, s] += to[t]
    between[r, r] -= loop
    between[s, s] += loop


@jit
def blocks_improve(graph, labels, n_blocks, most_sweeps):
    """Move each node to the block of a neighbour that makes the edges likeliest, until none moves.

    The likelihood is that of the degree-corrected block model; no block is emptied. INOUT labels int32[n].
    Returns the number of moves. O(n_blocks^2) memory.
    """
    n = labels.shape[0]
    between = np.empty((n_blocks, n_blocks))
    degree, size = np.empty(n_blocks), np.empty(n_blocks, np.int64)
    blocks_count(graph, labels, between, degree, size)
    to, touched = np.zeros(n_blocks), np.empty(n_blocks, np.int64)
    moves = 0
    for _ in range(most_sweeps):
        moved = 0
        for v in range(n):
            r = np.int64(labels[v])
            if size[r] == 1:
                continue
            count, total = 0, graph.loops[v]
            for e in range(graph.indptr[v], graph.indptr[v + 1]):
                t = labels[graph.indices[e]]
                if to[t] == 0.0:
                    touched[count] = t
                    count += 1
                to[t] += graph.weights[e]
                total += graph.weights[e]
            out = _leave_gain(r, total, graph.loops[v], to, touched, count, between, degree)
            best, most = r, 1e-9 * max(1.0, total)
            for i in range(count):
                s = touched[i]
                if s != r:
                    gain = out + _enter_gain(r, s, total, graph.loops[v], to, touched, count, between, degree)
                    if gain > most or (gain == most and s < best):
                        best, most = s, gain
            if best != r:
                _node_move(r, best, total, graph.loops[v], to, touched, count, between, degree)
                labels[v] = best
                size[r] -= 1
                size[best] += 1
                moved += 1
            for i in range(count):
                to[touched[i]] = 0.0
        moves += moved
        if moved == 0:
            break
    return moves
