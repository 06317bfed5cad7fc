"""Runs of an order of nodes, under a cap, between which the least weight of edges passes. For graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def order_sources(indptr, indices, degree):
    """An order of nodes in which every edge points onward, depth first; INOUT degree int64[n] (edges in).

    Returns order int32[n] and how many nodes it holds: fewer than n where there is a cycle.
    """
    n = degree.shape[0]
    order, stack, filled, top = np.empty(n, np.int32), np.empty(n, np.int32), 0, 0
    for v in range(n - 1, -1, -1):
        if degree[v] == 0:
            stack[top] = v
            top += 1
    while top > 0:
        top -= 1
        v = stack[top]
        order[filled] = v
        filled += 1
        for e in range(indptr[v + 1] - 1, indptr[v] - 1, -1):
            u = indices[e]
            degree[u] -= 1
            if degree[u] == 0:
                stack[top] = u
                top += 1
    return order, filled


@jit
def best_runs(start, tail, price, weight, cap, most):
    """The cheapest division of positions 0 to n - 1 into at most `most` runs, none heavier than `cap`.

    IN edges into position j from ``tail[start[j]:start[j + 1]]`` (earlier positions) with their price,
    weight float64[n], cap, most (0: any number).
    Returns begins int64[runs] and the cost: the price of edges between runs. Of equal costs the one of fewest
    runs. O(n * runs' length * degree), times `most` where it is told. Cost is inf where none fits.
    """
    n = weight.shape[0]
    layers = most if most > 0 else 1
    cost, runs = np.full((layers + 1, n + 1), np.inf), np.zeros(n + 1, np.int64)
    before = np.zeros((layers + 1, n + 1), np.int64)
    cost[:, 0] = 0.0
    for i in range(n):
        held, cut = 0.0, 0.0
        for j in range(i, n):
            held += weight[j]
            if held > cap * (1.0 + 1e-12):
                break
            for e in range(start[j], start[j + 1]):
                if tail[e] < i:
                    cut += price[e]
            for layer in range(1, layers + 1):
                source = layer - 1 if most > 0 else layer
                total = cost[source, i] + cut
                fewer = most == 0 and total == cost[layer, j + 1] and runs[i] + 1 < runs[j + 1]
                if total < cost[layer, j + 1] or fewer:
                    cost[layer, j + 1] = total
                    before[layer, j + 1] = i
                    if most == 0:
                        runs[j + 1] = runs[i] + 1
    layer = layers
    for fewer in range(layers, 0, -1):
        if cost[fewer, n] <= cost[layer, n]:
            layer = fewer
    begins, count, position = np.empty(n, np.int64), 0, n
    total = cost[layer, n]
    while position > 0 and total < np.inf:
        position = before[layer, position]
        begins[count] = position
        count += 1
        layer -= 1 if most > 0 else 0
    return begins[:count][::-1].copy(), total
