"""First parts of a small graph: multilevel bisection, again and again. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.coarsen import cluster_nodes, hash_of, sum_weights
from partita.kernels.csr import Graph, contract
from partita.kernels.jit import jit
from partita.kernels.refine import Parts, heap_clear, heap_drop, heap_make, heap_put, parts_fill, refine

_SMALL = 100
_SHRINK = 2.5


@jit
def cut_of(graph, labels):
    """Weight of the edges between parts."""
    total = 0.0
    for u in range(labels.shape[0]):
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            if labels[graph.indices[e]] != labels[u]:
                total += graph.weights[e]
    return 0.5 * total


@jit
def subgraph(graph, weight, nodes, place):
    """The graph within some nodes, and their resources. `place` int32[n] is scratch."""
    n, entries = nodes.shape[0], 0
    for i in range(n):
        place[nodes[i]] = i
        entries += graph.indptr[nodes[i] + 1] - graph.indptr[nodes[i]]
    indptr = np.zeros(n + 1, np.int64)
    indices, weights = np.empty(entries, np.int32), np.empty(entries)
    filled = 0
    for i in range(n):
        for e in range(graph.indptr[nodes[i]], graph.indptr[nodes[i] + 1]):
            j = place[graph.indices[e]]
            if j >= 0:
                indices[filled] = j
                weights[filled] = graph.weights[e]
                filled += 1
        indptr[i + 1] = filled
    inner = np.empty((n, weight.shape[1]))
    for i in range(n):
        inner[i] = weight[nodes[i]]
        place[nodes[i]] = -1
    return Graph(indptr, indices[:filled], weights[:filled], np.zeros(n), np.ones(n)), inner


@jit
def _overload(parts):
    total = 0.0
    for p in range(parts.load.shape[0]):
        total += max(0, parts.least[p] - parts.members[p])
        for r in range(parts.load.shape[1]):
            total += max(0.0, parts.load[p, r] - parts.cap[p, r])
    return total


@jit
def _side_is_full(parts, goal):
    for r in range(goal.shape[0]):  # noqa: SIM110 (numba)
        if parts.load[0, r] > goal[r]:
            return False
    return True


@jit
def _grow(graph, weight, parts, fixed, goal, start, heap):
    """Side 1 grows from one node by the best gain, until side 0 holds no more than its goal."""
    n = fixed.shape[0]
    for u in range(n):
        parts.labels[u] = max(0, fixed[u])
    parts_fill(weight, parts)
    for u in range(n):
        if fixed[u] == 1:
            for e in range(graph.indptr[u], graph.indptr[u + 1]):
                v = graph.indices[e]
                if fixed[v] < 0:
                    heap_put(heap, v, (heap.key[v] if heap.place[v] >= 0 else 0.0) + graph.weights[e])
    step = 0
    while step < n and parts.members[0] > parts.least[0]:
        if _side_is_full(parts, goal) and parts.members[1] >= parts.least[1]:
            break
        if heap.size[0] > 0:
            u = heap.nodes[0]
            heap_drop(heap, u)
        else:
            u = (start + step) % n
            step += 1
            if parts.labels[u] == 1 or fixed[u] >= 0:
                continue
        fits = True
        for r in range(weight.shape[1]):
            fits = fits and parts.load[1, r] + weight[u, r] <= parts.cap[1, r]
        if not fits:
            continue
        parts.labels[u] = 1
        parts.members[0] -= 1
        parts.members[1] += 1
        for r in range(weight.shape[1]):
            parts.load[0, r] -= weight[u, r]
            parts.load[1, r] += weight[u, r]
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            v = graph.indices[e]
            if parts.labels[v] == 0 and fixed[v] < 0:
                degree = 0.0
                if heap.place[v] < 0:
                    for f in range(graph.indptr[v], graph.indptr[v + 1]):
                        degree += graph.weights[f]
                    heap_put(heap, v, 2.0 * graph.weights[e] - degree)
                else:
                    heap_put(heap, v, heap.key[v] + 2.0 * graph.weights[e])
    heap_clear(heap)


@jit
def _heaviest(weight):
    most = np.zeros(weight.shape[1])
    for u in range(weight.shape[0]):
        for r in range(weight.shape[1]):
            most[r] = max(most[r], weight[u, r])
    return most


@jit
def _parts_for(labels, cap, least):
    k = cap.shape[0]
    return Parts(labels, np.zeros_like(cap), np.zeros(k, np.int64), cap, np.zeros_like(cap), least)


@jit
def _bisect_small(graph, weight, cap, least, fixed, goal, seed, n_tries, n_rounds):
    """The best of several grown and refined bisections, int32[n]."""
    n = fixed.shape[0]
    heap, slack = heap_make(n), _heaviest(weight)
    parts = _parts_for(np.zeros(n, np.int32), cap, least)
    best = np.zeros(n, np.int32)
    lowest, least_over = np.inf, np.inf
    for t in range(n_tries):
        start = np.int64(hash_of(t, seed) % np.uint64(n))
        _grow(graph, weight, parts, fixed, goal, start, heap)
        refine(graph, weight, parts, fixed, slack, seed + t, n, n, n_rounds, 1e9)
        over, cut = _overload(parts), cut_of(graph, parts.labels)
        if over < least_over - 1e-9 or (over <= least_over + 1e-9 and cut < lowest):
            lowest, least_over = cut, over
            best[:] = parts.labels
    return best


@jit
def bisect(graph, weight, cap, least, fixed, goal, seed, n_tries, n_rounds):
    """Two sides of a graph under caps, by multilevel bisection. Returns int32[n].

    IN cap float64 (2, r), least int64[2], fixed int32[n] (0, 1 or -1: free), goal float64[r] (of side 0).
    """
    graphs, weights, pins = [graph], [weight], [fixed]
    maps = [fixed]
    limit = weight.sum(axis=0) * (2.0 / _SMALL)
    while len(pins[-1]) > _SMALL:
        n = len(pins[-1])
        label, count = cluster_nodes(graphs[-1], weights[-1], limit, pins[-1], seed + n, _SHRINK, 1, 1.0)
        if count > 0.9 * n or count < least[0] + least[1]:
            break
        pin = np.empty(count, np.int32)
        for u in range(n):
            pin[label[u]] = pins[-1][u]
        graphs.append(contract(graphs[-1], label, count))
        weights.append(sum_weights(weights[-1], label, count))
        pins.append(pin)
        maps.append(label)
    labels = _bisect_small(graphs[-1], weights[-1], cap, least, pins[-1], goal, seed, n_tries, n_rounds)
    for level in range(len(graphs) - 2, -1, -1):
        coarse, label = labels, maps[level + 1]
        labels = np.empty(len(label), np.int32)
        for u in range(len(label)):
            labels[u] = coarse[label[u]]
        parts = _parts_for(labels, cap, least)
        parts_fill(weights[level], parts)
        slack = _heaviest(weights[level])
        refine(
            graphs[level], weights[level], parts, pins[level], slack, seed, len(labels), 100, n_rounds, 1e9
        )
    return labels


@jit
def _side_caps(cap, load, first, middle, last):
    """Caps of the two sides of parts first to last - 1, and the goal of side 0; later cuts keep room."""
    n_resources = cap.shape[1]
    sides, goal = np.zeros((2, n_resources)), np.zeros(n_resources)
    depth = np.ceil(np.log2(last - first))
    for r in range(n_resources):
        low, high = cap[first:middle, r].sum(), cap[middle:last, r].sum()
        if not (load[r] > 0.0 and low + high > 0.0 and low + high < np.inf):
            sides[:, r], goal[r] = np.inf, np.inf if load[r] <= 0.0 else load[r] / 2.0
            continue
        room = max(1.0, (low + high) / load[r]) ** (1.0 / depth)
        goal[r] = load[r] * low / (low + high)
        sides[0, r] = min(goal[r] * room, low)
        sides[1, r] = min((load[r] - goal[r]) * room, high)
    return sides, goal


@jit
def partition_recursive(graph, weight, cap, least, fixed, seed, n_tries, n_rounds):
    """Parts by repeated bisection. Returns labels int32[n].

    IN cap float64 (k, r), least int64[k], fixed int32[n]. Caps are aimed at, not guaranteed.
    """
    n, k = fixed.shape[0], cap.shape[0]
    labels, place = np.zeros(n, np.int32), np.full(n, -1, np.int32)
    end = np.full(k, k, np.int64)
    firsts = [0]
    done = 0
    while done < len(firsts):
        first = firsts[done]
        done += 1
        last = end[first]
        if last - first < 2:
            continue
        middle = first + (last - first + 1) // 2
        nodes = np.flatnonzero(labels == first).astype(np.int32)
        inner, amounts = subgraph(graph, weight, nodes, place)
        sides, goal = _side_caps(cap, amounts.sum(axis=0), first, middle, last)
        fewest = np.array([least[first:middle].sum(), least[middle:last].sum()])
        pins = np.full(len(nodes), -1, np.int32)
        for i in range(len(nodes)):
            if fixed[nodes[i]] >= 0:
                pins[i] = 1 if fixed[nodes[i]] >= middle else 0
        if len(nodes) > 0:
            side = bisect(inner, amounts, sides, fewest, pins, goal, seed + first, n_tries, n_rounds)
            for i in range(len(nodes)):
                labels[nodes[i]] = middle if side[i] == 1 else first
        end[first], end[middle] = middle, last
        firsts.append(first)
        firsts.append(middle)
    return labels
