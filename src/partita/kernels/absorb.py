"""Flows from one node that the volume around it absorbs: what sets with that node must cut. Called by graphs.

For a node and a price, no set S with that node has ``cut(S) + price * volume(S)`` below the node's own volume
at that price and the value of any flow out of the node of which every other node absorbs at most its volume
at that price.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


class Absorbing(NamedTuple):
    """State of flows over the rows of a graph; all at rest between calls.

    Attributes
    ----------
    twin : int64[nnz]
        The entry back.
    flow : float64[nnz]
        0 at rest.
    taken : float64[n]
        0 at rest.
    level : int32[n]
        -1 at rest.
    seen : bool[n]
        False at rest.
    at : int64[n]
        Scratch, as are ``queue`` int32[n], ``path`` int64[n] and ``touched`` int32[n].
    """

    twin: np.ndarray
    flow: np.ndarray
    taken: np.ndarray
    level: np.ndarray
    seen: np.ndarray
    at: np.ndarray
    queue: np.ndarray
    path: np.ndarray
    touched: np.ndarray


@jit
def _levels(graph, state, degree, seed, price):
    """Steps from the seed to the nearest nodes that can absorb more: (how far, -1 if none; nodes queued)."""
    state.queue[0], state.level[seed] = seed, 0
    tail, head, far = 1, 0, -1
    while head < tail:
        v = state.queue[head]
        head += 1
        if far >= 0 and state.level[v] >= far:
            break
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            if state.level[u] < 0 and graph.weights[e] > state.flow[e]:
                state.level[u] = state.level[v] + 1
                state.queue[tail] = u
                tail += 1
                if far < 0 and state.taken[u] < price * degree[u]:
                    far = state.level[u]
    return far, tail


@jit
def _block(graph, state, degree, seed, price, far):
    """Flow along shortest paths until each is blocked. Returns its value."""
    total, depth, v = 0.0, 0, seed
    while True:
        if depth == far:
            room = price * degree[v] - state.taken[v]
            pushed = room
            for i in range(depth):
                e = state.path[i]
                pushed = min(pushed, graph.weights[e] - state.flow[e])
            back = depth - 1
            if pushed > 0.0:
                total += pushed
                state.taken[v] = price * degree[v] if pushed == room else state.taken[v] + pushed
                for i in range(depth - 1, -1, -1):
                    e = state.path[i]
                    full = pushed == graph.weights[e] - state.flow[e]
                    state.flow[e] = graph.weights[e] if full else state.flow[e] + pushed
                    state.flow[state.twin[e]] = -state.flow[e]
                    if full:
                        back = i
            for i in range(depth - 1, back - 1, -1):
                v = graph.indices[state.twin[state.path[i]]]
            depth = back
            if pushed <= 0.0 or back == far - 1:
                # An arc to where nothing more is absorbed, or that is full, is left behind.
                e = state.path[depth]
                u = graph.indices[e]
                if graph.weights[e] <= state.flow[e] or state.taken[u] >= price * degree[u]:
                    state.at[v] += 1
            continue
        while state.at[v] < graph.indptr[v + 1]:
            e = state.at[v]
            if graph.weights[e] > state.flow[e] and state.level[graph.indices[e]] == state.level[v] + 1:
                break
            state.at[v] += 1
        if state.at[v] < graph.indptr[v + 1]:
            state.path[depth] = state.at[v]
            v = graph.indices[state.at[v]]
            depth += 1
        elif depth == 0:
            return total
        else:
            depth -= 1
            v = graph.indices[state.twin[state.path[depth]]]
            state.at[v] += 1


@jit
def flow_absorbed(graph, state, degree, seed, price):
    """The largest flow from `seed` where node v absorbs ``price * degree[v]``, and the volume of its cut.

    IN graph, degree. SCRATCH state. Returns (flow, volume of the nodes that still have a way from the seed).
    """
    total, volume, count = 0.0, 0.0, 0
    while True:
        far, tail = _levels(graph, state, degree, seed, price)
        volume = 0.0
        for i in range(tail):
            v = state.queue[i]
            state.at[v] = graph.indptr[v]
            volume += degree[v]
            if not state.seen[v]:
                state.seen[v] = True
                state.touched[count] = v
                count += 1
        if far >= 0:
            total += _block(graph, state, degree, seed, price, far)
        for i in range(tail):
            state.level[state.queue[i]] = -1
        if far < 0:
            break
    for i in range(count):
        v = state.touched[i]
        state.seen[v], state.taken[v] = False, 0.0
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            state.flow[e] = 0.0
    return total, volume


@jit
def least_conductance(graph, state, degree, nodes, most, floor, steps):
    """What the conductance of any set of a volume up to `most` is at least: (bound, node, price, flow).

    For each node the price is sought, by halving, at which the cut's volume is `most`; the search ends where
    the node allows no less than the least so far. Ends with node -1 where the bound is not above `floor`.
    IN nodes int64, in the order in which they are looked at.
    """
    bound, node, best_price, best_flow = np.inf, np.int64(-1), 0.0, 0.0
    for seed in nodes:
        if degree[seed] <= 0.0 or degree[seed] > most:
            continue
        own, own_price, own_flow = -np.inf, 0.0, 0.0
        least, low, high = 0.125 * degree[seed] / most, 0.0, 1.0
        price = 4.0 * least
        for _ in range(steps):
            flow, volume = flow_absorbed(graph, state, degree, seed, price)
            value = (flow + price * degree[seed]) / most - price
            if value > own:
                own, own_price, own_flow = value, price, flow
            if own >= bound or (volume <= most and price <= least):
                break
            if volume > most:
                low = price
            else:
                high = price
            price = 0.5 * (low + high) if low > 0.0 else max(least, 0.5 * price)
        if own < bound:
            bound, node, best_price, best_flow = own, seed, own_price, own_flow
            if bound <= floor:
                return 0.0, np.int64(-1), 0.0, 0.0
    return bound, node, best_price, best_flow
