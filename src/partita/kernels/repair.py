"""Moves that bring parts under their caps and above their floors, at the least cost in cut. For graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.refine import (
    _may_enter,
    _may_leave,
    best_move,
    heap_drop,
    heap_make,
    heap_put,
    move_node,
)


@jit
def excess_of(parts):
    """By how much parts miss caps, floors and least counts, summed."""
    total = 0.0
    for p in range(parts.members.shape[0]):
        total += max(0, parts.least[p] - parts.members[p])
        for r in range(parts.cap.shape[1]):
            total += max(0.0, parts.load[p, r] - parts.cap[p, r])
            total += max(0.0, parts.floor[p, r] - parts.load[p, r])
    return total


@jit(inline="always")
def _burden(weight, parts, u):
    """What node u weighs in the resources that its part has too much of."""
    own, total = parts.labels[u], 0.0
    for r in range(weight.shape[1]):
        if parts.load[own, r] > parts.cap[own, r]:
            total += weight[u, r] / parts.cap[own, r] if parts.cap[own, r] > 0.0 else weight[u, r]
    return total


@jit
def _exit(graph, weight, parts, u, slack, pull, touched):
    """The part to which node u leaves most cheaply (-1: none takes it), and the gain."""
    p, gain = best_move(graph, weight, parts, u, slack, pull, touched)
    own = parts.labels[u]
    if p >= 0 or not _may_leave(weight, parts, u, own):
        return p, gain
    lightest = np.inf
    for q in range(parts.members.shape[0]):
        if q != own and _may_enter(weight, parts, u, q, slack):
            fill = 0.0
            for r in range(weight.shape[1]):
                fill = max(fill, (parts.load[q, r] + weight[u, r]) / max(parts.cap[q, r], 1e-300))
            if fill < lightest:
                p, lightest = q, fill
    gain = 0.0
    for e in range(graph.indptr[u], graph.indptr[u + 1]):
        if parts.labels[graph.indices[e]] == own:
            gain -= graph.weights[e]
    return p, gain


@jit(inline="always")
def _worth(gain, burden):
    return gain * burden if gain > 0.0 else gain / burden


@jit
def unload(graph, weight, parts, fixed):
    """Move nodes out of parts above their caps, where any part has room. INOUT parts."""
    n, k = fixed.shape[0], parts.members.shape[0]
    heap, pull, touched = heap_make(n), np.zeros(k), np.empty(k, np.int32)
    slack = np.zeros(weight.shape[1])
    for u in range(n):
        burden = _burden(weight, parts, u)
        if burden > 0.0 and fixed[u] < 0:
            p, gain = _exit(graph, weight, parts, u, slack, pull, touched)
            if p >= 0:
                heap_put(heap, u, _worth(gain, burden))
    while heap.size[0] > 0:
        u = heap.nodes[0]
        burden = _burden(weight, parts, u)
        p, gain = -1, 0.0
        if burden > 0.0:
            p, gain = _exit(graph, weight, parts, u, slack, pull, touched)
        if p < 0:
            heap_drop(heap, u)
            continue
        worth = _worth(gain, burden)
        if worth < heap.key[u]:
            heap_put(heap, u, worth)
            if heap.nodes[0] != u:
                continue
        heap_drop(heap, u)
        move_node(weight, parts, u, p)


@jit
def _pull_in(graph, weight, parts, fixed, p, slack):
    """The node whose move into part p costs least and helps it, or -1."""
    best, highest = -1, -np.inf
    short = parts.members[p] < parts.least[p]
    for u in range(fixed.shape[0]):
        own = parts.labels[u]
        if own == p or fixed[u] >= 0 or not _may_leave(weight, parts, u, own):
            continue
        helps = short
        for r in range(weight.shape[1]):
            helps = helps or (weight[u, r] > 0.0 and parts.load[p, r] < parts.floor[p, r])
        if not helps or not _may_enter(weight, parts, u, p, slack):
            continue
        gain = 0.0
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            q = parts.labels[graph.indices[e]]
            if q == p:
                gain += graph.weights[e]
            elif q == own:
                gain -= graph.weights[e]
        if gain > highest:
            best, highest = u, gain
    return best


@jit
def top_up(graph, weight, parts, fixed):
    """Fill parts below their floors or least counts from those that can spare nodes. INOUT parts."""
    slack = np.zeros(weight.shape[1])
    for p in range(parts.members.shape[0]):
        while True:
            lacks = parts.members[p] < parts.least[p]
            for r in range(weight.shape[1]):
                lacks = lacks or parts.load[p, r] < parts.floor[p, r]
            u = _pull_in(graph, weight, parts, fixed, p, slack) if lacks else -1
            if u < 0:
                break
            move_node(weight, parts, u, p)


@jit
def pack(weight, parts, fixed, order, keep):
    """Place nodes one after the other, each where it fits: first its own part, if `keep`, else the emptiest.

    IN order int32[n] (fixed nodes and the heaviest first). INOUT parts, whose labels are the wishes.
    """
    k, n_resources = parts.members.shape[0], weight.shape[1]
    slack = np.zeros(n_resources)
    parts.load[:] = 0.0
    parts.members[:] = 0
    for u in order:
        p = fixed[u] if fixed[u] >= 0 else np.int32(-1)
        if p < 0 and keep and _may_enter(weight, parts, u, parts.labels[u], slack):
            p = parts.labels[u]
        if p < 0:
            emptiest = np.inf
            for q in range(k):
                fill = 0.0
                for r in range(n_resources):
                    fill = max(fill, (parts.load[q, r] + weight[u, r]) / max(parts.cap[q, r], 1e-300))
                if parts.members[q] < parts.least[q] and fill <= 1.0:
                    fill -= 2.0
                if fill < emptiest:
                    p, emptiest = q, fill
        parts.labels[u] = p
        parts.members[p] += 1
        for r in range(n_resources):
            parts.load[p, r] += weight[u, r]
